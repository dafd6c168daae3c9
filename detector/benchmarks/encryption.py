"""Measure files that are encrypted at rest: `python -m detector.benchmarks.encryption`."""

import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Final

import django
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage

ROUNDS: Final = 9
PHOTO, VIDEO, PART = 300_000, 20 * 2**20, 2 * 2**20
"""Bytes of an upright copy, of a short video, and of what a player asks for at a time."""


def measure(stored_in: Storage) -> dict[str, float]:
    """Return medians in milliseconds."""
    photo, video = ContentFile(secrets.token_bytes(PHOTO)), ContentFile(secrets.token_bytes(VIDEO))
    return {
        "store a photo": _median(lambda n: stored_in.save(f"photos/{n}", photo)),
        "read a photo": _median(lambda n: _read(stored_in, f"photos/{n}", 0, PHOTO)),
        "store a video": _median(lambda n: stored_in.save(f"videos/{n}", video)),
        "read a part of a video": _median(lambda n: _read(stored_in, f"videos/{n}", 9**7, PART)),
    }


def _read(stored_in: Storage, name: str, start: int, size: int) -> None:
    with stored_in.open(name, "rb") as file:
        file.seek(start)
        if len(file.read(size)) != size:
            raise ValueError(f"{name} is too short")


def _median(call: Callable[[int], object]) -> float:
    times = []
    for number in range(ROUNDS):
        began = time.perf_counter()
        call(number)
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def main() -> int:
    """Measure a folder in memory as it is and encrypted. Print a table."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emotionsite.settings")
    django.setup()
    from detector.common.encrypted_storage import EncryptedStorage

    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        inner = {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": f"{folder}/sealed"},
        }
        plain = measure(FileSystemStorage(location=f"{folder}/plain"))
        sealed = measure(EncryptedStorage(inner, [secrets.token_bytes(32)]))
    print("| ms | plain | encrypted |\n|---|---|---|")
    for name in plain:
        print(f"| {name} | {plain[name]:.2f} | {sealed[name]:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
