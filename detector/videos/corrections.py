"""Corrections: what owners say of a span of a track."""

import math
from typing import Final

from django.db import transaction

from detector.common import clock
from detector.exceptions import DetectorError
from detector.models import Video, VideoCorrection, VideoTrack
from detector.videos import summaries, timeline

CORRECTIONS: Final = 200
"""Most of a track: each of its sightings is compared with all of them."""
OUTSIDE = DetectorError(
    "invalid_span", "The span must begin before it ends, and lie within the time of the track."
)

TOO_MANY = DetectorError(
    "too_many_corrections",
    f"A person has at most {CORRECTIONS} corrections. Correct a longer span, which replaces those "
    "within it.",
    details={"max_corrections": CORRECTIONS},
)


@transaction.atomic
def correct(track: VideoTrack, *, start: float, end: float, emotion: str) -> VideoCorrection:
    """Store what the owner says of a span [start, end); an empty emotion takes it back.

    Raises DetectorError `invalid_span` or `too_many_corrections`.
    """
    video = Video.objects.select_for_update(no_key=True).get(pk=track.video_id)
    # What is no number or has no end is stored by databases, and breaks every timeline after that.
    if not 0 <= start < end < math.inf or end <= track.start or start >= track.end:
        raise OUTSIDE.with_details(start=track.start, end=track.end)
    earlier = VideoCorrection.objects.filter(track=track)
    # What lies wholly within says nothing any more.
    earlier.filter(start__gte=start, end__lte=end).delete()
    if earlier.count() >= CORRECTIONS:
        raise TOO_MANY
    made = VideoCorrection.objects.create(
        track=track, start=start, end=end, emotion=emotion, created_at=clock.now()
    )
    lane = next(lane for lane in timeline.lanes_of(video) if lane.track.pk == track.pk)
    summary = summaries.summarise(lane.found, video.rate, lane.track.end, lane.corrections)
    VideoTrack.objects.filter(pk=track.pk).update(
        summary=summary, emotion=summaries.dominant(summary, lane.found)
    )
    track.refresh_from_db()
    return made
