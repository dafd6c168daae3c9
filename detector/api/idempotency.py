"""Does a call once, however often it is sent under its key.

The row comes first: of calls that come at once, the one that wrote it does the work, the others
wait for what comes of it. A claim runs out, so that a call whose server died can be sent again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from detector.common import clock
from detector.exceptions import DetectorError
from detector.models import IdempotentCall, User

KEPT = timedelta(hours=24)
CLAIM = timedelta(minutes=2)
"""Longer than any call takes, the longest wait included."""

POLL_SECONDS = 0.05

REUSED = DetectorError(
    "idempotency_key_reused", "This Idempotency-Key was used for another request."
)
IN_PROGRESS = DetectorError(
    "call_in_progress", "The first call with this Idempotency-Key is not done yet.", permanent=False
)


@dataclass(frozen=True)
class Outcome:
    """What came of a call: the analyses that it led to, and the files that were not taken.

    A `rejected` file is `{"filename", "error"}` as the API tells it. One that `may_change` is not
    kept: the call is done anew when it is sent again.
    """

    accepted: list[UUID] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    may_change: bool = False
    is_replay: bool = False


def once(
    owner: User, *, key: str, request_sha256: str, make: Callable[[], Outcome], patience: float
) -> Outcome:
    """Return what came of the first call with this key; `make` is called if this is the first.

    What `make` raises goes to the caller, and nothing is kept. Raises DetectorError
    `idempotency_key_reused` where the key stands for another request, and `call_in_progress`
    where the first call is not done after `patience` seconds.
    """
    end = time.monotonic() + patience
    while True:
        call, is_ours = _claim(owner, key, request_sha256)
        if is_ours:
            return _do(call, make)
        if call.request_sha256 != request_sha256:
            raise REUSED
        if call.answered_at is not None:
            ids = [UUID(text) for text in call.accepted]
            return Outcome(ids, call.rejected, is_replay=True)
        if time.monotonic() >= end:
            raise IN_PROGRESS
        time.sleep(POLL_SECONDS)


def delete_old() -> int:
    """Remove the calls that are kept no longer; how many."""
    return IdempotentCall.objects.filter(created_at__lt=clock.now() - KEPT).delete()[0]


def _claim(owner: User, key: str, request_sha256: str) -> tuple[IdempotentCall, bool]:
    """The row of a key, and whether whoever calls shall do the work."""
    now = clock.now()
    rows = IdempotentCall.objects.filter(owner=owner, key=key)
    known = rows.first()
    if known is not None and known.created_at < now - KEPT:
        rows.filter(pk=known.pk).delete()
        known = None
    if known is None:
        new = IdempotentCall(
            owner=owner, key=key, request_sha256=request_sha256, created_at=now, claimed_at=now
        )
        try:
            with transaction.atomic():
                new.save(force_insert=True)
        except IntegrityError:
            # Someone else was faster; gone already where that call failed.
            return rows.first() or new, False
        return new, True
    return known, _takes_over(known, request_sha256)


def _takes_over(call: IdempotentCall, request_sha256: str) -> bool:
    """Whether a claim ran out without an answer and is ours now."""
    now = clock.now()
    if call.answered_at is not None or call.claimed_at >= now - CLAIM:
        return False
    abandoned = IdempotentCall.objects.filter(
        pk=call.pk, answered_at=None, request_sha256=request_sha256, claimed_at=call.claimed_at
    )
    if not abandoned.update(claimed_at=now):
        return False
    call.claimed_at = now
    return True


def _do(call: IdempotentCall, make: Callable[[], Outcome]) -> Outcome:
    ours = IdempotentCall.objects.filter(pk=call.pk, claimed_at=call.claimed_at, answered_at=None)
    try:
        outcome = make()
    except BaseException:
        ours.delete()
        raise
    if outcome.may_change:
        ours.delete()
    else:
        accepted = [str(pk) for pk in outcome.accepted]
        ours.update(accepted=accepted, rejected=outcome.rejected, answered_at=clock.now())
    return outcome
