"""Frames of segments, by a process that is kept from one segment to the next.

To start one takes a quarter of a second, and it has to decode again from the last key frame on. So
a worker keeps that of its last segment, which goes on where the next segment follows on that. The
process ends with the worker, or when nothing is asked of it for some seconds.
"""

from collections.abc import Generator
from typing import Final, NamedTuple

from detector.models import VideoSegment
from detector.videos import files, segments
from detector.videos.stretches import Place
from ml.videos.cuts import CutDetector
from ml.videos.errors import VideoError
from ml.videos.process import Decoder, DecoderEndedError
from ml.videos.types import Frame

SampledFrames = Generator[tuple[Frame, bool], None, None]
"""Frames, each with whether a shot begins with it."""


class _Kept(NamedTuple):
    """A decoder, the segment that it has read, and what compares the next frame with its last."""

    place: Place
    decoder: Decoder
    cuts: CutDetector


_kept: Final[list[_Kept]] = []
"""One at most: a worker does one task at a time."""


def last_place() -> Place | None:
    """Return the segment after which decoding could go on; None where no decoder is kept."""
    return _kept[0].place if _kept else None


def drop() -> None:
    """End the process that is kept."""
    while _kept:
        _kept.pop().decoder.close()


def frames_of(segment: VideoSegment) -> SampledFrames:
    """Yield the sampled frames of a segment. Close the generator where not all are read.

    Raises DetectorError where the file is gone or cannot be decoded, or the storage is away.
    """
    try:
        try:
            yield from _frames_of(segment)
        except DecoderEndedError:
            # The one that was kept was about to end when it was asked.
            yield from _frames_of(segment)
    except VideoError as error:
        raise files.as_detector_error(error) from error


def _frames_of(segment: VideoSegment) -> SampledFrames:
    place = Place(segment.video_id, segment.index)
    decoder, cuts = _taken(place) or (files.decoder(segment.video), None)
    # Whether a shot begins with the first frame, the one before tells.
    start = segment.start if cuts else segments.slot_before(segment)
    cuts = cuts or CutDetector()
    try:
        for frame in decoder.frames(start, segment.end):
            is_cut = cuts.is_cut(frame.rgb)
            if not segments.is_before(frame.time, segment):
                yield frame, is_cut
    except BaseException:
        decoder.close()
        raise
    _kept.append(_Kept(place, decoder, cuts))


def _taken(place: Place) -> tuple[Decoder, CutDetector | None] | None:
    """Take the decoder that is kept, if it is of use for a segment; else end its process.

    With what compares the first frame, if decoding goes on with it.
    """
    if not _kept:
        return None
    kept = _kept.pop()
    if kept.place.video_id != place.video_id or not kept.decoder.can_go_on:
        kept.decoder.close()
        return None
    return kept.decoder, kept.cuts if kept.place.segment + 1 == place.segment else None
