"""Who works on an analysis: claim, renew, complete and fail as conditional updates of one row.

The moment of the claim fences an attempt: every write asks for it, so that a worker that lost
its lease changes nothing any more.
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

from detector.common import clock
from detector.enums import UNDER_WAY, Status
from detector.exceptions import DetectorError, OutageError
from detector.models import Analysis, ModelVersion
from detector.webhooks import endpoints

logger = logging.getLogger(__name__)

SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(seconds=30)
"""Between two looks whether an outage is over."""

WORKER_LOST = DetectorError(
    "worker_lost", "The analysis was interrupted several times. Please try it again.", details={}
)
CANCELLED = DetectorError(
    "cancelled", "Those who run the site cancelled this analysis.", details={}
)


class LeaseLostError(Exception):
    """The analysis was deleted, or another attempt has taken it over."""


@transaction.atomic
def claim(analysis_id: UUID) -> Analysis | None:
    """Move a due or abandoned analysis to running and return it; None if there is nothing to do.

    In one transaction: who cannot read what was claimed has not claimed it.
    """
    now = clock.now()
    due = Q(status=Status.QUEUED, due_at__lte=now)
    abandoned = Q(status=Status.RUNNING, lease_expires_at__lt=now)
    claimed = (
        Analysis.objects.filter(due | abandoned, pk=analysis_id)
        .filter(attempt__lt=settings.ANALYSIS_MAX_ATTEMPTS)
        .update(
            status=Status.RUNNING,
            attempt=F("attempt") + 1,
            started_at=now,
            lease_expires_at=_lease_end(),
        )
    )
    if not claimed:
        return None
    return Analysis.objects.select_related("photo__owner").filter(pk=analysis_id).first()


def renew(analysis: Analysis) -> None:
    """Lengthen the lease; raises LeaseLostError if it is not ours any more."""
    _update(analysis, lease_expires_at=_lease_end())


@contextmanager
def kept(analysis: Analysis) -> Iterator[None]:
    """Lengthen the lease again and again while the work goes on, however long a stage takes.

    The thread that does it dies with the process, and then the lease runs out.
    """
    done = threading.Event()
    keeper = threading.Thread(target=_keep, args=(analysis, done), name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


def _keep(analysis: Analysis, done: threading.Event) -> None:
    while not done.wait(settings.ANALYSIS_LEASE / 3):
        try:
            renew(analysis)
        except LeaseLostError:
            return
        except Error:
            logger.exception("Could not lengthen the lease of %s", analysis.pk)
        finally:
            connection.close()


def complete(
    analysis: Analysis,
    *,
    model: ModelVersion,
    timings_ms: dict[str, float],
    best_confidence: float = 0.0,
) -> None:
    """Move to done; raises LeaseLostError if the lease is not ours any more."""
    _update(
        analysis,
        status=Status.DONE,
        model_version=model,
        timings_ms=timings_ms,
        best_confidence=best_confidence,
        finished_at=clock.now(),
        lease_expires_at=None,
    )


def fail(analysis: Analysis, error: DetectorError) -> None:
    """Move to failed, or back to the queue where trying again may help.

    What is put back because of an outage was not tried: it waits as long as that takes.
    """
    changes: dict[str, object]
    if isinstance(error, OutageError):
        changes = _waiting_for_the_end(analysis)
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
    with transaction.atomic():
        _update(analysis, lease_expires_at=None, **changes)
        if changes["status"] == Status.FAILED:
            endpoints.record(analysis.pk)


def _waiting_for_the_end(analysis: Analysis) -> dict[str, object]:
    """Look again after a quarter of the time that it has been waiting, within bounds."""
    now = clock.now()
    wait = min(max((now - analysis.queued_at) / 4, SHORTEST_WAIT), LONGEST_WAIT)
    return {
        "status": Status.QUEUED,
        "attempt": F("attempt") - 1,
        "due_at": now + wait,
        "sent_at": None,
    }


def release_abandoned() -> int:
    """Queue again what a lost worker left running, or fail what was tried often enough."""
    now = clock.now()
    abandoned = Analysis.objects.filter(status=Status.RUNNING, lease_expires_at__lt=now)
    # Queued ones with too many attempts are there after the limit was lowered.
    waiting = Analysis.objects.filter(status=Status.QUEUED)
    spent = (abandoned | waiting).filter(attempt__gte=settings.ANALYSIS_MAX_ATTEMPTS)
    failed = sum(_give_up(pk, now) for pk in list(spent.values_list("pk", flat=True)))
    return failed + abandoned.filter(attempt__lt=settings.ANALYSIS_MAX_ATTEMPTS).update(
        status=Status.QUEUED, due_at=now, sent_at=None, lease_expires_at=None
    )


def cancel(analysis: Analysis) -> bool:
    """Fail what has not ended; whether it had not. A worker on it finds that its lease is lost."""
    return _end(analysis.pk, Q(status__in=UNDER_WAY), CANCELLED)


def _give_up(analysis_id: UUID, now: datetime) -> bool:
    """Fail what no worker came back from, unless it was finished meanwhile."""
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
