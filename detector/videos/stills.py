"""Pictures out of a video: faces at their peaks, and whole frames all along.

They are cut while a segment is analysed, since its frames are decoded then. Which ones are worth
keeping is known once the whole video is linked, so a segment keeps a few candidates until then.
"""

import io
import math
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from django.core.files.base import ContentFile
from numpy.typing import NDArray
from PIL import Image

from detector.common import storage
from detector.models import Video, VideoSegment, VideoStill
from detector.videos import summaries
from detector.videos.observations import Observation
from ml.videos import tracking
from ml.videos.types import Frame

WHOLE_FRAMES: Final = 12
"""Pictures of whole frames, for browsers that cannot play the video."""
MAX_TRACKS: Final = 20
"""Tracks that get pictures: those that are seen the longest."""
MARGIN: Final = 0.4
"""Part of a face's size that a picture shows around it on each side."""
FEW_FRAMES: Final = 5
"""Frames of a segment up to which each face has candidates of its own."""
SEGMENTS_AT_ONCE: Final = 10
"""Segments whose candidates are read at once."""
FACE_SIDE: Final = 160
FRAME_SIDE: Final = 480
QUALITY: Final = 82

Candidate = tuple[float, int | None, str]
"""Time, number of the face in its frame (None: the whole frame), and the JPEG as base64."""


class Chosen(NamedTuple):
    """A candidate to keep, with the face that it shows; None for a whole frame."""

    time: float
    face: Observation | None
    jpeg: str


class _Peak(NamedTuple):
    """The surest moment of an expression of a face so far, and its picture."""

    face: Observation
    picture: NDArray[np.uint8]

    @property
    def place(self) -> tuple[float, int]:
        """Time of the frame, and number of the face in it."""
        return self.face.time, self.face.number

    def is_before(self, other: "_Peak") -> bool:
        """Return whether this moment is surer than another one, or as sure and earlier."""
        worth, others = _worth(self.face), _worth(other.face)
        return worth > others or (worth == others and self.place < other.place)


class Collector:
    """Cuts the candidates of one segment: of each face, as far as it can be followed, its peaks."""

    def __init__(self, segment: VideoSegment, segment_count: int) -> None:
        self._wants_frame = segment.index % math.ceil(segment_count / WHOLE_FRAMES) == 0
        self._whole: list[Candidate] = []
        video = segment.video
        self._follower = tracking.Follower(min(video.rate, video.frame_rate or video.rate))
        self._numbers: list[list[int | None]] = []
        self._peaks: dict[tuple[int | None, str], _Peak] = {}

    def see(self, frame: Frame, faces: list[Observation]) -> None:
        """Take a frame and its faces into account."""
        if self._wants_frame and not self._whole:
            self._whole = [(frame.time, None, _jpeg(frame.rgb, FRAME_SIDE))]
        numbers = self._follower.see(frame.time, [face.sighting for face in faces])
        self._numbers.append(numbers)
        for face, number in zip(faces, numbers, strict=True):
            peak = self._peaks.get((number, face.emotion))
            # Most faces are no peaks: to cut each out would take longer than to classify it.
            if peak is None or _worth(face) > _worth(peak.face):
                picture = _small(_cut(frame.rgb, face), FACE_SIDE)
                self._peaks[number, face.emotion] = _Peak(face, picture)

    def candidates(self) -> list[Candidate]:
        """Return the candidates, in the order of time. Slips of the detector share theirs.

        In few frames, who is seen once is no slip: there may be a frame in five seconds.
        """
        real = {*tracking.real_tracks(self._numbers)}
        if len(self._numbers) <= FEW_FRAMES:
            real = {number for row in self._numbers for number in row if number is not None}
        best: dict[tuple[int | None, str], _Peak] = {}
        for (number, emotion), peak in self._peaks.items():
            key = (number if number in real else None, emotion)
            if key not in best or peak.is_before(best[key]):
                best[key] = peak
        peaks = sorted(best.values(), key=lambda peak: peak.place)
        return [*self._whole, *((*peak.place, _jpeg(peak.picture, FACE_SIDE)) for peak in peaks)]


def choose(video: Video, tracks: Mapping[int, Sequence[Observation]]) -> Iterator[Chosen]:
    """Yield the candidates to keep: whole frames, and the peaks of the longest tracks.

    The candidates of a long video are read twice, some segments at a time: to hold them all would
    take more memory than its analysis.
    """
    places = {(time, index) for time, index, _ in _candidates_of(video)}
    wanted: dict[tuple[float, int | None], Observation | None] = {
        place: None for place in places if place[1] is None
    }
    longest = sorted(tracks, key=lambda number: (-len(tracks[number]), number))[:MAX_TRACKS]
    for number in longest:
        seen = [face for face in tracks[number] if (face.time, face.number) in places]
        peaks = summaries.peaks_of(seen) or sorted(seen, key=_worth)[-1:]
        wanted |= {(face.time, face.number): face for face in peaks}
    for time, index, jpeg in _candidates_of(video):
        if (time, index) in wanted:
            yield Chosen(time, wanted.pop((time, index)), jpeg)


def _candidates_of(video: Video) -> Iterator[Candidate]:
    rows = video.segments.order_by("index").values_list("pictures", flat=True)
    for pictures in rows.iterator(chunk_size=SEGMENTS_AT_ONCE):
        yield from pictures


def store(video: Video, chosen: Chosen) -> tuple[VideoStill, int]:
    """Store a picture. Return its row, unsaved and without its track, and its bytes."""
    still = VideoStill(video=video, time=chosen.time)
    if chosen.face is not None:
        still.emotion, still.confidence = chosen.face.emotion, chosen.face.confidence
    content = b64decode(chosen.jpeg)
    storage.save(still.picture, ContentFile(content))
    return still, len(content)


def _worth(face: Observation) -> tuple[bool, float]:
    return not face.uncertain, face.confidence


def _cut(rgb: NDArray[np.uint8], face: Observation) -> NDArray[np.uint8]:
    height, width = rgb.shape[:2]
    across, down = MARGIN * face.width, MARGIN * face.height
    left, top = int(max(face.x - across, 0)), int(max(face.y - down, 0))
    right = int(min(face.x + face.width + across, width))
    bottom = int(min(face.y + face.height + down, height))
    return rgb[top : max(bottom, top + 1), left : max(right, left + 1)]


def _small(rgb: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    image = Image.fromarray(rgb)
    image.thumbnail((side, side))
    return np.asarray(image)


def _jpeg(rgb: NDArray[np.uint8], side: int) -> str:
    image = Image.fromarray(rgb)
    image.thumbnail((side, side))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    return b64encode(buffer.getvalue()).decode()
