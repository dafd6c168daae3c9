"""The rollup that keeps statistics fast."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from detector.enums import Emotion


class DailyEmotion(models.Model):
    """How many faces of one owner showed an expression on one of the owner's days."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="daily_emotions"
    )
    day = models.DateField(help_text="Of `Photo.taken_at`, in the owner's time zone.")
    emotion = models.CharField(max_length=8, choices=Emotion)
    faces = models.PositiveIntegerField()
    confidence_sum = models.FloatField()

    class Meta:
        ordering = ["day", "emotion"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "day", "emotion"], name="daily_emotion_once"),
            models.CheckConstraint(
                condition=Q(emotion__in=Emotion.values), name="daily_emotion_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.emotion}: {self.faces}"
