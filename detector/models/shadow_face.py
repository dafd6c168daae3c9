"""Predictions of model versions in the shadow, which users do not see."""

from django.db import models
from django.db.models import Q

from detector.enums import Emotion
from detector.models.constraints import allows_only
from detector.models.face import Face
from detector.models.model_version import ModelVersion


class ShadowFace(models.Model):
    """The prediction of a version in the shadow for one face; deleted with the face."""

    face = models.ForeignKey(Face, on_delete=models.CASCADE, related_name="shadows")
    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.CASCADE, related_name="shadow_faces", db_index=False
    )
    emotion = models.CharField(max_length=8, choices=Emotion)
    confidence = models.FloatField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["model_version", "face"], name="shadow_face_once_a_version"
            ),
            allows_only("emotion", Emotion, name="shadow_face_emotion_known"),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1),
                name="shadow_face_confidence_unit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.emotion} {self.confidence:.0%}"
