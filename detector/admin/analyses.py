"""Panels of analyses, faces, rollups and workers."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from detector.admin import pictures
from detector.admin.base import ErrorCodeFilter, ReadOnlyAdmin, actor_of
from detector.models import Analysis, DailyEmotion, Face, User, WorkerHeartbeat
from detector.operations import administration


class FaceInline(admin.TabularInline[Face, Analysis]):
    """The faces of one analysis."""

    model = Face
    fields = readonly_fields = (
        "index", "emotion", "confidence", "uncertain", "reviewed_emotion", "detection_score",
    )  # fmt: skip
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Analysis | None = None) -> bool:
        """Forbid adding."""
        return False


@admin.register(Analysis)
class AnalysisAdmin(ReadOnlyAdmin[Analysis]):
    """Panel of analyses."""

    is_personal = True
    list_display = [
        "queued_at", "small_picture", "photo", "owner", "status", "attempt", "error_code",
        "duration", "model_version",
    ]  # fmt: skip
    list_select_related = ["photo", "owner", "model_version"]
    list_filter = ["status", "superseded", ErrorCodeFilter, "model_version"]
    search_fields = ["id"]
    owner_lookup, exact_lookups = "owner", ("id", "photo_id")
    search_help_text = "An owner's name or e-mail, or an id of an analysis or of a photo."
    date_hierarchy = "queued_at"
    readonly_fields = ["large_picture"]
    inlines = [FaceInline]
    actions = ["retry_failed", "analyse_again", "cancel"]

    @admin.display(description="Picture")
    def small_picture(self, analysis: Analysis) -> Any:
        """Return the thumbnail."""
        return pictures.picture_of(analysis.photo, "thumbnail")

    @admin.display(description="Picture")
    def large_picture(self, analysis: Analysis) -> Any:
        """Return the upright picture."""
        return pictures.picture_of(analysis.photo, "image")

    @admin.display(description="Took")
    def duration(self, analysis: Analysis) -> str:
        """Return the time of all stages together."""
        total = sum(analysis.timings_ms.values())
        return f"{total:.0f}\u00a0ms" if total else "–"

    @admin.action(description="Try failed analyses again", permissions=["retry"])
    def retry_failed(self, request: HttpRequest, queryset: QuerySet[Analysis]) -> None:
        """Queue the failed analyses of the selection again."""
        self._do(request, queryset, administration.retry, "queued again")

    @admin.action(description="Analyse photos again", permissions=["retry"])
    def analyse_again(self, request: HttpRequest, queryset: QuerySet[Analysis]) -> None:
        """Queue new analyses for the photos of the selection."""
        self._do(request, queryset, administration.analyse_again, "queued again")

    @admin.action(description="Cancel queued and running analyses", permissions=["retry"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Analysis]) -> None:
        """Cancel the unfinished analyses of the selection."""
        self._do(request, queryset, administration.cancel, "cancelled")

    def _do(
        self,
        request: HttpRequest,
        queryset: QuerySet[Analysis],
        change: Callable[[User, Iterable[Analysis]], int],
        done: str,
    ) -> None:
        chosen = list(queryset.select_related("owner", "photo__owner"))
        count = change(actor_of(request), chosen)
        kind = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, f"{count} of {len(chosen)} analyses {done}.", kind)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Require the permission to change analyses."""
        return request.user.has_perm("detector.change_analysis")


@admin.register(Face)
class FaceAdmin(ReadOnlyAdmin[Face]):
    """Panel of faces."""

    is_personal = True
    list_display = [
        "id", "small_picture", "index", "emotion", "confidence", "uncertain", "reviewed_emotion",
        "read_by",
    ]  # fmt: skip
    list_select_related = ["analysis__photo__owner", "analysis__model_version"]
    list_filter = ["emotion", "uncertain", "reviewed_emotion"]
    search_fields = ["analysis__id"]
    owner_lookup, exact_lookups = "analysis__owner", ("analysis_id",)
    search_help_text = "An owner's name or e-mail, or the id of an analysis."
    # Newest first, in the order of an index.
    ordering = ["-id"]
    raw_id_fields = ["analysis"]

    @admin.display(description="Picture")
    def small_picture(self, face: Face) -> Any:
        """Return the thumbnail of the face's photo."""
        return pictures.picture_of(face.analysis.photo, "thumbnail")

    @admin.display(description="Model")
    def read_by(self, face: Face) -> str:
        """Return the model that found the face."""
        return str(face.analysis.model_version or "–")


@admin.register(DailyEmotion)
class DailyEmotionAdmin(ReadOnlyAdmin[DailyEmotion]):
    """Panel of the daily rollup."""

    is_personal = True
    list_display = ["owner", "day", "emotion", "faces", "uncertain", "model_version"]
    list_select_related = ["owner", "model_version"]
    list_filter = ["emotion"]
    ordering = ["-id"]
    date_hierarchy = "day"
    search_fields = ["owner__username"]
    owner_lookup = "owner"
    search_help_text = "An owner's name or e-mail."


@admin.register(WorkerHeartbeat)
class WorkerHeartbeatAdmin(ReadOnlyAdmin[WorkerHeartbeat]):
    """Panel of the workers' heartbeats."""

    list_display = ["name", "seen_at", "taken_at", "is_busy"]
