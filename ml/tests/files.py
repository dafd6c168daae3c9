"""Image files made in memory."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ml.images import ImageError


def saved(pixels: Any, kind: str, mode: str | None = None, **options: Any) -> io.BytesIO:
    image = Image.fromarray(pixels) if isinstance(pixels, np.ndarray) else pixels
    file = io.BytesIO()
    (image.convert(mode) if mode else image).save(file, kind, **options)
    return file


def error_of(call: Any, *arguments: Any) -> ImageError:
    with pytest.raises(ImageError) as caught:
        call(*arguments)
    assert caught.value.message.endswith(".")
    return caught.value


def chunk(name: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
