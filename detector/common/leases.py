"""Leases of rows that are work: claim, renew and put back as conditional updates of one row.

The rows have `status`, `attempt`, `queued_at`, `due_at`, `sent_at`, `started_at` and
`lease_expires_at`: analyses of photos, and segments of videos. The time of the claim is a fencing
token: every write checks it, so that a worker that lost its lease can change nothing.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, TypeVar, cast
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import Error, connection
from django.db.models import Model, QuerySet

from detector.common import clock, statements, storage
from detector.common.outages import drop_connection, drop_dead_connection, outage_in
from detector.enums import Status
from detector.exceptions import DetectorError, OutageError

logger = logging.getLogger(__name__)

SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(seconds=30)
"""Bounds of the wait between two attempts during an outage."""
PATIENCE_SECONDS: Final = (0.5, 1, 2, 4, 8)
"""Backoff of retries during an outage of the database; together less than a lease."""

MAX_CHOICES: Final = 50
"""Choices of a turn. Each one that is lost was won by another worker."""

DUE_OR_ABANDONED: Final = f"""
    status = '{Status.QUEUED.value}' AND due_at <= %s
    OR status = '{Status.RUNNING.value}' AND lease_expires_at < %s
"""

TIMED_OUT = DetectorError("timed_out", "The analysis took too long.", permanent=False)
UNEXPECTED = DetectorError(
    "internal_error", "Something went wrong on our side while analysing.", permanent=False
)
WORKER_LOST = DetectorError(
    "worker_lost", "The analysis was interrupted several times. Please try it again.", details={}
)


RowT = TypeVar("RowT")


class LeaseLostError(Exception):
    """The work was deleted, or claimed by another attempt."""


class Work(Protocol):
    """A row that is claimed, such as an analysis."""

    pk: UUID
    attempt: int
    queued_at: datetime
    started_at: datetime | None


def claim_next(next_due: Callable[[], RowT | None]) -> RowT | None:
    """Claim the row whose turn it is, as `next_due` reads it. Return it; None where none is due."""
    for _ in range(MAX_CHOICES):
        chosen = next_due()
        if chosen is None or claim_read(chosen):
            return chosen
    return None


def claim_read(row: Any) -> bool:
    """Claim a row that was read with the database's time as `now`. Return whether it still was so.

    The row is read first, so that nothing is claimed where the read fails. The update holds only
    for the attempt that was read.
    """
    now = row.now
    claim = {
        "status": Status.RUNNING,
        "attempt": row.attempt + 1,
        "started_at": now,
        "lease_expires_at": now + timedelta(seconds=settings.ANALYSIS_LEASE),
    }
    where = {"id": row.pk, "attempt": row.attempt}
    values = [("due_at", now), ("lease_expires_at", now)]
    # A claim that a crash of the database undoes is a row that waits again.
    if not statements.update(
        type(row), claim, where, condition=DUE_OR_ABANDONED, values=values, may_be_lost=True
    ):
        return False
    for name, value in claim.items():
        setattr(row, name, value)
    return True


def update(row: Work, **changes: object) -> None:
    """Change a claimed row. Raises LeaseLostError where the lease is lost."""
    where = {"id": row.pk, "status": Status.RUNNING, "started_at": row.started_at}
    if not statements.update(cast(type[Model], type(row)), changes, where):
        raise LeaseLostError(row.pk)


def renew(row: Work) -> None:
    """Extend the lease. Raises LeaseLostError where it is lost."""
    update(row, lease_expires_at=clock.now() + timedelta(seconds=settings.ANALYSIS_LEASE))


@contextmanager
def keep_renewed(row: Work) -> Iterator[None]:
    """Keep extending the lease in a thread while the block runs.

    The thread dies with the process, and then the lease expires.
    """
    done = threading.Event()
    keeper = threading.Thread(target=_renew_until, args=(row, done), name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


def _renew_until(row: Work, done: threading.Event) -> None:
    while not done.wait(settings.ANALYSIS_LEASE / 3):
        try:
            renew(row)
        except LeaseLostError:
            return
        except Error:
            logger.exception("Could not extend the lease of %s", row.pk)
        finally:
            connection.close()


def retry_after(row: Work, error: DetectorError) -> dict[str, Any] | None:
    """Return the changes that queue a row again after an error; None where it has failed.

    An attempt that failed because of an outage does not count. The wait is then a quarter of the
    time waited so far, within bounds.
    """
    now = clock.now()
    queued = {"status": Status.QUEUED, "sent_at": None, "lease_expires_at": None}
    if isinstance(error, OutageError):
        wait = min(max((now - row.queued_at) / 4, SHORTEST_WAIT), LONGEST_WAIT)
        return {**queued, "attempt": row.attempt - 1, "due_at": now + wait}
    if error.permanent or row.attempt >= settings.ANALYSIS_MAX_ATTEMPTS:
        return None
    return {**queued, "due_at": now + timedelta(seconds=2**row.attempt)}


def abandoned(rows: QuerySet[Any], now: datetime) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """Return the rows of lost workers: those to queue again, and those with too many attempts."""
    lost = rows.filter(status=Status.RUNNING, lease_expires_at__lt=now)
    # Queued ones can have too many attempts after the limit was lowered.
    waiting = rows.filter(status=Status.QUEUED)
    spent = (lost | waiting).filter(attempt__gte=settings.ANALYSIS_MAX_ATTEMPTS)
    return lost.filter(attempt__lt=settings.ANALYSIS_MAX_ATTEMPTS), spent


def queue_again(lost: QuerySet[Any], now: datetime) -> int:
    """Queue rows of lost workers. Return how many."""
    return lost.update(status=Status.QUEUED, due_at=now, sent_at=None, lease_expires_at=None)


def work_on(row: Work, work: Callable[[], None], fail: Callable[[DetectorError], None]) -> None:
    """Do the work of a claimed row, and put it back by `fail` where an error comes.

    A lost lease is no error: another attempt has the row, or it was deleted.
    """
    try:
        _work_on(row, work, fail)
    except LeaseLostError:
        logger.warning("Work %s was taken over or deleted meanwhile", row.pk)


def _work_on(row: Work, work: Callable[[], None], fail: Callable[[DetectorError], None]) -> None:
    try:
        with keep_renewed(row):
            work()
    except LeaseLostError:
        raise
    except DetectorError as error:
        if storage.is_single_file_error(error):
            logger.exception("Work %s cannot reach its files", row.pk)
            error = UNEXPECTED
        _put_back(row, error, fail)
    except SoftTimeLimitExceeded:
        logger.warning("Work %s ran into the time limit", row.pk)
        _put_back(row, TIMED_OUT, fail)
    except Exception as error:
        # Any error is logged and retried, so that the row does not stay running.
        logger.exception("Work %s failed unexpectedly", row.pk)
        outage = None if storage.is_single_file_error(error) else outage_in(error)
        drop_connection()
        _put_back(row, outage or UNEXPECTED, fail)


def _put_back(row: Work, error: DetectorError, fail: Callable[[DetectorError], None]) -> None:
    """Store the error, with retries while the database is away.

    If the outage lasts longer, the lease expires.
    """
    for wait in PATIENCE_SECONDS:
        try:
            return fail(error)
        except Error as away:
            if outage_in(away) is None:
                raise
            logger.warning("Work %s cannot be put back yet: %s", row.pk, away)
        drop_dead_connection()
        time.sleep(wait)
    return fail(error)
