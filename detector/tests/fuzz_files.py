"""Damaged files against the checks of uploads: `python -m detector.tests.fuzz_files [INPUTS]`.

The corpus is kept as seeds: input number n is always the same file, made from pictures of our own
in every format and from ZIPs of them, and then damaged. A file may be accepted or refused with a
code. Anything else is a finding: another exception, a crash, too much time or memory.
"""

import functools
import io
import json
import random
import resource
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from PIL import Image

INPUTS: Final = 20_000
BATCH: Final = 1000
SECONDS: Final = 20.0
MEMORY_BYTES: Final = 6 * 2**30
EXTREMES: Final = (b"\0\0", b"\xff\xff", b"\x7f\xff", b"\x80\0", b"\0\0\0\0", b"\xff\xff\xff\xff")

Random = random.Random


@functools.cache
def files() -> dict[str, bytes]:
    """Return a whole file of each kind."""
    noise = np.random.default_rng(1).integers(0, 256, (40, 56, 3), np.uint8)
    smooth = Image.fromarray(noise).resize((90, 60), Image.Resampling.BICUBIC)
    frames = [smooth, smooth.rotate(90), smooth.rotate(180)]
    several: dict[str, Any] = {"save_all": True, "append_images": frames[1:]}
    exif = Image.Exif()
    exif[0x0112], exif[0x0132] = 6, "2021:05:03 12:00:00"
    deep = Image.fromarray(noise[..., 0].astype(np.uint16) * 257)
    found = {
        "jpg": _saved(smooth, "JPEG", exif=exif),
        "progressive.jpg": _saved(smooth, "JPEG", progressive=True, quality=60),
        "grey.jpg": _saved(smooth.convert("L"), "JPEG"),
        "cmyk.jpg": _saved(smooth.convert("CMYK"), "JPEG"),
        "png": _saved(smooth, "PNG"),
        "alpha.png": _saved(smooth.convert("RGBA"), "PNG"),
        "palette.png": _saved(smooth.quantize(16), "PNG"),
        "deep.png": _saved(deep, "PNG"),
        "moving.png": _saved(smooth, "PNG", **several),
        "webp": _saved(smooth, "WEBP"),
        "lossless.webp": _saved(smooth, "WEBP", lossless=True),
        "moving.webp": _saved(smooth, "WEBP", **several),
        "gif": _saved(smooth, "GIF"),
        "moving.gif": _saved(smooth, "GIF", **several),
        "bmp": _saved(smooth, "BMP"),
        "tif": _saved(smooth, "TIFF", compression="tiff_lzw"),
        "pages.tif": _saved(smooth, "TIFF", compression="tiff_adobe_deflate", **several),
        "avif": _saved(smooth, "AVIF"),
        "heic": _heic(smooth),
    }
    return {**found, "zip": _zipped(found), "stored.zip": _zipped(found, zipfile.ZIP_STORED)}


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _heic(image: Image.Image) -> bytes:
    import pillow_heif

    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer)
    return buffer.getvalue()


