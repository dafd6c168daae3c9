"""The account that owns photos."""

import zoneinfo
from datetime import tzinfo
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models

from detector.models.ids import new_id


def validate_time_zone(name: str) -> None:
    """Refuse what is not a key of the IANA time zone database."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError("%(name)s is not a time zone.", params={"name": name})


class User(AbstractUser):
    """A person; photos, tokens and statistics belong to exactly one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])

    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    @property
    def zone(self) -> tzinfo:
        """The zone in which this person's days begin."""
        return zoneinfo.ZoneInfo(self.time_zone)
