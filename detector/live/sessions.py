"""Keep, change and erase live sessions."""

import re
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from detector.common import audit, clock, locks, words
from detector.exceptions import DetectorError
from detector.live import series
from detector.models import LiveSession, User
from detector.photos import annotations, retention

SESSIONS_A_PERSON: Final = 1000
NAME_LENGTH: Final = 100
EARLIEST: Final = datetime(2020, 1, 1, tzinfo=UTC)
AHEAD: Final = timedelta(days=1)
"""By how much the clock of a device may be ahead of ours."""
MODEL: Final = re.compile(r"[\w.-]{1,50}")


@transaction.atomic
def keep(
    owner: User,
    *,
    name: str,
    started_at: datetime,
    model: str,
    seconds: int,
    faces: Any,
    note: str = "",
    felt_emotion: str = "",
) -> LiveSession:
    """Keep a session. Raises DetectorError.

    One that is sent twice, as by a double click, is kept once. Codes are `invalid_name`,
    `invalid_note`, `invalid_emotion`, `invalid_series` and `too_many_live_sessions`.
    """
    _check_origin(started_at, model)
    checked = series.check(faces, seconds)
    words = _cleaned(name=name, note=note, felt_emotion=felt_emotion)
    totals, uncertain = series.totals(checked, [])
    locks.lock_owner(owner.pk)
    same = LiveSession.objects.filter(owner=owner, started_at=started_at, seconds=seconds)
    for known in same.filter(model=model, name=words["name"]):
        if known.faces == checked:
            return known
    if LiveSession.objects.filter(owner=owner).count() >= SESSIONS_A_PERSON:
        raise DetectorError(
            "too_many_live_sessions",
            f"You have {SESSIONS_A_PERSON:,} live sessions already. Erase one first.",
            details={"max_sessions": SESSIONS_A_PERSON},
        )
    return LiveSession.objects.create(
        owner=owner, started_at=started_at, model=model, seconds=seconds, faces=checked,
        totals=totals, uncertain_seconds=uncertain, **words,
    )  # fmt: skip


def change(
    session: LiveSession,
    *,
    corrections: Any = None,
    guard: AbstractContextManager[None] | None = None,
    **words: str,
) -> None:
    """Change name, note, felt emotion or all corrections, inside `guard`. Raises DetectorError."""
    changes: dict[str, Any] = _cleaned(**words)
    if corrections is not None:
        changes |= _corrected(session, corrections)
    with guard or nullcontext():
        is_there = LiveSession.objects.filter(pk=session.pk).update(**changes)
    if is_there:
        session.refresh_from_db()


@transaction.atomic
def correct(session: LiveSession, correction: dict[str, Any]) -> None:
    """Add a correction of a span. Raises DetectorError `invalid_correction`."""
    locked = LiveSession.objects.select_for_update(of=("self",)).get(pk=session.pk)
    change(locked, corrections=[*locked.corrections, correction])


@transaction.atomic
def erase(session: LiveSession) -> None:
    """Erase a session for good."""
    audit.record_erasure(session)
    session.delete()


def erase_outlived(now: datetime) -> int:
    """Erase the sessions that are older than their owners want. Return how many.

    The setting is that of photos and videos; here the time counts from the start of the session.
    """
    return retention.erase_each(_outlived, erase, now)


def count_outlived(owner: User, now: datetime) -> int:
    """Return how many sessions the next run will erase."""
    return _outlived(owner, now).count()


def _outlived(owner: User, now: datetime) -> QuerySet[LiveSession]:
    # The numbers of each second need not be read.
    sessions = LiveSession.objects.only("pk")
    return retention.outlived_rows(sessions, owner, now, since="started_at")


def _corrected(session: LiveSession, corrections: Any) -> dict[str, Any]:
    checked = series.check_corrections(corrections, session.faces, session.seconds)
    totals, uncertain = series.totals(session.faces, checked)
    return {"corrections": checked, "totals": totals, "uncertain_seconds": uncertain}


def _check_origin(started_at: datetime, model: str) -> None:
    if not EARLIEST <= started_at <= clock.now() + AHEAD:
        raise DetectorError("invalid_series", "A session does not start at such a time.")
    if not MODEL.fullmatch(model):
        raise DetectorError("invalid_series", "This is not the name of a version.")


def _cleaned(**words: str) -> dict[str, str]:
    cleaners = {
        "name": _clean_name,
        "note": annotations.clean_note,
        "felt_emotion": annotations.clean_emotion,
    }
    return {name: cleaners[name](text) for name, text in words.items()}


def _clean_name(text: str) -> str:
    name = " ".join(words.printable(text, " ").split())
    if not 1 <= len(name) <= NAME_LENGTH:
        raise DetectorError(
            "invalid_name",
            f"A name has 1 to {NAME_LENGTH} characters.",
            details={"length": len(name), "max_length": NAME_LENGTH},
        )
    return name
