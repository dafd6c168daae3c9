"""Analyses and the faces that they found."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from detector.admin.base import ReadOnlyAdmin
from detector.models import Analysis, DailyEmotion, Face, WorkerHeartbeat
from detector.services import submission


class FaceInline(admin.TabularInline[Face, Analysis]):
    """The faces of one analysis."""

    model = Face
    fields = ["index", "emotion", "confidence", "uncertain", "detection_score"]
    readonly_fields = ["index", "emotion", "confidence", "uncertain", "detection_score"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Analysis | None = None) -> bool:
        """Faces are found, not made."""
        return False


@admin.register(Analysis)
class AnalysisAdmin(ReadOnlyAdmin[Analysis]):
    """The state of the work."""

    list_display = ["id", "photo", "status", "attempt", "error_code", "model_version", "queued_at"]
    list_select_related = ["photo", "model_version"]
    list_filter = ["status", "error_code", "model_version"]
    search_fields = ["id", "photo__filename", "photo__owner__username", "photo__owner__email"]
    date_hierarchy = "queued_at"
    inlines = [FaceInline]
    actions = ["retry_failed"]
    show_full_result_count = False

    @admin.action(description="Try failed analyses again", permissions=["retry"])
    def retry_failed(self, request: HttpRequest, queryset: QuerySet[Analysis]) -> None:
        """Queue the failed ones of the selection."""
        count = sum(submission.retry(analysis) for analysis in queryset)
        self.message_user(request, f"{count} analyses queued again.", messages.SUCCESS)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Whoever may change analyses."""
        return request.user.has_perm("detector.change_analysis")


@admin.register(Face)
class FaceAdmin(ReadOnlyAdmin[Face]):
    """Faces across all photos."""

    list_display = ["analysis_id", "index", "emotion", "confidence", "uncertain"]
    list_filter = ["emotion", "uncertain"]
    show_full_result_count = False


@admin.register(DailyEmotion)
class DailyEmotionAdmin(ReadOnlyAdmin[DailyEmotion]):
    """The rollup, as it stands."""

    list_display = ["owner", "day", "emotion", "faces", "uncertain", "model_version"]
    list_select_related = ["owner", "model_version"]
    list_filter = ["emotion"]
    date_hierarchy = "day"
    search_fields = ["owner__username", "owner__email"]


@admin.register(WorkerHeartbeat)
class WorkerHeartbeatAdmin(ReadOnlyAdmin[WorkerHeartbeat]):
    """Which workers were heard from."""

    list_display = ["name", "seen_at"]
