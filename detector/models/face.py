"""A face that was found in a photo, and its expression."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from detector.enums import Emotion
from detector.models.analysis import Analysis


def _probability() -> "models.FloatField[float, float]":
    return models.FloatField(validators=[MinValueValidator(0.0), MaxValueValidator(1.0)])


class Face(models.Model):
    """One face; box and landmarks in pixels of the upright image, probabilities calibrated."""

    PROBABILITY_FIELDS = {emotion: f"p_{emotion.value}" for emotion in Emotion}

    analysis = models.ForeignKey(Analysis, on_delete=models.CASCADE, related_name="faces")
    index = models.PositiveSmallIntegerField()
    x = models.FloatField()
    y = models.FloatField()
    width = models.FloatField()
    height = models.FloatField()
    landmarks = models.JSONField(help_text="Eyes, nose, mouth corners as [x, y].")
    detection_score = _probability()
    quality = models.JSONField(default=dict)
    emotion = models.CharField(max_length=8, choices=Emotion)
    confidence = _probability()
    uncertain = models.BooleanField()
    p_angry = _probability()
    p_disgust = _probability()
    p_fear = _probability()
    p_happy = _probability()
    p_sad = _probability()
    p_surprise = _probability()
    p_neutral = _probability()

    class Meta:
        ordering = ["index"]
        constraints = [
            models.UniqueConstraint(fields=["analysis", "index"], name="face_index_once"),
            models.CheckConstraint(
                condition=Q(width__gt=0, height__gt=0), name="face_box_has_area"
            ),
            models.CheckConstraint(
                condition=Q(emotion__in=Emotion.values), name="face_emotion_known"
            ),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1), name="face_confidence_unit"
            ),
        ]
        indexes = [models.Index(fields=["emotion", "analysis"], name="face_by_emotion")]

    def __str__(self) -> str:
        return f"{self.emotion} {self.confidence:.0%}"

    @property
    def probabilities(self) -> dict[Emotion, float]:
        """The seven probabilities, in the order of `Emotion`."""
        return {
            emotion: float(getattr(self, name)) for emotion, name in self.PROBABILITY_FIELDS.items()
        }
