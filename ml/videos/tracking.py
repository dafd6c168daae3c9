"""Follow faces from frame to frame, so that a person in a video is one track.

The way of SORT (Bewley et al. 2016, arXiv:1602.00763): a Kalman filter predicts each box, and boxes
that overlap are the same face. As in ByteTrack (Zhang et al. 2022, arXiv:2110.06864) the confident
boxes are matched first and the faint ones then, so that a face that turns away keeps its track. At
five frames a second a face may move by more than its width. So boxes are enlarged before they are
compared, as in C-BIoU (Yang et al. 2023, arXiv:2211.14317): little at first, more for what is left.

All of it is plain arithmetic on numbers in a fixed order: the same boxes give the same tracks.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

CONFIDENT: Final = 0.6
"""Detection score from which a box may begin a track: the detector's own threshold. Fainter boxes
only continue one."""
LOST_SECONDS: Final = 2.0
"""A face that comes back within this time continues its track."""
LOST_FRAMES: Final = 1.5
"""The same in frames, for films so slow that the next one comes later."""
BUFFERS: Final = (0.3, 0.5)
"""Shares of its size by which a box grows on each side: the two steps of C-BIoU."""
LOST_BUFFER: Final = 1.0
"""The same for a track that was not seen in the frame before: the longer, the less is known."""
MIN_OVERLAP: Final = 0.1
"""Least intersection over union of two enlarged boxes of the same face."""
MIN_SIGHTINGS: Final = 2
"""A track of fewer boxes is a slip of the detector, unless the film has fewer frames."""

ACCELERATION: Final = 4.0
"""Standard deviation of a face's acceleration, in face sizes per second²."""
JITTER: Final = 0.05
"""Standard deviation of the detector's boxes, in face sizes."""
FIRST_SPEED: Final = 2.0
"""Standard deviation of the speed of a new face, in face sizes per second."""


class Sighting(NamedTuple):
    """A detected box: its top left corner, width, height and detection score."""

    x: float
    y: float
    width: float
    height: float
    score: float


@dataclass
class _Track:
    """A face that is followed. `mean` (4, 2): middle x, middle y, width and height, with speeds.

    It was last seen at `seen_at`, in seconds; `missed` counts the frames since then.
    """

    number: int
    time: float
    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    seen_at: float
    missed: int = 0

    def predict(self, time: float) -> None:
        """Move on to a time by the constant-velocity model."""
        step = time - self.time
        self.time = time
        move = np.array([[1.0, step], [0.0, 1.0]])
        noise = (ACCELERATION * self.size) ** 2 * np.array(
            [[step**4 / 4, step**3 / 2], [step**3 / 2, step**2]]
        )
        self.mean = self.mean @ move.T
        self.covariance = move @ self.covariance @ move.T + noise

    def correct(self, box: Sighting) -> None:
        """Take a measured box into account; sizes keep no speed, for faces do not explode."""
        gain = self.covariance[:, 0] / (self.covariance[0, 0] + (JITTER * self.size) ** 2)
        wrong = np.subtract(_middle(box), self.mean[:, 0])
        self.mean = self.mean + wrong[:, None] * gain[None, :]
        self.mean[2:, 1] = 0.0
        self.covariance = self.covariance - np.outer(gain, self.covariance[0])
        self.seen_at = self.time

    @property
    def size(self) -> float:
        """Square root of the box's area, in pixels."""
        return float(np.sqrt(max(self.mean[2, 0] * self.mean[3, 0], 1.0)))


class Follower:
    """Follows faces from frame to frame, as they come.

    Each track has a number from 0, in the order of their first sighting, and from left to right
    within a frame. Which tracks are slips of the detector is known at the end only.
    """

    def __init__(self, rate: float = math.inf) -> None:
        """Follow faces in a film of so many frames per second."""
        self._live: list[_Track] = []
        self._count = 0
        self._lost_seconds = max(LOST_SECONDS, LOST_FRAMES / rate)

    def see(
        self, time: float, boxes: Sequence[Sighting], *, is_cut: bool = False
    ) -> list[int | None]:
        """Return the number of the track of each box of the next frame; None for a faint new one.

        time: in seconds. `is_cut`: whether a shot begins with the frame, which ends all tracks.
        """
        live = [] if is_cut else self._live
        live = [track for track in live if time - track.seen_at <= self._lost_seconds]
        for track in live:
            track.predict(time)
        found = _associate(live, boxes)
        for index, track in found.items():
            track.correct(boxes[index])
        for track in live:
            track.missed = 0 if track.seen_at == time else track.missed + 1
        for index in _unmatched(boxes, found):
            found[index] = _begin(self._count, time, boxes[index])
            live.append(found[index])
            self._count += 1
        self._live = live
        return [found[index].number if index in found else None for index in range(len(boxes))]


