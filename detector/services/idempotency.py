"""Does a call once, however often it is sent under its key.

The row comes first: of calls that come at once, the one that wrote it does the work, the others
wait for its answer. A claim runs out, so that a call whose server died can be sent again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

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
class Answer:
    """What a call was answered: the status and the body as JSON."""

    status: int
    text: str
    is_replay: bool = False


def once(
    owner: User, *, key: str, request_sha256: str, make: Callable[[], Answer], patience: float
) -> Answer:
    """The answer of the first call with this key; `make` is called if this is the first.

    What `make` raises goes to the caller, and nothing is kept. Raises DetectorError
    `idempotency_key_reused` where the key stands for another request, and `call_in_progress`
    where the first call is not done after `patience` seconds.
    """
    end = time.monotonic() + patience
    while True:
        call, is_ours = _claim(owner, key, request_sha256)
        if is_ours:
            return _answer(call, make)
        if call.request_sha256 != request_sha256:
            raise REUSED
        if call.status is not None:
            return Answer(call.status, call.answer, is_replay=True)
        if time.monotonic() >= end:
            raise IN_PROGRESS
        time.sleep(POLL_SECONDS)


def forget_old() -> int:
    """Remove the calls whose answers are kept no longer; how many."""
    return IdempotentCall.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]


def _claim(owner: User, key: str, request_sha256: str) -> tuple[IdempotentCall, bool]:
    """The row of a key, and whether whoever calls shall do the work."""
    now = timezone.now()
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
    now = timezone.now()
    if call.status is not None or call.claimed_at >= now - CLAIM:
        return False
    abandoned = IdempotentCall.objects.filter(
        pk=call.pk, status=None, request_sha256=request_sha256, claimed_at=call.claimed_at
    )
    if not abandoned.update(claimed_at=now):
        return False
    call.claimed_at = now
    return True


def _answer(call: IdempotentCall, make: Callable[[], Answer]) -> Answer:
    ours = IdempotentCall.objects.filter(pk=call.pk, claimed_at=call.claimed_at, status=None)
    try:
        answer = make()
    except BaseException:
        ours.delete()
        raise
    ours.update(status=answer.status, answer=answer.text)
    return answer
