"""Analyse one segment of a video: claim, sample, detect and classify each frame, store."""

from typing import Any
from uuid import UUID

from detector.common import leases
from detector.models import ModelVersion, Video, VideoSegment
from detector.registry import networks
from detector.videos import files, line, observations, segments, stills
from ml.videos.cuts import CutDetector


def run_next() -> UUID | None:
    """Analyse the segment whose turn it is. Return its video; None where none is due."""
    chosen = leases.claim_next(line.next_due)
    if chosen is None:
        return None
    _run_claimed(chosen)
    return chosen.video_id


def _run_claimed(segment: VideoSegment) -> None:
    leases.work_on(segment, lambda: _analyse(segment), lambda error: segments.fail(segment, error))


def _analyse(segment: VideoSegment) -> None:
    segments.begin(segment)
    video = segment.video
    analyser = _analyser_of(video)
    found: list[Any] = []
    cuts: list[float] = []
    collector, detector = stills.Collector(segment, video.segments.count()), CutDetector()
    # With the frame before the segment, since a shot may begin with its first one.
    for frame in files.sample(video, [(segments.slot_before(segment), segment.end)]):
        is_cut = detector.is_cut(frame.rgb)
        if segments.is_before(frame.time, segment):
            continue
        if is_cut:
            cuts.append(frame.time)
        faces = [observations.stored(face) for face in analyser.analyse(frame.rgb)]
        found.append([frame.time, faces])
        collector.see(frame, observations.read_frame(frame.time, faces))
    pictures = [] if video.forget else collector.candidates()
    segments.complete(segment, found, cuts, pictures)


def _analyser_of(video: Video) -> Any:
    """Return the network of a video: that of its first segment, for all of them."""
    active = networks.analyser()
    version: ModelVersion = networks.version_of(active)
    if video.model_version is None:
        Video.objects.filter(pk=video.pk, model_version=None).update(model_version=version)
        # Another worker may have been first, with another version.
        video.refresh_from_db(fields=["model_version"])
    if video.model_version is None or video.model_version == version:
        return active
    return networks.network_of(video.model_version)
