"""Configuration of the Django application."""

from typing import Any

import django_stubs_ext
from django.apps import AppConfig
from django.contrib.admin import apps as administration
from django.contrib.admin import autodiscover
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core.checks import CheckMessage, Tags, register

# Allows generic Django classes such as `ModelForm[User]` at run time.
django_stubs_ext.monkeypatch()


class DetectorConfig(AppConfig):
    """Photos, their analyses, and the people who own them."""

    name = "detector"
    verbose_name = "Photos and people"

    def ready(self) -> None:
        """Register the system checks, connect the signal handlers and guard against forks."""
        from detector import checks  # noqa: F401
        from detector.common import forks
        from detector.photos import erasure  # noqa: F401
        from detector.videos import erasure as video_erasure  # noqa: F401

        # The application that sends tasks and runs them.
        from emotionsite import celery  # noqa: F401

        forks.guard()


class AdministrationConfig(administration.SimpleAdminConfig):
    """Django's administration with a site of our own, whose pages load with the URLs.

    Django loads them in every process. Workers have no use for them.
    """

    default_site = "detector.admin_site.AdministrationSite"
    default = False

    def ready(self) -> None:
        """Register Django's checks of the administration."""
        register(check_dependencies, Tags.admin)
        register(_check_pages, Tags.admin)


def _check_pages(app_configs: Any, **_: Any) -> list[CheckMessage]:
    autodiscover()
    return list(check_admin_app(app_configs))
