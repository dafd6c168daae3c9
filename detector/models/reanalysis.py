"""Re-analysis campaigns: the active model analyses old photos again."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from detector.enums import ReanalysisStatus
from detector.models.constraints import allows_only
from detector.models.ids import new_id
from detector.models.model_version import ModelVersion
from detector.models.row import Row


class Reanalysis(Row):
    """A campaign that analyses photos again with `model_version`, a few at a time.

    It covers all photos that existed when it began, or only those of `owner`, or only those that
    `from_version` analysed. It goes from the newest photo to the oldest: `next_before` is the id
    of the last photo that was queued, at first an id above all. `photos` is the number of photos
    at the start; progress is counted from the analyses that refer to the campaign. `note` says
    why the campaign was paused by itself.
    """

    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    from_version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    status = models.CharField(
        max_length=9, choices=ReanalysisStatus, default=ReanalysisStatus.RUNNING
    )
    photos = models.PositiveIntegerField()
    next_before = models.UUIDField(default=new_id)
    note = models.CharField(max_length=200, blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta(Row.Meta):
        verbose_name_plural = "reanalyses"
        constraints = [
            allows_only("status", ReanalysisStatus, name="reanalysis_status_known"),
            models.CheckConstraint(
                condition=Q(
                    status__in=[ReanalysisStatus.FINISHED, ReanalysisStatus.CANCELLED],
                    finished_at__isnull=False,
                )
                | Q(
                    status__in=[ReanalysisStatus.RUNNING, ReanalysisStatus.PAUSED],
                    finished_at__isnull=True,
                ),
                name="reanalysis_finished_when_ended",
            ),
            models.CheckConstraint(
                condition=Q(from_version=None) | ~Q(from_version=F("model_version")),
                name="reanalysis_leads_to_another",
            ),
            models.UniqueConstraint(
                fields=["status"],
                condition=Q(status=ReanalysisStatus.RUNNING),
                name="reanalysis_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.photos} photos with {self.model_version}"

    @property
    def is_ended(self) -> bool:
        """Whether the campaign is finished or cancelled."""
        return self.status in (ReanalysisStatus.FINISHED, ReanalysisStatus.CANCELLED)
