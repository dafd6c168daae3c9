"""Analyse one segment of a video: claim, sample, detect and classify each frame, store."""

from contextlib import closing
from typing import Any
from uuid import UUID

from detector.common import leases
from detector.models import ModelVersion, Video, VideoSegment
from detector.registry import networks, promotion
from detector.videos import decoding, line, observations, segments, stills
from ml.videos.types import Frame


def run_next() -> UUID | None:
    """Analyse the segment whose turn it is. Return its video; None where none is due."""
    last = decoding.last_place()
    chosen = leases.claim_next(lambda: line.next_due(last))
    if chosen is None:
        return None
    _run_claimed(chosen)
    return chosen.video_id


def _run_claimed(segment: VideoSegment) -> None:
    leases.work_on(segment, lambda: _analyse(segment), lambda error: segments.fail(segment, error))


def _analyse(segment: VideoSegment) -> None:
    line.pass_turn_of(segment)
    segments.begin(segment)
    video = segment.video
    analyser = _analyser_of(video)
    found: list[Any] = []
    cuts: list[float] = []
    collector = stills.Collector(segment, video.segments.count())
    with closing(decoding.frames_of(segment)) as frames:
        for frame, is_cut in frames:
            if is_cut:
                cuts.append(frame.time)
            faces = [observations.stored(face) for face in analyser.analyse(frame.rgb)]
            found.append([frame.time, _in_pixels_of(video, frame, faces)])
            collector.see(frame, observations.read_frame(frame.time, faces))
    pictures = [] if video.forget else collector.candidates()
    segments.complete(segment, found, cuts, pictures)


def _in_pixels_of(video: Video, frame: Frame, faces: list[list[float]]) -> list[list[float]]:
    """Return faces with boxes in the pixels of the video, whatever the size of their frame is.

    Calls on the web are recorded in sizes that change with the connection.
    """
    height, width, _ = frame.rgb.shape
    if (width, height) == (video.width, video.height):
        return faces
    return observations.scaled(faces, video.width / width, video.height / height)


def _analyser_of(video: Video) -> Any:
    """Return the network of a video: that of its first segment, for all of them."""
    active = networks.analyser()
    version: ModelVersion = networks.version_of(active)
    if video.model_version is None:
        Video.objects.filter(pk=video.pk, model_version=None).update(model_version=version)
        # Another worker may have been first, with another version.
        video.refresh_from_db(fields=["model_version"])
    elif promotion.is_withdrawn(video.model_version.name):
        # An update in between took that network away. One video has the results of one network.
        segments.begin_anew(video, version)
    if video.model_version is None or video.model_version == version:
        return active
    return networks.network_of(video.model_version)
