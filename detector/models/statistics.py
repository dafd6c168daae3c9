"""Rollups, which keep statistics fast: their rows grow with days and hours, not with photos.

Each row counts the results of one model, since results of two models are not comparable.
"""

from datetime import date

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from detector.enums import Emotion
from detector.models.constraints import allows_only
from detector.models.model_version import ModelVersion


def _day() -> "models.DateField[date, date]":
    return models.DateField(help_text="Of `Photo.taken_at`, in the owner's time zone.")


class DailyPhotos(models.Model):
    """Number of photos of one day that a model analysed."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="daily_photos"
    )
    model_version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="+")
    day = _day()
    photos = models.PositiveIntegerField()
    without_face = models.PositiveIntegerField()

    class Meta:
        ordering = ["day"]
        verbose_name_plural = "daily photos"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "day", "model_version"], name="daily_photos_once"
            ),
            models.CheckConstraint(
                condition=Q(without_face__lte=F("photos")), name="daily_photos_part_of_whole"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.photos}"


class DailyEmotion(models.Model):
    """Number of faces of one day that showed an expression.

    The expression is the effective one: the people's where they named one, else the model's.
    `corrected` counts the faces where people contradicted the model.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="daily_emotions"
    )
    model_version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="+")
    day = _day()
    emotion = models.CharField(max_length=8, choices=Emotion)
    faces = models.PositiveIntegerField()
    uncertain = models.PositiveIntegerField()
    corrected = models.PositiveIntegerField(default=0)
    confidence_sum = models.FloatField()

    class Meta:
        ordering = ["day", "emotion"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "day", "model_version", "emotion"], name="daily_emotion_once"
            ),
            allows_only("emotion", Emotion, name="daily_emotion_known"),
            models.CheckConstraint(
                condition=Q(uncertain__lte=F("faces"), corrected__lte=F("faces")),
                name="daily_emotion_part_of_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.emotion}: {self.faces}"


class HourlyEmotion(models.Model):
    """Number of faces that showed an expression in one hour of the week, over all weeks."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="hourly_emotions"
    )
    model_version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="+")
    weekday = models.PositiveSmallIntegerField(
        validators=[MaxValueValidator(6)], help_text="Monday is 0, in the owner's time zone."
    )
    hour = models.PositiveSmallIntegerField(validators=[MaxValueValidator(23)])
    emotion = models.CharField(max_length=8, choices=Emotion)
    faces = models.PositiveIntegerField()

    class Meta:
        ordering = ["weekday", "hour", "emotion"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "model_version", "weekday", "hour", "emotion"],
                name="hourly_emotion_once",
            ),
            models.CheckConstraint(
                condition=Q(weekday__lte=6, hour__lte=23), name="hourly_emotion_in_a_week"
            ),
            allows_only("emotion", Emotion, name="hourly_emotion_known"),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.hour} {self.emotion}: {self.faces}"
