"""Panels of videos and live sessions. They show no pictures."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from detector.admin.base import ErasingAdmin, ErrorCodeFilter, ReadOnlyAdmin, actor_of
from detector.enums import Status
from detector.models import LiveSession, Video, VideoSegment, VideoTrack
from detector.operations import administration
from detector.videos import erasure


class SegmentInline(admin.TabularInline[VideoSegment, Video]):
    """The segments of a video, and where each stands; folded, since half an hour has 180."""

    model = VideoSegment
    classes = ("collapse",)
    fields = readonly_fields = (
        "index", "start", "end", "status", "attempt", "started_at", "finished_at",
    )  # fmt: skip
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[VideoSegment]:
        """Return the segments without what was found in them, which is long."""
        segments = super().get_queryset(request)
        return segments.defer("observations", "cuts", "tracks", "pictures")

    def has_add_permission(self, request: HttpRequest, obj: Video | None = None) -> bool:
        """Forbid adding."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Video | None = None) -> bool:
        """Show them to whoever may see their video."""
        return request.user.has_perm("detector.view_video")


class TrackInline(admin.TabularInline[VideoTrack, Video]):
    """The people in a video."""

    model = VideoTrack
    fields = readonly_fields = ("index", "start", "end", "sightings", "emotion")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Video | None = None) -> bool:
        """Forbid adding."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Video | None = None) -> bool:
        """Show them to whoever may see their video."""
        return request.user.has_perm("detector.view_video")


def _count(rows: QuerySet[Any]) -> Coalesce:
    """Return a subquery that counts rows of each listed video only."""
    counted = rows.filter(video=OuterRef("pk")).order_by().values("video").annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n")), 0, output_field=IntegerField())


@admin.register(Video)
class VideoAdmin(ErasingAdmin[Video], ReadOnlyAdmin[Video]):
    """Panel of videos, which can be viewed, tried again and erased."""

    is_personal = True
    list_display = [
        "uploaded_at", "filename", "owner", "status", "progress", "error_code", "duration_shown",
        "people",
    ]  # fmt: skip
    list_display_links = ["filename"]
    list_select_related = ["owner"]
    list_filter = ["status", ErrorCodeFilter, ("deleted_at", admin.EmptyFieldListFilter)]
    search_fields = ["id"]
    owner_lookup, exact_lookups = "owner", ("id", "filename", "sha256")
    search_help_text = "An owner's name or e-mail, an id, a checksum, or the name of a file."
    readonly_fields = [
        "owner", "filename", "status", "progress", "error_code", "error_message", "format", "codec",
        "duration_shown", "frame_rate", "width", "height", "rate", "frame_count",
        "seconds_with_face", "stored_bytes", "has_file", "uploaded_at", "started_at",
        "finished_at", "deleted_at", "model_version", "sha256",
    ]  # fmt: skip
    fields = (*readonly_fields,)
    inlines = [SegmentInline, TrackInline]
    actions = ["retry_failed"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Video]:
        """Return all videos, each with the numbers of its segments and tracks."""
        done = VideoSegment.objects.filter(status=Status.DONE)
        return super().get_queryset(request).annotate(
            segment_count=_count(VideoSegment.objects.all()),
            segments_done=_count(done),
            track_count=_count(VideoTrack.objects.all()),
        )  # fmt: skip

    @admin.display(description="Segments")
    def progress(self, video: Any) -> str:
        """Return how many segments are done."""
        return f"{video.segments_done} of {video.segment_count}"

    @admin.display(description="Length")
    def duration_shown(self, video: Video) -> str:
        """Return the duration."""
        return f"{video.duration:.1f}\u00a0s"

    @admin.display(description="People")
    def people(self, video: Any) -> int:
        """Return the number of tracks."""
        count: int = video.track_count
        return count

    @admin.display(description="Has its file", boolean=True)
    def has_file(self, video: Video) -> bool:
        """Return whether the file was kept."""
        return bool(video.file)

    @admin.action(description="Try failed videos again", permissions=["retry"])
    def retry_failed(self, request: HttpRequest, queryset: QuerySet[Video]) -> None:
        """Queue what failed of the selection again."""
        chosen = list(queryset)
        count = administration.retry_videos(actor_of(request), chosen)
        kind = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, f"{count} of {len(chosen)} videos queued again.", kind)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Require the permission to change videos."""
        return request.user.has_perm("detector.change_video")

    def has_delete_permission(self, request: HttpRequest, obj: Video | None = None) -> bool:
        """Require the permission to delete videos."""
        return request.user.has_perm("detector.delete_video")

    def get_deleted_objects(self, objs, request):  # type: ignore[no-untyped-def]
        """Return what the confirmation shows."""
        return [str(obj) for obj in objs], {"videos": len(objs)}, set(), []

    def erase(self, obj: Video) -> None:
        """Delete the video with its timeline and files."""
        erasure.delete_video(obj)


@admin.register(LiveSession)
class LiveSessionAdmin(ReadOnlyAdmin[LiveSession]):
    """Panel of live sessions, which can be viewed. Their series of numbers is left out."""

    is_personal = True
    list_display = ["started_at", "name", "owner", "seconds", "face_count", "model"]
    list_display_links = ["name"]
    list_select_related = ["owner"]
    search_fields = ["id"]
    owner_lookup, exact_lookups = "owner", ("id", "name")
    search_help_text = "An owner's name or e-mail, an id, or the name of a session."
    readonly_fields = [
        "owner", "name", "started_at", "seconds", "model", "face_count", "totals",
        "uncertain_seconds", "felt_emotion", "note", "corrections",
    ]  # fmt: skip
    fields = (*readonly_fields,)

    @admin.display(description="Faces")
    def face_count(self, session: LiveSession) -> int:
        """Return the number of faces."""
        return len(session.faces)
