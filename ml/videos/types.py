"""Facts about a video, its sampled frames, and limits."""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Limits:
    """The largest video that is accepted, and what a process that reads it may use.

    max_pixels: of one frame; 9 megapixels hold 4K. cpu_seconds: of one process. memory_bytes: of
    its address space, libraries included.
    """

    max_bytes: int = 500 * 2**20
    max_seconds: float = 30 * 60
    max_pixels: int = 9_000_000
    cpu_seconds: int = 60
    memory_bytes: int = 3 * 2**30

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


DEFAULT_LIMITS: Final = Limits()


@dataclass(frozen=True)
class VideoInfo:
    """What `inspect` found.

    format: one of `errors.FORMATS`. codec: its name. duration: seconds from the first frame to
    the end of the last one, by their timestamps and not by the header. frames: how many. frame_rate
    is their mean per second. width, height: of a frame as it is shown, upright and with square
    pixels. rotation: degrees counter-clockwise by which the stored frames are turned to be upright.
    """

    format: str
    codec: str
    duration: float
    frames: int
    frame_rate: float
    width: int
    height: int
    rotation: int
    has_audio: bool


@dataclass(frozen=True, eq=False)
class Frame:
    """A sampled frame: its time in seconds from the start; rgb (H, W, 3) uint8, upright, RGB."""

    time: float
    rgb: NDArray[np.uint8]


def working_size(width: int, height: int, side: int) -> tuple[int, int]:
    """Return the size to which frames are shrunk, so that no side is longer than `side`."""
    factor = min(1.0, side / max(width, height))
    return max(round(width * factor), 1), max(round(height * factor), 1)
