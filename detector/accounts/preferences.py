"""Preferences and consent of users."""

from django.db import transaction

from detector import consent
from detector.common import clock
from detector.insights import rollups
from detector.models import User


@transaction.atomic
def set_time_zone(user: User, time_zone: str) -> None:
    """Change a user's time zone and recount the rollups, whose days depend on it."""
    if not User.objects.filter(pk=user.pk).exclude(time_zone=time_zone).update(time_zone=time_zone):
        return
    user.time_zone = time_zone
    rollups.rebuild(user)


@transaction.atomic
def set_preferences(user: User, *, time_zone: str, theme: str, date_language: str) -> None:
    """Store time zone, theme and language of dates of a user."""
    user.theme, user.date_language = theme, date_language
    user.save(update_fields=["theme", "date_language"])
    set_time_zone(user, time_zone)


def set_retention(user: User, days: int | None, *, forget_pictures: bool) -> None:
    """Store how long photos, videos and live sessions are kept, and whether new pictures are.

    The hourly purge applies the first.
    """
    user.keep_photos_days, user.forget_pictures = days, forget_pictures
    user.save(update_fields=["keep_photos_days", "forget_pictures"])


def give_consent(user: User) -> None:
    """Store a user's consent to the current text."""
    user.consent_version, user.consented_at = consent.VERSION, clock.now()
    user.save(update_fields=["consent_version", "consented_at"])
