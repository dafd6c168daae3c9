"""User accounts."""

import zoneinfo
from datetime import UTC, tzinfo
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from detector import consent
from detector.enums import DateLanguage, KeepPhotos, Theme
from detector.models.constraints import allows_only
from detector.models.ids import new_id


def time_zones() -> set[str]:
    """Return the names of the IANA time zone database, which mean the same on every host."""
    # Debian adds the zone of the host; `Factory` stands for one that nobody has set.
    return zoneinfo.available_timezones() - {"localtime", "Factory"}


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless the name is a key of the IANA time zone database."""
    if name not in time_zones():
        raise ValidationError("%(name)s is not a time zone.", params={"name": name})


class User(AbstractUser):
    """A user, who owns photos, tokens and statistics.

    `consent_version` is the text that the user agreed to, at `consented_at`. Consent to reviews is
    separate: without it reviewers see no face of this user.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField("email address", blank=True, db_index=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    theme = models.CharField(max_length=8, choices=Theme, default=Theme.SYSTEM)
    date_language = models.CharField(
        max_length=8, choices=DateLanguage, default=DateLanguage.ENGLISH
    )
    keep_photos_days = models.PositiveSmallIntegerField(
        null=True, blank=True, choices=KeepPhotos, help_text="After their upload; none: for ever."
    )
    forget_pictures = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Keep results only: pictures are deleted once they were analysed.",
    )
    consent_version = models.CharField(max_length=16, blank=True)
    consented_at = models.DateTimeField(null=True, blank=True)
    review_consent_version = models.CharField(max_length=16, blank=True)
    review_consented_at = models.DateTimeField(null=True, blank=True)

    is_being_erased = False
    """Set by the one function that may delete it: `delete_account` of photos/erasure.py."""

    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    class Meta(AbstractUser.Meta):
        constraints = [
            allows_only("theme", Theme, name="user_theme_known"),
            allows_only("date_language", DateLanguage, name="user_date_language_known"),
            models.CheckConstraint(
                condition=Q(keep_photos_days=None)
                | Q(keep_photos_days__in=[choice.value for choice in KeepPhotos]),
                name="user_keep_photos_days_known",
            ),
            models.CheckConstraint(
                condition=Q(consent_version="", consented_at=None)
                | ~Q(consent_version="") & Q(consented_at__isnull=False),
                name="user_consent_has_version_and_time",
            ),
            models.CheckConstraint(
                condition=Q(review_consent_version="", review_consented_at=None)
                | ~Q(review_consent_version="") & Q(review_consented_at__isnull=False),
                name="user_review_consent_has_version_and_time",
            ),
        ]
        indexes = [models.Index(fields=["date_joined"], name="user_by_date")]

    @property
    def has_consented(self) -> bool:
        """Whether the user agreed to the current text."""
        return self.consent_version == consent.VERSION

    @property
    def agrees_to_review(self) -> bool:
        """Whether the user agreed to reviews, by the current text."""
        return self.review_consent_version == consent.REVIEW_VERSION

    @property
    def zone(self) -> tzinfo:
        """The user's time zone; UTC where this host does not know it."""
        try:
            return zoneinfo.ZoneInfo(self.time_zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            return UTC
