"""Measure the check of uploaded photos in the web process: `python -m detector.benchmarks.uploads`.

Photos of 12 megapixels in the formats that cameras and programs write. Prints the processor
milliseconds of the check, checksum included, and of Pillow's decoding of the same file, in turns.
Limit: 15 ms for a JPEG.
"""

import argparse
import io
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

import django
import pillow_heif
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from detector.tests.e2e import pictures

SIZE: Final = (4000, 3000)
FORMATS: Final[dict[str, dict[str, Any]]] = {
    "JPEG": {"format": "JPEG", "quality": 92},
    "progressive JPEG": {"format": "JPEG", "quality": 92, "progressive": True},
    "PNG": {"format": "PNG", "compress_level": 1},
    "WebP": {"format": "WEBP", "method": 0},
    "HEIC": {"format": "HEIF", "quality": 60},
}
COLUMNS: Final = ("12 megapixels", "MB", "check, ms", "decoding, ms", "check ÷ decoding")
ROUNDS: Final = 7
MAX_MS: Final = 15.0
"""Limit for the check of a JPEG, in milliseconds."""


def measure() -> dict[str, dict[str, float]]:
    """Return, for each format, megabytes and processor milliseconds."""
    from detector.photos import images

    pillow_heif.register_heif_opener()
    photo, figures = Image.fromarray(pictures.astronaut()).resize(SIZE), {}
    for name, options in FORMATS.items():
        buffer = io.BytesIO()
        photo.save(buffer, **options)
        content = buffer.getvalue()
        upload = SimpleUploadedFile("photo", content)
        check, decode = in_turns(
            lambda upload=upload: images.check_upload(upload),  # type: ignore[misc]
            lambda content=content: Image.open(io.BytesIO(content)).load(),  # type: ignore[misc]
        )
        figures[name] = {"MB": len(content) / 1e6, "check_ms": check, "decode_ms": decode}
    return figures


def in_turns(*calls: Callable[[], object]) -> list[float]:
    """Return the median processor milliseconds of each call."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(ROUNDS):
        for call, spent in zip(calls, times, strict=True):
            began = time.process_time()
            call()
            spent.append(1000 * (time.process_time() - began))
    return [median(spent) for spent in times]


def main() -> None:
    """Measure, print, and fail where the limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emotionsite.settings")
    django.setup()
    figures = measure()
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for name, each in figures.items():
        check, decode = each["check_ms"], each["decode_ms"]
        print(f"| {name} | {each['MB']:.1f} | {check:.1f} | {decode:.0f} | {check / decode:.2f} |")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if figures["JPEG"]["check_ms"] > MAX_MS:
        raise SystemExit("A limit was passed.")


if __name__ == "__main__":
    main()
