"""Finish a video whose segments are all done: tracks, summaries and stills, in one transaction.

The whole video is linked at once, from the stored faces alone. So the tracks do not depend on which
worker analysed what and when.
"""

from collections import defaultdict
from typing import Final
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import Exists, OuterRef

from detector.common import clock
from detector.enums import Status
from detector.models import Video, VideoSegment, VideoStill, VideoTrack
from detector.photos import images
from detector.videos import observations, stills, summaries
from detector.videos.observations import Observation
from detector.videos.segments import forget_file
from detector.webhooks import endpoints
from ml.videos import tracking

LONGEST_STEP: Final = 3
"""Steps between frames, over the usual one, from which frames are missing in between."""
SHORTEST: Final = 0.001
"""Least seconds from the last sighting of a track to its end."""
LEAST_RATE: Final = 0.001
"""Rates are kept in thousandths of frames per second."""

Tracks = dict[int, list[Observation]]
Made = tuple[int | None, VideoStill, int]
"""The number of a track, None for a whole frame, the still that shows it, unsaved, its bytes."""


def finish(video_id: UUID) -> bool:
    """Finish a video if all its segments are done. Return whether this call finished it.

    Several workers may get here; the first to commit finishes it.
    """
    left = VideoSegment.objects.filter(video=video_id).exclude(status=Status.DONE)
    video = Video.objects.filter(pk=video_id, status=Status.RUNNING).first()
    if video is None or left.exists():
        return False
    segments = list(video.segments.defer("pictures").order_by("index"))
    frame_count = _link(video, segments)
    tracks = _tracks_of(segments)
    made: list[Made] = []
    is_first = False
    try:
        # Some were cut before its owner wished that none be kept, where it was uploaded again.
        for chosen in () if video.forget else stills.choose(video, tracks):
            number = chosen.face.track if chosen.face else None
            made.append((number, *stills.store(video, chosen)))
        is_first = _store(video, segments, frame_count, tracks, made)
    finally:
        if not is_first:
            images.delete_files([str(still.picture.name) for _, still, _ in made])
    return is_first


def finish_stuck() -> list[UUID]:
    """Finish videos whose last worker died before it could. Return which."""
    waiting = Video.objects.filter(status=Status.RUNNING)
    open_segments = VideoSegment.objects.filter(video=OuterRef("pk")).exclude(status=Status.DONE)
    done = waiting.exclude(Exists(open_segments)).values_list("pk", flat=True)
    return [video_id for video_id in list(done) if finish(video_id)]


def _link(video: Video, segments: list[VideoSegment]) -> int:
    """Set the rate of the video and the track of each face. Return the number of frames."""
    video.rate = _rate_of(video, [time for each in segments for time, _ in each.observations])
    cuts = {time for segment in segments for time in segment.cuts}
    frames = observations.frames_of(segments)
    sightings = ((time, [face.sighting for face in faces]) for time, faces in frames)
    numbers = tracking.follow(sightings, cuts, video.rate)
    rest = iter(numbers)
    for segment in segments:
        segment.tracks = [next(rest) for _ in segment.observations]
    return len(numbers)


def _tracks_of(segments: list[VideoSegment]) -> Tracks:
    """Return the faces of each track. The segments forget theirs: a long video has many."""
    tracks: Tracks = defaultdict(list)
    for segment in segments:
        for _, faces in observations.frames_of([segment]):
            for face in faces:
                if face.track is not None:
                    tracks[face.track].append(face)
        segment.observations = []
    return tracks


@transaction.atomic
def _store(
    video: Video,
    segments: list[VideoSegment],
    frame_count: int,
    tracks: Tracks,
    made: list[Made],
) -> bool:
    seen = {face.time for found in tracks.values() for face in found}
    # If its owner wished meanwhile that no still be kept, the next sweep finishes it without.
    present = Video.objects.filter(pk=video.pk, status=Status.RUNNING, forget=video.forget)
    finished = present.update(
        status=Status.DONE,
        finished_at=clock.now(),
        frame_count=frame_count,
        rate=video.rate,
        seconds_with_face=round(min(len(seen) / video.rate, video.duration), 3),
        stored_bytes=video.stored_bytes + sum(size for _, _, size in made),
    )
    if not finished:
        return False
    for segment in segments:
        segment.pictures = []
    VideoSegment.objects.bulk_update(segments, ["tracks", "pictures"], batch_size=50)
    rows = {track.index: track for track in VideoTrack.objects.bulk_create(_rows(video, tracks))}
    for number, still, _ in made:
        still.track = None if number is None else rows[number]
    VideoStill.objects.bulk_create([still for _, still, _ in made])
    video.refresh_from_db()
    endpoints.record_video(video)
    if video.forget:
        forget_file(video)
    return True


def _rate_of(video: Video, times: list[float]) -> float:
    """Return how many frames per second were analysed: of a slow film fewer than planned.

    Each sighting stands for the time until the next frame. Spans without frames are left out.
    """
    steps = np.diff(times)
    if video.frame_rate >= video.rate:
        return video.rate
    if not len(steps):
        return max(round(video.frame_rate, 3), LEAST_RATE)
    usual = steps[steps <= LONGEST_STEP * np.median(steps)]
    return min(round(1 / float(usual.mean()), 3), video.rate)


def _rows(video: Video, tracks: Tracks) -> list[VideoTrack]:
    rows = []
    for number, found in sorted(tracks.items()):
        # The last frame may last for less than the usual one, but for a moment at least.
        last = max(video.duration, found[-1].time + SHORTEST)
        end = round(min(found[-1].time + 1 / video.rate, last), 3)
        summary = summaries.summarise(found, video.rate, end)
        rows.append(
            VideoTrack(
                video=video,
                index=number,
                start=found[0].time,
                end=end,
                sightings=len(found),
                emotion=summaries.dominant(summary, found),
                summary=summary,
            )
        )
    return rows