def follow(
    frames: Iterable[tuple[float, Sequence[Sighting]]],
    cuts: Collection[float] = (),
    rate: float = math.inf,
) -> list[list[int | None]]:
    """Return the number of the track of each box of each frame; None where it is in no track.

    Frames come as (time in seconds, boxes), in the order of time; `cuts` are the times of those
    that begin a shot; `rate` is how many frames there are per second. Tracks are numbered from 0,
    as `Follower` does, without slips.
    """
    follower = Follower(rate)
    numbers = [follower.see(time, boxes, is_cut=time in cuts) for time, boxes in frames]
    names = {number: name for name, number in enumerate(real_tracks(numbers))}
    return [[None if n is None else names.get(n) for n in row] for row in numbers]


def real_tracks(numbers: Collection[Iterable[int | None]]) -> list[int]:
    """Return which of the numbers that `Follower.see` returned are not slips, in their order."""
    sightings = Counter(number for row in numbers for number in row if number is not None)
    least = min(MIN_SIGHTINGS, len(numbers))
    return sorted(number for number, count in sightings.items() if count >= least)


def _begin(number: int, time: float, box: Sighting) -> _Track:
    size = np.sqrt(max(box.width * box.height, 1.0))
    mean = np.stack([_middle(box), np.zeros(4)], axis=1)
    covariance = np.diag([(JITTER * size) ** 2, (FIRST_SPEED * size) ** 2])
    return _Track(number, time, mean, covariance, time)


def _unmatched(boxes: Sequence[Sighting], found: dict[int, _Track]) -> list[int]:
    """Return the indices of confident boxes without a track, from left to right."""
    left = [n for n, box in enumerate(boxes) if n not in found and box.score >= CONFIDENT]
    return sorted(left, key=lambda n: (boxes[n].x, boxes[n].y, n))


def _associate(live: Sequence[_Track], boxes: Sequence[Sighting]) -> dict[int, _Track]:
    """Return the track of each box that has one, by the index of the box."""
    confident = [n for n, box in enumerate(boxes) if box.score >= CONFIDENT]
    faint = [n for n, box in enumerate(boxes) if box.score < CONFIDENT]
    visible = [track for track in live if not track.missed]
    found: dict[int, _Track] = {}
    for buffer in BUFFERS:
        for candidates in (confident, faint):
            _match(visible, boxes, candidates, buffer, found)
    _match(live, boxes, confident, LOST_BUFFER, found)
    return found


def _match(
    tracks: Sequence[_Track],
    boxes: Sequence[Sighting],
    candidates: Sequence[int],
    buffer: float,
    found: dict[int, _Track],
) -> None:
    """Match what is left, the best pair first. Ties go to the older track and the earlier box."""
    taken = {track.number for track in found.values()}
    free = [(each, each.mean[:, 0].tolist()) for each in tracks if each.number not in taken]
    pairs = [
        (-overlap, track.number, index, track)
        for track, middle in free
        for index in candidates
        if index not in found
        and (overlap := _overlap(middle, _middle(boxes[index]), buffer)) >= MIN_OVERLAP
    ]
    for _, number, index, track in sorted(pairs, key=lambda pair: pair[:3]):
        if index not in found and number not in taken:
            found[index] = track
            taken.add(number)


def _middle(box: Sighting) -> tuple[float, float, float, float]:
    return box.x + box.width / 2, box.y + box.height / 2, box.width, box.height


def _overlap(one: Sequence[float], other: Sequence[float], buffer: float) -> float:
    """Return the intersection over union of two boxes that are enlarged on each side.

    A box is its middle, width and height. Plain numbers: NumPy would take five times as long.
    """
    shared = area = others_area = 1.0
    for axis in (0, 1):
        size, others_size = (max(box[2 + axis], 1.0) * (1 + 2 * buffer) for box in (one, other))
        end = min(one[axis] + size / 2, other[axis] + others_size / 2)
        start = max(one[axis] - size / 2, other[axis] - others_size / 2)
        shared *= max(end - start, 0.0)
        area *= size
        others_area *= others_size
    return shared / (area + others_area - shared)
