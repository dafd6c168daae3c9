"""Analyses: the job of finding and classifying the faces of a photo, and its result."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from detector.enums import Emotion, Priority, Status
from detector.models.constraints import allows_only
from detector.models.model_version import ModelVersion
from detector.models.photo import Photo
from detector.models.reanalysis import Reanalysis
from detector.models.row import Row

if TYPE_CHECKING:
    from detector.models.face import Face


PASSING_ERRORS = frozenset({"cancelled", "internal_error", "timed_out", "worker_lost"})
"""Error codes of failures that are not the photo's fault."""


class Analysis(Row):
    """One analysis of one photo.

    The row is the source of truth; a message in the broker is only a hint to look at it. The
    worker that moved the row to `running` holds a lease. It may write only while `started_at` is
    still the time of its claim (a fencing token). `sent_at` is when a message was last sent.
    `due_at` is when a queued row may be claimed. Of those that are due, the one with the lowest
    `turn` is next (see `detector.analyses.line`).

    A photo has exactly one current analysis, which is shown and counted; all others are
    `superseded`. A renewal is a new analysis of a photo that has a result already. It starts as
    `superseded` and becomes current when it is done. Where it fails, the earlier result stays.

    `owner` (the photo's) and `best_confidence` (of the most confident face that counts) are
    denormalised, so that an index can serve one page of a long history.
    """

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="analyses")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="analyses", db_index=False
    )
    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="analyses"
    )
    reanalysis = models.ForeignKey(
        Reanalysis, on_delete=models.SET_NULL, null=True, blank=True, related_name="analyses",
        db_index=False, help_text="The campaign that asked for it.",
    )  # fmt: skip
    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED)
    # Also defaults of the database: processes of the version before may still add rows.
    priority = models.PositiveSmallIntegerField(
        choices=Priority, default=Priority.SINGLE, db_default=Priority.SINGLE
    )
    turn = models.PositiveBigIntegerField(default=0, db_default=0)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    superseded = models.BooleanField(default=False)
    queued_at = models.DateTimeField()
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=50, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    best_confidence = models.FloatField(
        default=0.0, help_text="Of the surest face that counts; 0 without one."
    )
    timings_ms = models.JSONField(default=dict, blank=True, help_text="Milliseconds per stage.")

    class Meta(Row.Meta):
        verbose_name_plural = "analyses"
        constraints = [
            allows_only("status", Status, name="analysis_status_known"),
            allows_only("priority", Priority, name="analysis_priority_known"),
            models.CheckConstraint(
                condition=Q(status=Status.RUNNING, lease_expires_at__isnull=False)
                | (~Q(status=Status.RUNNING) & Q(lease_expires_at__isnull=True)),
                name="analysis_lease_while_running",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[Status.DONE, Status.FAILED], finished_at__isnull=False)
                | Q(status__in=[Status.QUEUED, Status.RUNNING], finished_at__isnull=True),
                name="analysis_finished_when_ended",
            ),
            models.CheckConstraint(
                condition=(Q(status=Status.FAILED) & ~Q(error_code=""))
                | (~Q(status=Status.FAILED) & Q(error_code="")),
                name="analysis_error_when_failed",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.DONE) | Q(model_version__isnull=False),
                name="analysis_done_names_model",
            ),
            models.CheckConstraint(
                condition=Q(best_confidence__gte=0, best_confidence__lte=1),
                name="analysis_confidence_unit",
            ),
            models.UniqueConstraint(
                fields=["photo"],
                condition=Q(status__in=[Status.QUEUED, Status.RUNNING]),
                name="analysis_one_open_a_photo",
            ),
            models.UniqueConstraint(
                fields=["photo"],
                condition=Q(superseded=False),
                name="analysis_one_current_a_photo",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="analysis_by_owner"),
            models.Index(
                fields=["owner", "-photo"], condition=Q(superseded=False), name="analysis_history"
            ),
            models.Index(
                fields=["owner", "best_confidence", "photo"],
                condition=Q(superseded=False),
                name="analysis_by_confidence",
            ),
            models.Index(
                fields=["turn", "priority", "id"],
                condition=Q(status=Status.QUEUED),
                name="analysis_waiting",
            ),
            models.Index(fields=["owner", "priority", "turn"], name="analysis_line"),
            models.Index(
                fields=["lease_expires_at"],
                condition=Q(status=Status.RUNNING),
                name="analysis_leased",
            ),
            models.Index(fields=["finished_at"], name="analysis_by_end"),
            models.Index(fields=["queued_at"], name="analysis_by_queueing"),
            models.Index(
                fields=["error_code", "-id"],
                condition=Q(status=Status.FAILED),
                name="analysis_failures",
            ),
            models.Index(
                fields=["reanalysis", "status"],
                condition=Q(reanalysis__isnull=False),
                name="analysis_of_reanalysis",
            ),
            # With the status, so that SQLite prefers them to the other indexes of an owner: it does
            # not know how many rows fit, and expects fewer the more columns are equal. Pages are
            # sorted by photo, the API by analysis.
            models.Index(
                fields=["owner", "status", "-photo"],
                condition=~Q(status=Status.DONE) & Q(superseded=False),
                name="analysis_without_result",
            ),
            models.Index(
                fields=["owner", "status", "-id"],
                condition=~Q(status=Status.DONE) & Q(superseded=False),
                name="analysis_without_result_by_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.photo_id} {self.status}"

    @property
    def is_finished(self) -> bool:
        """Whether the analysis is done or has failed."""
        return self.status in (Status.DONE, Status.FAILED)

    @property
    def may_pass(self) -> bool:
        """Whether it failed for a reason that may be gone on a retry."""
        return self.error_code in PASSING_ERRORS

    @property
    def dominant_face(self) -> "Face | None":
        """The largest face: most likely the subject of the photo."""
        return self.dominant_of(self.faces.all())

    @staticmethod
    def dominant_of(faces: "Iterable[Face]") -> "Face | None":
        """Return the largest of an analysis's faces; None without a face."""
        real = (face for face in faces if not face.is_dismissed)
        return max(real, key=lambda face: face.width * face.height, default=None)

    @property
    def dominant_emotion(self) -> Emotion | None:
        """The expression of the largest face; None without a face."""
        face = self.dominant_face
        return Emotion(face.effective_emotion) if face else None
