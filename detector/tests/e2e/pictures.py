"""Pictures that may be shown to anyone, from packages that ship them."""

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import skimage.data
from matplotlib import cbook
from numpy.typing import NDArray
from PIL import Image

from ml.tests.videos import making

Pixels = NDArray[np.uint8]


def astronaut() -> Pixels:
    """Return a photo of Eileen Collins, public domain (NASA)."""
    return np.asarray(skimage.data.astronaut())


def hopper() -> Pixels:
    """Return a photo of Grace Hopper, public domain (US Navy)."""
    path = Path(str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)))
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def coffee() -> Pixels:
    """Return a photo of a cup, without a face."""
    return np.asarray(skimage.data.coffee())


def beside(pictures: Iterable[Pixels], *, height: int = 512) -> Pixels:
    """Return pictures in a row, at one height."""
    scaled = []
    for pixels in pictures:
        width = pixels.shape[1] * height // pixels.shape[0]
        scaled.append(np.asarray(Image.fromarray(pixels).resize((width, height))))
    return np.concatenate(scaled, axis=1)


def group() -> Pixels:
    """Return a photo with four faces of two women."""
    return beside([astronaut(), hopper(), hopper()[:, ::-1], astronaut()[:, ::-1]])


def walk(seconds: int, *, rate: int = 10, size: tuple[int, int] = (640, 360)) -> bytes:
    """Return a video of two women: one moves to and fro, the other is away in each fourth second.

    Their photos are panned over a grey ground, as a camera would do.
    """
    width, height = size
    moving = np.asarray(Image.fromarray(astronaut()).resize((height, height)))
    other = np.asarray(Image.fromarray(hopper()).resize((height * 4 // 5, height)))
    frames = []
    for number in range(seconds * rate):
        time = number / rate
        frame = np.full((height, width, 3), 120, np.uint8)
        left = round((1 + np.sin(time)) * width / 20)
        frame[:, left : left + height] = moving[:, : width - left]
        if time % 4 < 3:
            frame[:, width - other.shape[1] :] = other
        frames.append(frame)
    return making.video(frames, rate=rate)


def jpeg(pixels: Pixels) -> bytes:
    """Return the picture as the bytes of a file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def portraits(count: int) -> list[bytes]:
    """Return so many photos of one of two women, no two with the same bytes."""
    found = []
    for number in range(count):
        pixels = [astronaut(), hopper()][number % 2]
        if number % 4 > 1:
            pixels = pixels[:, ::-1]
        found.append(jpeg(beside([pixels], height=480 - 16 * number)))
    return found
