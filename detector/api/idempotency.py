"""Idempotent calls: a call runs once, however often it is sent with the same key.

The row is written first. Of concurrent calls, the one that inserted the row does the work, and the
others wait for its outcome. A claim expires, so that a call whose server died can be sent again.
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
"""Lifetime of a claim: longer than any call takes, including the longest wait."""

POLL_SECONDS = 0.05

REUSED = DetectorError(
    "idempotency_key_reused", "This Idempotency-Key was used for another request."
)
IN_PROGRESS = DetectorError(
    "call_in_progress", "The first call with this Idempotency-Key is not done yet.", permanent=False
)


@dataclass(frozen=True)
class Outcome:
    """Outcome of a call: ids of the accepted analyses, and the rejected files.

    A rejected file is `{"filename", "error"}`, as in the API. If `may_change` is true, a file was
    rejected for a temporary reason: the outcome is not stored, and the call runs again when it is
    sent again.
    """

    accepted: list[UUID] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    may_change: bool = False
    is_replay: bool = False


def once(
    owner: User, *, key: str, request_sha256: str, make: Callable[[], Outcome], patience: float
) -> Outcome:
    """Return the outcome of the first call with this key; call `make` if this is the first.

    Exceptions of `make` are passed on, and nothing is stored. Raises DetectorError
    `idempotency_key_reused` if the key was used for another request, and `call_in_progress` if the
    first call is not done after `patience` seconds.
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
    """Delete expired calls. Return how many."""
    return IdempotentCall.objects.filter(created_at__lt=clock.now() - KEPT).delete()[0]


def _claim(owner: User, key: str, request_sha256: str) -> tuple[IdempotentCall, bool]:
    """Return the row of a key, and whether this call claimed the work."""
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
            # Another call inserted the row first. If that call failed, its row is gone already.
            return rows.first() or new, False
        return new, True
    return known, _takes_over(known, request_sha256)


def _takes_over(call: IdempotentCall, request_sha256: str) -> bool:
    """Take over a claim that expired without an answer. Return whether it is ours now."""
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
