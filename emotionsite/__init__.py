"""The Django project: settings, URLs, the web server and the processes of the platform."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emotionsite.settings")
