"""The line of analyses that wait: where a new one joins it, and whose turn it is.

Owners take turns, by start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996). Each waiting
analysis has the number of a turn, and the lowest one is next. It is given once, when the analysis
joins: after the owner's last one, but not before the turn that is being worked on. So a photo of
an owner who has nothing else in line is next, and the 300 photos of another owner lie in 300 turns.

A line of its own, for each owner, are photos that came as one of many (`Priority.BATCH`). Each of
them counts as `COST` turns, so that they go behind single photos and yet always move on.
"""

from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from detector.common import clock
from detector.common.statements import Prepared
from detector.enums import UNDER_WAY, Priority, Status
from detector.models import Analysis

COST: Final = {Priority.SINGLE: 1, Priority.BATCH: 10}
"""Turns that an analysis takes. While both kinds wait, one in eleven is of a batch."""

NEEDED: Final = (
    "attempt", "owner", "priority", "queued_at", "superseded", "error_code", "error_message",
    "photo__upload", "photo__image", "photo__thumbnail", "photo__captured_at", "photo__uploaded_at",
    "photo__width", "photo__height", "photo__forget", "photo__forgotten_at",
    "photo__owner__time_zone",
)  # fmt: skip


def place(owner_id: UUID, priority: int) -> int:
    """Return the turn of an analysis that joins the line now.

    Two that join at the same moment may get the same turn. Then the older one goes first.
    """
    present = _present()
    own = Analysis.objects.filter(owner=owner_id, priority=priority).order_by("-turn")
    last, status = own.values_list("turn", "status").first() or (None, None)
    if last is None:
        return present
    if status not in UNDER_WAY:
        # The line is empty. Turns fall back where those that ended last are erased, and then an
        # owner who went further than all others shall wait for one turn at most.
        last = min(last, present)
    return max(present, last + COST[Priority(priority)])


def _present() -> int:
    """Return the turn that is being worked on; if there is none the next one, else the last one."""
    running = Analysis.objects.filter(status=Status.RUNNING).order_by("-turn")
    waiting = Analysis.objects.filter(status=Status.QUEUED).order_by("turn")
    ended = Analysis.objects.filter(finished_at__isnull=False).order_by("-finished_at")
    for rows in (running, waiting, ended):
        turn = rows.values_list("turn", flat=True).first()
        if turn is not None:
            return turn
    return 0


def next_due() -> Analysis | None:
    """Return the analysis whose turn it is, as `read` reads it; None where none is due."""
    return _NEXT_DUE.first(settings.ANALYSIS_MAX_ATTEMPTS)


def _next_due(max_attempts: int) -> QuerySet[Analysis]:
    waiting = Analysis.objects.filter(
        status=Status.QUEUED, due_at__lte=clock.moment(), attempt__lt=max_attempts
    )
    # One step in the index `analysis_waiting`, however many wait.
    return _needed(waiting.order_by("turn", "priority", "id"))


def read(rows: QuerySet[Analysis]) -> Analysis | None:
    """Return the first row with its photo, its owner and the database's time as `now`.

    Of these only what an analysis needs is read; anything else costs a query of its own.
    """
    return _needed(rows).first()


def _needed(rows: QuerySet[Analysis]) -> QuerySet[Analysis]:
    return rows.select_related("photo__owner").only(*NEEDED).annotate(now=clock.moment())


_NEXT_DUE: Final = Prepared(int, _next_due)
