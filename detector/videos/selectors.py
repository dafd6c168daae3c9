"""Queries of videos, always scoped to the owner."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from detector.common import clock
from detector.enums import Status
from detector.models import User, Video, VideoStill, VideoTrack


def videos_of(owner: User) -> QuerySet[Video]:
    """Return an owner's videos, the newest first, with progress, tracks and stills."""
    videos = Video.objects.filter(owner=owner, deleted_at=None).order_by("-id")
    return (
        videos.select_related("model_version")
        .annotate(
            segment_count=Count("segments"),
            segments_done=Count("segments", filter=Q(segments__status=Status.DONE)),
            now=clock.moment(),
        )
        .prefetch_related("tracks__stills", "stills")
    )


def video_of(owner: User, video_id: UUID) -> Video | None:
    """Return an owner's video as `videos_of` does; None where there is none."""
    return videos_of(owner).filter(pk=video_id).first()


def trash_of(owner: User) -> QuerySet[Video]:
    """Return an owner's videos in the trash, the last deleted first."""
    return Video.objects.filter(owner=owner, deleted_at__isnull=False).order_by("-deleted_at")


def still_of(owner: User, video_id: UUID, still_id: int) -> VideoStill | None:
    """Return a picture out of an owner's video."""
    stills = VideoStill.objects.filter(video__owner=owner, video__deleted_at=None)
    return stills.filter(video=video_id, pk=still_id).first()


def track_of(owner: User, video_id: UUID, index: int) -> VideoTrack | None:
    """Return a track of an owner's video, with its video."""
    tracks = VideoTrack.objects.filter(video__owner=owner, video__deleted_at=None)
    return tracks.filter(video=video_id, index=index).select_related("video").first()


@dataclass(frozen=True)
class Progress:
    """Tells how far a video is: `percent` of its segments, and about how many seconds are left."""

    percent: int
    seconds_left: int | None


def progress_of(video: Video) -> Progress:
    """Return the progress of a video of `videos_of`; seconds are None before it has begun."""
    total: int = video.segment_count  # type: ignore[attr-defined]
    done: int = video.segments_done  # type: ignore[attr-defined]
    if video.status == Status.DONE:
        return Progress(100, 0)
    percent = 100 * done // total if total else 0
    if not done or video.started_at is None or video.is_finished:
        return Progress(percent, None)
    now: datetime = video.now  # type: ignore[attr-defined]
    passed = max((now - video.started_at).total_seconds(), 0.0)
    return Progress(percent, round(passed / done * (total - done)))


@dataclass(frozen=True)
class Watched:
    """Sums over an owner's analysed videos, in seconds."""

    videos: int
    seconds: float
    seconds_with_face: float


def watched(owner: User) -> Watched:
    """Return how much video of an owner was analysed; photos are counted elsewhere."""
    done = Video.objects.filter(owner=owner, deleted_at=None, status=Status.DONE)
    total = done.aggregate(n=Count("pk"), seconds=Sum("duration"), seen=Sum("seconds_with_face"))
    return Watched(total["n"], total["seconds"] or 0.0, total["seen"] or 0.0)


def stills_of(owner: User, video_id: UUID) -> QuerySet[VideoStill]:
    """Return the pictures out of an owner's video."""
    return VideoStill.objects.filter(video__owner=owner, video__deleted_at=None, video=video_id)
