"""What people set for themselves."""

from django.db import transaction

from detector.models import User
from detector.services import statistics


@transaction.atomic
def set_time_zone(user: User, time_zone: str) -> None:
    """Move a person into another zone; the days of all photos move along."""
    if not User.objects.filter(pk=user.pk).exclude(time_zone=time_zone).update(time_zone=time_zone):
        return
    user.time_zone = time_zone
    statistics.rebuild(user)