def _zipped(found: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for kind in ("jpg", "png", "webp"):
            archive.writestr(f"folder/photo.{kind}", found[kind])
        archive.writestr("folder/photo.jpg.json", json.dumps({"title": "photo.jpg"}))
    return buffer.getvalue()


def _flip(content: bytearray, chance: Random) -> None:
    for _ in range(chance.randint(1, 40)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def _flip_the_head(content: bytearray, chance: Random) -> None:
    for _ in range(chance.randint(1, 8)):
        content[chance.randrange(min(64, len(content)))] = chance.randrange(256)


def _cut_off(content: bytearray, chance: Random) -> None:
    del content[chance.randrange(len(content)) :]


def _cut_out(content: bytearray, chance: Random) -> None:
    start = chance.randrange(len(content))
    del content[start : start + chance.randint(1, 200)]


def _repeat(content: bytearray, chance: Random) -> None:
    start = chance.randrange(len(content))
    content[start:start] = content[start : start + chance.randint(1, 300)] * chance.randint(1, 20)


def _extreme(content: bytearray, chance: Random) -> None:
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(len(content))
        value = chance.choice(EXTREMES)
        content[start : start + len(value)] = value


def _graft(content: bytearray, chance: Random) -> None:
    other = chance.choice(list(files().values()))
    content[chance.randrange(len(content)) :] = other[chance.randrange(len(other)) :]


def _noise(content: bytearray, chance: Random) -> None:
    start = chance.randrange(len(content))
    content[start : start + 100] = chance.randbytes(chance.randint(1, 300))


DAMAGES: Final[tuple[Callable[[bytearray, Random], None], ...]] = (
    _flip, _flip_the_head, _cut_off, _cut_out, _repeat, _extreme, _graft, _noise,
)  # fmt: skip


def input_of(number: int) -> tuple[str, bytes]:
    """Return name and content of an input. The first ones are whole."""
    kinds = list(files())
    kind = kinds[number % len(kinds)]
    chance, content = Random(number), bytearray(files()[kind])
    for _ in range(min(number // len(kinds), chance.randint(1, 3))):
        chance.choice(DAMAGES)(content, chance)
        if not content:
            break
    # A name may lie about the kind.
    name = chance.choice(kinds) if chance.random() < 0.1 else kind
    return f"photo.{name}", bytes(content)


def try_one(number: int) -> list[str]:
    """Check an input as an upload. Returns what became of it, or of each photo of a ZIP.

    Raises what nobody may see.
    """
    from django.core.files.uploadedfile import SimpleUploadedFile

    from detector.exceptions import DetectorError
    from detector.photos import archives

    name, content = input_of(number)
    file = SimpleUploadedFile(name, content)
    try:
        if not archives.is_archive(file):
            return [_checked(file)]
        archive, found = archives.Archive(file), []
        for member in archive.members:
            with archive.unpacked(member) as photo:
                archive.remark_on(member)
                found.append(_checked(photo))
    except DetectorError as error:
        return [error.code]
    return found


def _checked(file: Any) -> str:
    from detector.exceptions import DetectorError
    from detector.photos import images
    from ml import images as decoder

    try:
        images.check_upload(file)
        file.seek(0)
        decoded = decoder.decode(io.BytesIO(file.read()), images.limits())
    except (DetectorError, decoder.ImageError) as error:
        return error.code
    assert decoded.rgb.ndim == 3
    return "accepted"


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run_span(start: int, end: int) -> None:
    """Try inputs in this process. Prints a line before and after each one."""
    import django

    django.setup()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for number in range(start, end):
        say(json.dumps({"begins": number}))
        began = time.perf_counter()
        try:
            outcome: dict[str, Any] = {"became": try_one(number)}
        except Exception as error:  # every exception is a finding
            outcome = {"finding": f"{type(error).__name__}: {error}"[:200]}
        if time.perf_counter() - began > SECONDS:
            outcome = {"finding": f"it took {time.perf_counter() - began:.0f} s"}
        say(json.dumps(outcome))


def run(inputs: int) -> tuple["Counter[str]", dict[int, str]]:
    """Try so many inputs in processes of their own. Returns the outcomes, and the findings."""
    outcomes: Counter[str] = Counter()
    findings: dict[int, str] = {}
    start = 0
    while start < inputs:
        end = min(start + BATCH, inputs)
        command = [sys.executable, "-m", "detector.tests.fuzz_files", str(start), str(end)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        at = start
        for line in map(json.loads, done.stdout.splitlines()):
            at = line.get("begins", at)
            outcomes.update(line.get("became", ()))
            if "finding" in line:
                findings[at] = line["finding"]
        if done.returncode == 0:
            start = end
        else:
            findings[at] = f"the process ended with {done.returncode}: {done.stderr[-200:]}"
            start = at + 1
    return outcomes, findings


def main(arguments: list[str]) -> int:
    """Run the corpus, or a span of it as a process of that."""
    if len(arguments) == 2:
        run_span(*map(int, arguments))
        return 0
    inputs = int(arguments[0]) if arguments else INPUTS
    outcomes, findings = run(inputs)
    say(f"{inputs} inputs, {len(findings)} findings")
    for code, count in outcomes.most_common():
        say(f"{count:8} {code}")
    for number, finding in findings.items():
        say(f"input {number}, {input_of(number)[0]}: {finding}")
    return int(bool(findings))


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emotionsite.settings")
    sys.exit(main(sys.argv[1:]))
