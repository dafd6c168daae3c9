"""Fine-tunes: training runs that teach a model version the corrections of people."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from detector.enums import FineTuneStatus
from detector.models.constraints import allows_only
from detector.models.model_version import ModelVersion
from detector.models.reviewed_export import ReviewedExport
from detector.models.row import Row


class FineTune(Row):
    """One fine-tune: its base version, its reviewed faces and its result.

    The row is the source of truth. Only one runs at a time, since each uses a processor for long.
    `heard_at` is the last heartbeat of its worker; `log` holds the last lines of the training.
    """

    name = models.CharField(max_length=50, unique=True, help_text="Of the candidate.")
    base = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    reviewed = models.ForeignKey(
        ReviewedExport, on_delete=models.PROTECT, related_name="fine_tunes"
    )
    result = models.OneToOneField(
        ModelVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="fine_tune",
    )
    status = models.CharField(max_length=9, choices=FineTuneStatus, default=FineTuneStatus.QUEUED)
    stage = models.CharField(max_length=20, blank=True)
    progress = models.FloatField(default=0.0)
    log = models.TextField(blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    heard_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta(Row.Meta):
        verbose_name = "fine-tune"
        constraints = [
            allows_only("status", FineTuneStatus, name="fine_tune_status_known"),
            models.CheckConstraint(
                condition=Q(progress__gte=0, progress__lte=1), name="fine_tune_progress_unit"
            ),
            models.CheckConstraint(
                condition=~Q(status=FineTuneStatus.DONE) | Q(result__isnull=False),
                name="fine_tune_done_names_result",
            ),
            models.UniqueConstraint(
                fields=["status"],
                condition=Q(status=FineTuneStatus.RUNNING),
                name="fine_tune_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether it is queued or running."""
        return self.status in FineTuneStatus.unfinished()
