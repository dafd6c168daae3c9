"""Measure what it costs to choose the next among many waiting photos. A part of `fairness`."""

import time
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detector.models import User


def choices(waiting: int, owners: int) -> dict[str, float]:
    """Return the milliseconds of a choice, and of joining, among many waiting photos."""
    from detector.analyses import line
    from detector.enums import Priority
    from detector.models import Analysis

    Analysis.objects.all().delete()
    people = fill_line(waiting, owners)

    def join_all() -> None:
        for owner in (people[0], people[-1]):
            line.place(owner.pk, Priority.SINGLE)

    return {
        "waiting": waiting,
        "owners": owners,
        "next_ms": milliseconds(line.next_due),
        "place_ms": milliseconds(join_all) / 2,
    }


def fill_line(waiting: int, owners: int) -> list["User"]:
    """Let each owner wait with one photo, and the first with all others. Return the owners."""
    from django.db import connection

    from detector.common import clock
    from detector.enums import Source
    from detector.models import Analysis, Photo, User

    people = User.objects.bulk_create([User(username=f"owner {n}") for n in range(owners)])
    now = clock.now()
    shared: dict[str, Any] = {
        "width": 1, "height": 1, "format": "JPEG", "uploaded_at": now, "taken_at": now,
        "source": Source.WEB, "image": "-",
    }  # fmt: skip
    for start in range(0, waiting, 1000):
        numbers = range(start, min(start + 1000, waiting))
        photos = Photo.objects.bulk_create(
            Photo(owner=people[n if n < owners else 0], sha256=f"{n:064x}", **shared)
            for n in numbers
        )
        Analysis.objects.bulk_create(
            Analysis(
                photo=photo, owner=photo.owner, queued_at=now, due_at=now, sent_at=now,
                turn=max(n - owners, 0),
            )
            for n, photo in zip(numbers, photos, strict=True)
        )  # fmt: skip
    with connection.cursor() as cursor:
        # As autovacuum does some time after so many inserts.
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return people


def milliseconds(action: Callable[[], object]) -> float:
    """Return the median time of an action."""
    times = []
    for _ in range(20):
        began = time.perf_counter()
        action()
        times.append(1000 * (time.perf_counter() - began))
    return median(times)
