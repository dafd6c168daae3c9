"""The Django project: settings, addresses and the processes that run them."""

from emotionsite.celery import app as celery_app

__all__ = ["celery_app"]
