"""Queries of live sessions, always scoped to the owner."""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import QuerySet

from detector.enums import Emotion
from detector.models import LiveSession, User


@dataclass(frozen=True)
class LiveSummary:
    """All sessions of a time together; `emotions` has the seconds of each expression."""

    sessions: int
    seconds: int
    emotions: dict[Emotion, int]
    uncertain: int

    @property
    def face_seconds(self) -> int:
        """Seconds in which a face was seen, all faces together."""
        return sum(self.emotions.values())


def sessions_of(owner: User) -> QuerySet[LiveSession]:
    """Return an owner's sessions, the newest first."""
    return LiveSession.objects.filter(owner=owner).order_by("-id")


def heads_of(owner: User) -> QuerySet[LiveSession]:
    """Return an owner's sessions without their series, the newest first."""
    return sessions_of(owner).defer("faces", "corrections")


def summary_of(owner: User, since: date | None = None, model: str | None = None) -> LiveSummary:
    """Return the sum of the sessions that started on a day or later, of one version or of all."""
    sessions = sessions_of(owner)
    if since is not None:
        midnight = datetime.combine(since, time.min, tzinfo=owner.zone)
        sessions = sessions.filter(started_at__gte=midnight)
    if model is not None:
        sessions = sessions.filter(model=model)
    rows = list(sessions.values_list("seconds", "totals", "uncertain_seconds"))
    return LiveSummary(
        sessions=len(rows),
        seconds=sum(seconds for seconds, _, _ in rows),
        emotions={
            emotion: sum(totals.get(emotion.value, 0) for _, totals, _ in rows)
            for emotion in Emotion
        },
        uncertain=sum(uncertain for _, _, uncertain in rows),
    )
