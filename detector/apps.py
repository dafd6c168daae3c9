"""Configuration of the Django application."""

from django.apps import AppConfig
from django.contrib.admin import apps as administration


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

        forks.guard()


class AdministrationConfig(administration.AdminConfig):
    """Django's administration with a site of our own."""

    default_site = "detector.admin_site.AdministrationSite"
    default = False
