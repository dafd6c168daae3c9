"""Measure the export of 100,000 faces: `python -m detector.benchmarks.export`.

It fills a database in a temporary folder. Limits: less than 100 MB of additional memory, and the
first byte within a second.
"""

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from detector.benchmarks.empty_site import empty_site

if TYPE_CHECKING:
    from detector.models import User

FACES = 100_000
FACES_A_PHOTO = 4
MAX_BYTES = 100 * 10**6
MAX_SECONDS = 1.0


def main() -> None:
    """Fill the database, measure, print, and fail where a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, default=FACES)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with empty_site():
        result = measure(options.faces)
    print(
        f"CSV of {options.faces:,} faces: first byte {result['first_byte_s']:.3f} s, "
        f"all {result['seconds']:.1f} s, {result['bytes'] / 1e6:.0f} MB sent, "
        f"{result['added_memory_bytes'] / 1e6:.0f} MB of memory on top"
    )
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    if result["added_memory_bytes"] > MAX_BYTES or result["first_byte_s"] > MAX_SECONDS:
        raise SystemExit("A limit was passed.")


def measure(faces: int) -> dict[str, float]:
    """Measure seconds and bytes of one export through the API, with a client in this process."""
    from django.contrib.auth import get_user_model
    from rest_framework.test import APIClient

    from detector.accounts import tokens

    owner = get_user_model().objects.create(username="benchmark")
    fill(owner, faces)
    _, secret = tokens.create_token(owner, name="benchmark")
    client = APIClient(headers={"Authorization": f"Bearer {secret}", "Host": "localhost"})
    client.get("/api/v1/me/")
    before = reset_peak()
    began = time.perf_counter()
    response = client.get("/api/v1/export/?type=csv")
    first, size = 0.0, 0
    for piece in response:
        first = first or time.perf_counter() - began
        size += len(piece)
    seconds = time.perf_counter() - began
    return {
        "faces": faces,
        "first_byte_s": first,
        "seconds": seconds,
        "bytes": size,
        "added_memory_bytes": peak() - before,
    }


def fill(owner: "User", faces: int) -> None:
    """Insert photos with four faces each, without files."""
    from django.utils import timezone

    from detector.enums import Emotion
    from detector.models import Analysis, Face, ModelVersion, Photo

    version = ModelVersion.objects.create(name="benchmark", sha256="0" * 64)
    now = timezone.now()
    times = {"queued_at": now, "due_at": now, "finished_at": now}
    emotions = list(Emotion)
    for start in range(0, faces, 4000):
        count = min(4000, faces - start)
        photos = Photo.objects.bulk_create(
            Photo(
                owner=owner, filename=f"{start + n}.jpg", sha256=f"{start + n:064x}", width=640,
                height=480, format="JPEG", uploaded_at=now, taken_at=now, source="api",
                image="none.jpg",
            )
            for n in range(-(-count // FACES_A_PHOTO))
        )  # fmt: skip
        analyses = Analysis.objects.bulk_create(
            Analysis(photo=photo, owner=owner, status="done", model_version=version, **times)
            for photo in photos
        )
        Face.objects.bulk_create(
            Face(
                analysis=analyses[n // FACES_A_PHOTO], index=n % FACES_A_PHOTO,
                x=1.5, y=2.5, width=40, height=50, landmarks=[[1.25, 2.5]] * 5,
                detection_score=0.9, emotion=emotions[n % 7], confidence=0.7, uncertain=False,
                **dict.fromkeys(Face.PROBABILITY_FIELDS.values(), 1 / 7),
            )
            for n in range(count)
        )  # fmt: skip


def reset_peak() -> int:
    """Reset the peak of the memory use. Return the present use in bytes."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


def peak() -> int:
    """Return the peak of the memory use since the reset, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmHWM in /proc/self/status")


if __name__ == "__main__":
    main()
