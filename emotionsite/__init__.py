"""The Django project: settings, URLs, the web server and the processes of the platform."""

from emotionsite.celery import app as celery_app

__all__ = ["celery_app"]
