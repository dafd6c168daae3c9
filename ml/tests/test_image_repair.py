"""Truncated files that hold nearly every pixel are read; others count as damaged."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ml import images
from ml.image_structure import has_every_scan
from ml.tests.files import assert_damaged, beginning, chunk, error_of, saved

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

KINDS: list[tuple[str, dict[str, Any]]] = [
    ("JPEG", {}),
    ("JPEG", {"progressive": True}),
    ("JPEG", {"restart_marker_rows": 1}),
    ("PNG", {}),
    ("GIF", {}),
    ("BMP", {}),
    ("TIFF", {}),
    ("WEBP", {}),
    ("HEIF", {}),
    ("AVIF", {}),
]


@pytest.mark.parametrize(("kind", "options"), KINDS)
@pytest.mark.parametrize("missing", [2, 20])
def test_a_short_end(
    astronaut: NDArray[np.uint8], kind: str, options: dict[str, Any], missing: int
) -> None:
    content = saved(astronaut[:256, 128:384], kind, **options).getvalue()
    whole = images.decode(io.BytesIO(content)).rgb
    cut = io.BytesIO(content[:-missing])
    images.inspect(cut)
    images.verify(cut)
    rgb = images.decode(cut).rgb
    assert rgb.shape == whole.shape
    assert (np.abs(rgb.astype(int) - whole).max(axis=2) > 40).mean() < 0.02


@pytest.mark.parametrize(("kind", "options"), KINDS)
@pytest.mark.parametrize("share", [0.5, 0.85])
def test_a_large_part_that_is_missing(
    astronaut: NDArray[np.uint8], kind: str, options: dict[str, Any], share: float
) -> None:
    assert_damaged(beginning(astronaut[:256, 128:384], share, kind, **options))


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_what_stands_behind_the_end(
    gradient: NDArray[np.uint8], kind: str, options: dict[str, Any]
) -> None:
    content = saved(gradient, kind, **options).getvalue()
    file = io.BytesIO(content + b"an advertisement" * 100)
    images.verify(file)
    assert np.array_equal(images.decode(file).rgb, images.decode(io.BytesIO(content)).rgb)


def test_a_jpeg_without_its_last_scans_lacks_detail_and_is_damaged(
    astronaut: NDArray[np.uint8],
) -> None:
    content = saved(astronaut, "JPEG", progressive=True).getvalue()
    assert has_every_scan(content)
    early = content[: content.rindex(b"\xff\xda")]
    assert not has_every_scan(early)
    assert error_of(images.verify, io.BytesIO(early)).code == "corrupt_image"


@pytest.mark.parametrize("options", [{}, {"bits": 1, "mode": "1"}, {"mode": "P"}, {"mode": "LA"}])
def test_a_png_without_its_last_chunk(
    astronaut: NDArray[np.uint8], options: dict[str, Any]
) -> None:
    content = saved(astronaut[:64, :64], "PNG", **options).getvalue()
    cut = io.BytesIO(content[:-12])
    images.verify(cut)
    assert np.array_equal(images.decode(cut).rgb, images.decode(io.BytesIO(content)).rgb)


def interlaced(side: int) -> bytes:
    """Return a grey PNG in the seven passes of Adam7."""
    steps = ((0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2),
             (0, 1, 1, 2))  # fmt: skip
    rows = b"".join(
        b"\0" + bytes(200 for _ in range(x, side, dx))
        for x, dx, y, dy in steps
        for _ in range(y, side, dy)
        if x < side
    )
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 1))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND")


def test_an_interlaced_png_has_to_be_whole() -> None:
    content = interlaced(37)
    images.verify(io.BytesIO(content))
    images.verify(io.BytesIO(content[:-12]))
    assert images.decode(io.BytesIO(content[:-12])).rgb.min() == 200
    # Behind it stand the sums of the pixels, the chunk and the end.
    assert error_of(images.verify, io.BytesIO(content[: -12 - 4 - 8])).code == "corrupt_image"


def test_a_wrong_sum_is_damage_however_a_file_ends(astronaut: NDArray[np.uint8]) -> None:
    content = bytearray(saved(astronaut, "PNG").getvalue())
    content[len(content) // 2] ^= 0xFF
    assert error_of(images.verify, io.BytesIO(content[:-12])).code == "corrupt_image"


def test_only_the_first_picture_of_an_animation_has_to_be_there(
    astronaut: NDArray[np.uint8],
) -> None:
    first = Image.fromarray(astronaut[:64, 200:264])
    for kind in ("GIF", "PNG"):
        cut = beginning(first, 0.8, kind, save_all=True, append_images=[first.rotate(90)])
        images.verify(cut)
        assert images.decode(cut).rgb.shape == (64, 64, 3)
