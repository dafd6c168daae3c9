"""Live sessions that a person kept: numbers, no pictures."""

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q

from detector.enums import Emotion
from detector.models.row import Row

LIVE_SECONDS: Final = 3600
"""Length of the longest session."""


class LiveSession(Row):
    """Holds what a browser read of a camera in one session.

    `faces` is a list of `{"first", "rows"}`: from the second `first` on, a row for each second, or
    null where the face was not seen. A row has the probabilities of the emotions in thousandths,
    then 1 where the face was uncertain, else 0. `corrections` is a list of
    `{"face", "first", "until", "emotion"}` of the owner; of two that overlap the later one counts.
    `totals` has the seconds of each emotion, all faces together, with the corrections. `seconds`
    is the length without pauses.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="live_sessions"
    )
    name = models.CharField(max_length=100)
    note = models.TextField(blank=True, max_length=2000)
    felt_emotion = models.CharField(max_length=8, choices=Emotion, blank=True)
    started_at = models.DateTimeField()
    seconds = models.PositiveSmallIntegerField()
    model = models.CharField(max_length=50, help_text="Name of the version that read it.")
    faces = models.JSONField()
    corrections = models.JSONField(default=list)
    totals = models.JSONField(help_text="Seconds of each emotion.")
    uncertain_seconds = models.PositiveIntegerField(default=0)

    class Meta(Row.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(seconds__gte=1, seconds__lte=LIVE_SECONDS), name="live_session_length"
            ),
            models.CheckConstraint(
                condition=Q(felt_emotion="") | Q(felt_emotion__in=Emotion.values),
                name="live_session_felt_emotion_known",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="live_session_has_a_name"),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="live_session_list"),
            models.Index(fields=["owner", "started_at"], name="live_session_by_date"),
        ]

    def __str__(self) -> str:
        return self.name
