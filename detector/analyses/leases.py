"""Leases of analyses: claim, renew, complete and fail as conditional updates of one row.

The time of the claim is a fencing token: every write checks it, so that a worker that lost its
lease can change nothing.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import F, Q

from detector.analyses import line
from detector.common import clock
from detector.enums import UNDER_WAY, Status
from detector.exceptions import DetectorError, OutageError
from detector.models import Analysis, ModelVersion
from detector.webhooks import endpoints

logger = logging.getLogger(__name__)

SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(seconds=30)
"""Bounds of the wait between two attempts during an outage."""

WORKER_LOST = DetectorError(
    "worker_lost", "The analysis was interrupted several times. Please try it again.", details={}
)
CANCELLED = DetectorError(
    "cancelled", "Those who run the site cancelled this analysis.", details={}
)


class LeaseLostError(Exception):
    """The analysis was deleted, or claimed by another attempt."""


def claim(analysis_id: UUID) -> Analysis | None:
    """Claim a due or abandoned analysis and return it; None if there is nothing to do."""
    rows = Analysis.objects.filter(pk=analysis_id, attempt__lt=settings.ANALYSIS_MAX_ATTEMPTS)
    analysis = line.read(rows)
    return analysis if analysis is not None and claim_read(analysis) else None


def claim_read(analysis: Analysis) -> bool:
    """Claim an analysis that `line.read` has read. Return whether the row was still the same.

    The row is read first, so that nothing is claimed where the read fails. The update holds only
    for the attempt that was read.
    """
    now = analysis.now  # type: ignore[attr-defined]
    due = Q(status=Status.QUEUED, due_at__lte=now)
    abandoned = Q(status=Status.RUNNING, lease_expires_at__lt=now)
    claim = {
        "status": Status.RUNNING,
        "attempt": analysis.attempt + 1,
        "started_at": now,
        "lease_expires_at": now + timedelta(seconds=settings.ANALYSIS_LEASE),
    }
    rows = Analysis.objects.filter(due | abandoned, pk=analysis.pk, attempt=analysis.attempt)
    if not rows.update(**claim):
        return False
    for name, value in claim.items():
        setattr(analysis, name, value)
    return True


def renew(analysis: Analysis) -> None:
    """Extend the lease. Raises LeaseLostError where it is lost."""
    _update(analysis, lease_expires_at=_lease_end())


@contextmanager
def keep_renewed(analysis: Analysis) -> Iterator[None]:
    """Keep extending the lease in a thread while the block runs.

    The thread dies with the process, and then the lease expires.
    """
    done = threading.Event()
    keeper = threading.Thread(target=_renew_until, args=(analysis, done), name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


def _renew_until(analysis: Analysis, done: threading.Event) -> None:
    while not done.wait(settings.ANALYSIS_LEASE / 3):
        try:
            renew(analysis)
        except LeaseLostError:
            return
        except Error:
            logger.exception("Could not extend the lease of %s", analysis.pk)
        finally:
            connection.close()


def complete(
    analysis: Analysis,
    *,
    model: ModelVersion,
    timings_ms: dict[str, float],
    best_confidence: float = 0.0,
) -> None:
    """Set the analysis to done. Raises LeaseLostError where the lease is lost."""
    _update(
        analysis,
        status=Status.DONE,
        model_version=model,
        timings_ms=timings_ms,
        best_confidence=best_confidence,
        finished_at=clock.moment(),
        lease_expires_at=None,
    )
    analysis.status, analysis.model_version = Status.DONE, model


def fail(analysis: Analysis, error: DetectorError) -> None:
    """Set the analysis to failed, or queue it again where a retry may help.

    An attempt that failed because of an outage does not count. What is queued again joins the line
    anew: else an owner's failures would all go before the photos of others. Raises LeaseLostError.
    """
    changes: dict[str, object]
    if isinstance(error, OutageError):
        changes = _outage_backoff(analysis)
    elif error.permanent or analysis.attempt >= settings.ANALYSIS_MAX_ATTEMPTS:
        changes = {
            "status": Status.FAILED,
            "error_code": error.code,
            "error_message": error.message,
            "finished_at": clock.now(),
        }
    else:
        wait = timedelta(seconds=2**analysis.attempt)
        changes = {"status": Status.QUEUED, "due_at": clock.now() + wait, "sent_at": None}
    if changes["status"] == Status.QUEUED:
        changes["turn"] = line.place(analysis.owner_id, analysis.priority)
    with transaction.atomic():
        _update(analysis, lease_expires_at=None, **changes)
        if changes["status"] == Status.FAILED:
            endpoints.record(analysis.pk)


def _outage_backoff(analysis: Analysis) -> dict[str, object]:
    """Return changes that retry after a quarter of the time waited so far, within bounds."""
    now = clock.now()
    wait = min(max((now - analysis.queued_at) / 4, SHORTEST_WAIT), LONGEST_WAIT)
    return {
        "status": Status.QUEUED,
        "attempt": F("attempt") - 1,
        "due_at": now + wait,
        "sent_at": None,
    }


def release_abandoned() -> int:
    """Queue analyses of lost workers again, or fail those with too many attempts.

    Return how many there were.
    """
    now = clock.now()
    abandoned = Analysis.objects.filter(status=Status.RUNNING, lease_expires_at__lt=now)
    # Queued ones can have too many attempts after the limit was lowered.
    waiting = Analysis.objects.filter(status=Status.QUEUED)
    spent = (abandoned | waiting).filter(attempt__gte=settings.ANALYSIS_MAX_ATTEMPTS)
    failed = sum(_give_up(pk, now) for pk in list(spent.values_list("pk", flat=True)))
    return failed + abandoned.filter(attempt__lt=settings.ANALYSIS_MAX_ATTEMPTS).update(
        status=Status.QUEUED, due_at=now, sent_at=None, lease_expires_at=None
    )


def cancel(analysis: Analysis) -> bool:
    """Fail an analysis that is queued or running. Return whether it was.

    A worker that runs it finds that its lease is lost.
    """
    return _end(analysis.pk, Q(status__in=UNDER_WAY), CANCELLED)


def _give_up(analysis_id: UUID, now: datetime) -> bool:
    """Fail an abandoned analysis, unless it was finished meanwhile. Return whether it failed."""
    abandoned = Q(status=Status.RUNNING, lease_expires_at__lt=now) | Q(status=Status.QUEUED)
    return _end(analysis_id, abandoned, WORKER_LOST)


@transaction.atomic
def _end(analysis_id: UUID, condition: Q, error: DetectorError) -> bool:
    failed = Analysis.objects.filter(condition, pk=analysis_id).update(
        status=Status.FAILED,
        error_code=error.code,
        error_message=error.message,
        finished_at=clock.now(),
        lease_expires_at=None,
    )
    if failed:
        endpoints.record(analysis_id)
    return failed > 0


def _lease_end() -> datetime:
    return clock.now() + timedelta(seconds=settings.ANALYSIS_LEASE)


def _update(analysis: Analysis, **changes: object) -> None:
    ours = Analysis.objects.filter(
        pk=analysis.pk, status=Status.RUNNING, started_at=analysis.started_at
    )
    if not ours.update(**changes):
        raise LeaseLostError(analysis.pk)
