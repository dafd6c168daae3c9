"""Image files made in memory."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ml import images
from ml.images import ImageError


def saved(pixels: Any, kind: str, mode: str | None = None, **options: Any) -> io.BytesIO:
    image = Image.fromarray(pixels) if isinstance(pixels, np.ndarray) else pixels
    file = io.BytesIO()
    (image.convert(mode) if mode else image).save(file, kind, **options)
    return file


def beginning(pixels: Any, share: float, kind: str, **options: Any) -> io.BytesIO:
    """Return the first share of a file's bytes."""
    content = saved(pixels, kind, **options).getvalue()
    return io.BytesIO(content[: int(len(content) * share)])


def assert_damaged(file: io.BytesIO) -> None:
    for call in (images.verify, images.decode):
        assert error_of(call, file).code == "corrupt_image"


def error_of(call: Any, *arguments: Any) -> ImageError:
    with pytest.raises(ImageError) as caught:
        call(*arguments)
    assert caught.value.message.endswith(".")
    return caught.value


def chunk(name: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
