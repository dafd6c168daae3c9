"""Segments of videos: plan, complete and fail, by `detector.common.leases`."""

import math
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from detector.common import clock, leases
from detector.enums import UNDER_WAY, Status
from detector.exceptions import DetectorError
from detector.models import ModelVersion, Video, VideoSegment
from detector.photos import images
from detector.videos import line
from detector.webhooks import endpoints

NOISE = 1e-6
"""A duration of 3 s may be stored as 3.0000000000000004."""


def spans(duration: float, rate: float) -> list[tuple[float, float]]:
    """Return the spans of a video's segments. They begin and end where slots do.

    So which frames are sampled does not depend on how long segments are.
    """
    slots = max(math.ceil(duration * rate - NOISE), 1)
    step = max(round(settings.VIDEO_SEGMENT_SECONDS * rate), 1)
    edges = [*range(0, slots, step), slots]
    return [(edges[n] / rate, edges[n + 1] / rate) for n in range(len(edges) - 1)]


def create(video: Video) -> list[VideoSegment]:
    """Create the segments of a new video, queued."""
    now, turn = clock.now(), line.place(video.owner_id)
    return VideoSegment.objects.bulk_create(
        VideoSegment(
            video=video,
            index=index,
            start=start,
            end=end,
            turn=turn + index,
            queued_at=now,
            due_at=now,
        )
        for index, (start, end) in enumerate(spans(video.duration, video.rate))
    )


def begin(segment: VideoSegment) -> None:
    """Say that a claimed segment's video has begun."""
    Video.objects.filter(pk=segment.video_id, status=Status.QUEUED).update(
        status=Status.RUNNING, started_at=clock.now()
    )


@transaction.atomic
def begin_anew(video: Video, version: ModelVersion) -> None:
    """Let another version analyse a video, also what was done with the one it had."""
    before = video.model_version
    begun = Video.objects.filter(pk=video.pk, model_version=before).update(model_version=version)
    # Else another worker was first, perhaps with a version of its own.
    video.refresh_from_db(fields=["model_version"])
    if not begun:
        return
    now = clock.now()
    VideoSegment.objects.filter(video=video, status=Status.DONE).update(
        status=Status.QUEUED, attempt=0, due_at=now, sent_at=None, finished_at=None,
        turn=line.place(video.owner_id), observations=[], cuts=[], tracks=[], pictures=[],
    )  # fmt: skip


def slot_before(segment: VideoSegment) -> float:
    """Return where the slot before a segment begins, in seconds; 0 for the first segment."""
    rate = segment.video.rate
    return max(round(segment.start * rate) - 1, 0) / rate


def is_before(time: float, segment: VideoSegment) -> bool:
    """Return whether a frame lies in the slot before a segment."""
    return time < segment.start - NOISE


def complete(
    segment: VideoSegment, observations: list[Any], cuts: list[float], pictures: list[Any]
) -> None:
    """Store what was found. Raises LeaseLostError where the lease is lost."""
    leases.update(
        segment,
        status=Status.DONE,
        observations=observations,
        cuts=cuts,
        pictures=pictures,
        finished_at=clock.now(),
        lease_expires_at=None,
    )


def fail(segment: VideoSegment, error: DetectorError) -> None:
    """Queue a segment again where a retry may help, else fail its video. Raises LeaseLostError."""
    changes = leases.retry_after(segment, error)
    if changes is not None:
        leases.update(segment, **changes)
        return
    with transaction.atomic():
        leases.renew(segment)
        fail_video(segment.video_id, error)


@transaction.atomic
def fail_video(video_id: UUID, error: DetectorError) -> bool:
    """Fail a video, with the segments that are not done. Return whether it was under way.

    Workers that run other segments of it find that their lease is lost.
    """
    now = clock.now()
    failed = Video.objects.filter(pk=video_id, status__in=UNDER_WAY).update(
        status=Status.FAILED, error_code=error.code, error_message=error.message, finished_at=now
    )
    if not failed:
        return False
    rest = VideoSegment.objects.filter(video=video_id, status__in=UNDER_WAY)
    rest.update(status=Status.FAILED, lease_expires_at=None, finished_at=now)
    video = Video.objects.get(pk=video_id)
    endpoints.record_video(video)
    if video.forget:
        forget_file(video)
    return True


def forget_file(video: Video) -> None:
    """Take the file out of the row of a finished video; it goes after the commit."""
    name = str(video.file.name or "")
    Video.objects.filter(pk=video.pk).update(file="", stored_bytes=0)
    video.file, video.stored_bytes = "", 0
    if name:
        transaction.on_commit(lambda: images.delete_files([name]))


@transaction.atomic
def retry(video: Video) -> bool:
    """Queue what failed of a video again. Return whether it had failed and has its file."""
    changed = (
        Video.objects.filter(pk=video.pk, status=Status.FAILED)
        .exclude(file="")
        .update(
            status=Status.QUEUED,
            started_at=None,
            finished_at=None,
            error_code="",
            error_message="",
        )
    )
    if changed:
        now = clock.now()
        VideoSegment.objects.filter(video=video, status=Status.FAILED).update(
            status=Status.QUEUED, attempt=0, queued_at=now, due_at=now, sent_at=None,
            finished_at=None, turn=line.place(video.owner_id),
        )  # fmt: skip
    return bool(changed)


def release_abandoned() -> int:
    """Queue segments of lost workers again, or fail videos with too many attempts.

    Return how many segments there were.
    """
    now: datetime = clock.now()
    lost, spent = leases.abandoned(VideoSegment.objects.all(), now)
    videos = set(spent.values_list("video", flat=True))
    failed = sum(_give_up(video_id, now) for video_id in videos)
    return failed + leases.queue_again(lost, now)


@transaction.atomic
def _give_up(video_id: UUID, now: datetime) -> bool:
    """Fail a video, unless the worker that was given up has done its segment meanwhile."""
    _, spent = leases.abandoned(VideoSegment.objects.filter(video=video_id), now)
    ended = spent.update(status=Status.FAILED, lease_expires_at=None, finished_at=clock.now())
    return bool(ended) and fail_video(video_id, leases.WORKER_LOST)
