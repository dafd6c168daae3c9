"""Faces found in photos, and their expressions."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, F, Q, Value, When

from detector.enums import Emotion, Verdict
from detector.models.analysis import Analysis
from detector.models.constraints import allows_only


def _probability() -> "models.FloatField[float, float]":
    return models.FloatField(validators=[MinValueValidator(0.0), MaxValueValidator(1.0)])


class Face(models.Model):
    """One face. Box and landmarks are in pixels of the upright image, probabilities calibrated.

    `emotion` is the model's prediction. `reviewed_emotion` is the verdict of people: the owner's,
    else the reviewers'. `effective_emotion` is what is shown and counted: the people's expression,
    else the model's. It is empty where people say that this is not a face.
    """

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
    reviewed_emotion = models.CharField(max_length=11, choices=Verdict, blank=True)
    effective_emotion = models.GeneratedField(
        expression=Case(
            When(reviewed_emotion=Verdict.NOT_A_FACE, then=Value("")),
            When(reviewed_emotion__in=["", Verdict.CANNOT_TELL], then=F("emotion")),
            default=F("reviewed_emotion"),
        ),
        output_field=models.CharField(max_length=11),
        db_persist=True,
    )
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
            allows_only("emotion", Emotion, name="face_emotion_known"),
            models.CheckConstraint(
                condition=Q(reviewed_emotion="") | Q(reviewed_emotion__in=Verdict.values),
                name="face_reviewed_emotion_known",
            ),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1), name="face_confidence_unit"
            ),
        ]
        indexes = [
            models.Index(fields=["effective_emotion", "analysis"], name="face_by_emotion"),
            models.Index(fields=["emotion", "-id"], name="face_by_reading"),
            models.Index(
                fields=["analysis"], condition=~Q(reviewed_emotion=""), name="face_reviewed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.emotion} {self.confidence:.0%}"

    @property
    def is_named(self) -> bool:
        """Whether people named its expression."""
        return self.reviewed_emotion in Emotion.values

    @property
    def is_corrected(self) -> bool:
        """Whether people named another expression than the model."""
        return self.is_named and self.reviewed_emotion != self.emotion

    @property
    def is_dismissed(self) -> bool:
        """Whether people said that this is not a face; it is counted nowhere then."""
        return self.reviewed_emotion == Verdict.NOT_A_FACE

    @property
    def counted_as(self) -> str:
        """Return the emotion that counts, as `effective_emotion` does, for unsaved faces, too."""
        if self.is_dismissed:
            return ""
        return str(self.reviewed_emotion if self.is_named else self.emotion)

    @property
    def shown_as(self) -> str:
        """The label to show: the effective emotion, or `not_a_face`."""
        return str(self.effective_emotion or Verdict.NOT_A_FACE)

    @property
    def is_uncertain(self) -> bool:
        """Whether to show the label as uncertain: the model is, and no person has decided."""
        return self.uncertain and not self.is_named and not self.is_dismissed

    @property
    def shown_confidence(self) -> float | None:
        """The confidence to show beside `shown_as`; None where people contradicted the model.

        The model's confidence does not apply to a label that people gave.
        """
        return None if self.is_corrected or self.is_dismissed else float(self.confidence)

    @property
    def effective_confidence(self) -> float:
        """The model's probability of the effective emotion."""
        if not self.is_corrected:
            return float(self.confidence)
        return self.probabilities[Emotion(self.reviewed_emotion)]

    @property
    def probabilities(self) -> dict[Emotion, float]:
        """The seven probabilities, in the order of `Emotion`."""
        return {
            emotion: float(getattr(self, name)) for emotion, name in self.PROBABILITY_FIELDS.items()
        }
