"""The application's configuration."""

from django.apps import AppConfig


class DetectorConfig(AppConfig):
    """Photos, their analyses, and the people who own them."""

    name = "detector"

    def ready(self) -> None:
        """Register the system checks and what follows a deletion."""
        from detector import checks  # noqa: F401
        from detector.services import erasure  # noqa: F401
