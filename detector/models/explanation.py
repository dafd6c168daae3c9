"""Explanations: heat maps of where the network looked in a face."""

from django.db import models
from django.db.models import Q

from detector.models.face import Face
from detector.models.photo import private_path
from detector.models.row import Row


def picture_path(_explanation: "Explanation", _filename: str) -> str:
    """Return a new path for a heat map."""
    return private_path("explanations", ".jpg")


class Explanation(Row):
    """A heat map of a face, drawn by a worker on request.

    It waits while it has neither a picture nor an error. `sent_at` is when a message was last sent.
    """

    face = models.OneToOneField(Face, on_delete=models.CASCADE, related_name="explanation")
    picture = models.FileField(upload_to=picture_path, blank=True, max_length=200)
    attempt = models.PositiveSmallIntegerField(default=0)
    requested_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=50, blank=True)
    error_message = models.CharField(max_length=500, blank=True)

    class Meta(Row.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(picture="") | Q(error_code=""), name="explanation_picture_or_error"
            ),
        ]
        indexes = [
            models.Index(
                fields=["requested_at"],
                condition=Q(picture="", error_code=""),
                name="explanation_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.face_id} {self.picture or self.error_code or 'waiting'}"

    @property
    def is_waiting(self) -> bool:
        """Whether a worker still has to draw it."""
        return not self.picture and not self.error_code
