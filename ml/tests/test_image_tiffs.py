"""TIFFs whose numbers, planes or order of bytes Pillow reads wrongly."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ml import images

RAMP = np.linspace(0, 1, 64)[None].repeat(4, 0)
KINDS = {
    "16 bits": (np.uint16, 65535),
    "signed 16 bits": (np.int16, 32767),
    "32 bits": (np.uint32, 2**32 - 1),
    "signed 32 bits": (np.int32, 2**31 - 1),
    "floats": (np.float32, 1),
}
UNKNOWN = ("32 bits", "MM")


def tiff(values: NDArray[Any], order: str, *, is_packed: bool = False, bits: int = 0) -> io.BytesIO:
    """Return a TIFF (TIFF 6.0, section 2) of `values` (H, W, channels), each in a plane."""
    height, width, channels = values.shape
    stored = values.astype(values.dtype.newbyteorder("<" if order == "II" else ">"))
    planes = [stored[..., channel].tobytes() for channel in range(channels)]
    if is_packed:
        planes = [zlib.compress(plane) for plane in planes]
    starts = [8 + sum(map(len, planes[:number])) for number in range(channels)]
    tags = {
        256: [width], 257: [height], 258: [bits or 8 * values.dtype.itemsize] * channels,
        259: [8 if is_packed else 1], 262: [2 if channels == 3 else 1], 273: starts,
        277: [channels], 278: [height], 279: [len(plane) for plane in planes], 284: [2],
        339: [" uif".index(values.dtype.kind)] * channels,
    }  # fmt: skip
    letter = "<" if order == "II" else ">"
    end = 8 + sum(map(len, planes))
    directory, lists = struct.pack(f"{letter}H", len(tags)), b""
    for tag, numbers in tags.items():
        kind = (3, "H") if tag in (258, 259, 262, 277, 284, 339) else (4, "I")
        content = struct.pack(f"{letter}{len(numbers)}{kind[1]}", *numbers)
        if len(content) > 4:
            place, lists = end + 6 + 12 * len(tags) + len(lists), lists + content
            content = struct.pack(f"{letter}I", place)
        directory += struct.pack(f"{letter}HHI", tag, kind[0], len(numbers)) + content.ljust(
            4, b"\0"
        )
    head = order.encode() + struct.pack(f"{letter}HI", 42, end)
    return io.BytesIO(head + b"".join(planes) + directory + bytes(4) + lists)


def assert_is_ramp(file: io.BytesIO) -> None:
    images.inspect(file)
    images.verify(file)
    rgb = images.decode(file).rgb
    assert np.abs(rgb - 255 * RAMP[..., None]).max() <= 1


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize(
    ("kind", "order"),
    # Pillow opens no big unsigned numbers of 32 bits.
    [(kind, order) for kind in KINDS for order in ("II", "MM") if (kind, order) != UNKNOWN],
)
def test_grey(kind: str, order: str, is_packed: bool) -> None:
    dtype, white = KINDS[kind]
    levels = RAMP * white
    values = levels.astype(dtype) if dtype == np.float32 else np.rint(levels).astype(dtype)
    assert_is_ramp(tiff(values[..., None], order, is_packed=is_packed))


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize("order", ["II", "MM"])
def test_planes_of_sixteen_bits(order: str, is_packed: bool) -> None:
    values = np.rint(RAMP * 65535).astype(np.uint16)
    assert_is_ramp(tiff(np.stack([values] * 3, axis=2), order, is_packed=is_packed))


def test_dark_pictures_of_sixteen_bits_stay_dark() -> None:
    values = np.full((2, 2, 1), 2570, np.uint16)
    assert images.decode(tiff(values, "MM")).rgb.max() == 10


def test_twelve_bits() -> None:
    """Cameras and scanners have them: two levels are packed in three bytes."""
    values = np.rint(RAMP * 4095).astype(np.uint16)
    one, other = values[:, ::2], values[:, 1::2]
    packed = np.stack([one >> 4, (one & 15) << 4 | other >> 8, other & 255], axis=2)
    file = tiff(packed.astype(np.uint8).reshape(4, 96, 1), "II", bits=12).getvalue()
    width = struct.pack("<HHII", 256, 4, 1, 96), struct.pack("<HHII", 256, 4, 1, 64)
    assert_is_ramp(io.BytesIO(file.replace(*width)))
