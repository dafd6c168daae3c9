"""Measure waiting beside another person's many photos: `python -m detector.benchmarks.fairness`.

The workers of the platform run on an empty installation. One person sends single photos and asks
for heat maps: first alone, then while 300 photos of another person wait. Each comes when the one
before is done, so beside the other person just after a worker began a photo: the worst moment.
Limit: beside them, a photo's median latency is at most three times that alone.

It uses the services that DATABASE_URL and REDIS_URL name, else SQLite and the embedded broker. On
PostgreSQL it creates a database of its own. The Redis database must be for this alone, since its
queues are emptied.

Then it measures what a choice costs among many waiting photos, without workers.
"""

import argparse
import io
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from detector.models import User

PHOTOS: Final = 300
SAMPLES: Final = 12
WAITING, OWNERS = 30_000, 1_000
SIZE: Final = (1600, 1200)
PATIENCE_SECONDS: Final = 120
POLL_SECONDS: Final = 0.01
MAX_RATIO: Final = 3.0
MAX_CHOICE_MS: Final = 20.0


def main() -> None:
    """Measure, print a table, and fail where a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=PHOTOS, help="of the other person")
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--workers", type=int, default=1, help="processes that analyse photos")
    parser.add_argument("--waiting", type=int, default=WAITING, help="rows to choose among")
    parser.add_argument("--owners", type=int, default=OWNERS, help="of whom one has most of them")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    from detector.benchmarks.choices import choices

    with installation(options.workers):
        result = {
            "services": services(),
            "workers": options.workers,
            "latency": latencies(options.photos, options.samples),
            "choice": choices(options.waiting, options.owners),
        }
    report(result)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    if (
        result["latency"]["photo"]["ratio"] > MAX_RATIO
        or result["choice"]["next_ms"] > MAX_CHOICE_MS
    ):
        raise SystemExit("A limit was passed.")


def report(result: dict[str, Any]) -> None:
    """Print the figures."""
    print(f"{result['services']}, {result['workers']} worker(s)")
    print(f"{'':<12}{'alone':>10}{'beside':>10}{'longest':>10}{'ratio':>8}")
    for name, row in result["latency"].items():
        times = "".join(f"{row[key]:>8.2f} s" for key in ("alone_s", "beside_s", "longest_s"))
        print(f"{name:<12}{times}{row['ratio']:>8.2f}")
    choice = result["choice"]
    print(
        f"{choice['waiting']:,} waiting photos of {choice['owners']:,} owners: "
        f"{choice['next_ms']:.2f} ms to choose the next, {choice['place_ms']:.2f} ms to join"
    )


@contextmanager
def installation(workers: int) -> Iterator[None]:
    """Set up an empty installation for the block."""
    base = os.environ.get("DATABASE_URL", "")
    name = f"bench_fairness_{secrets.token_hex(4)}"
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "VAR_DIR": folder, "DJANGO_SETTINGS_MODULE": "emotionsite.settings",
            "LOG_LEVEL": "WARNING", "WORKER_CONCURRENCY": str(workers), "CELERY_SKIP_CHECKS": "1",
        }  # fmt: skip
        if base.startswith("postgres"):
            os.environ["DATABASE_URL"] = urlsplit(base)._replace(path=f"/{name}").geturl()
            _on_server(base, f"CREATE DATABASE {name}")
        try:
            _prepare()
            yield
        finally:
            _close()
            if base.startswith("postgres"):
                _on_server(base, f"DROP DATABASE {name} WITH (FORCE)")


def _on_server(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def _prepare() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from emotionsite.celery import app

    call_command("migrate", verbosity=0)
    app.control.purge()


def _close() -> None:
    from django.db import connection

    from emotionsite.celery import app

    app.control.purge()
    connection.close()


def services() -> str:
    """Return the names of the services."""
    from django.conf import settings
    from django.db import connection

    return f"{connection.vendor} and {'redis' if settings.REDIS_URL else 'the embedded broker'}"


def latencies(photos: int, samples: int) -> dict[str, dict[str, float]]:
    """Return the latencies of one person's photos and heat maps, in seconds."""
    other, many = person("other"), person("many")
    with workers():
        done(submit(other, [picture()]))
        for_photos = [photo_seconds(other) for _ in range(samples)]
        for_maps = [heat_map_seconds(other) for _ in range(samples)]
        submit(many, [picture() for _ in range(photos)])
        beside_photos = [photo_seconds(other) for _ in range(samples)]
        beside_maps = [heat_map_seconds(other) for _ in range(samples)]
        if not waiting_of(many):
            raise SystemExit("Too few photos waited: --photos must be larger.")
    pairs = {"photo": (for_photos, beside_photos), "heat map": (for_maps, beside_maps)}
    return {
        name: {
            "alone_s": median(alone), "beside_s": median(beside), "longest_s": max(beside),
            "ratio": median(beside) / median(alone),
        }
        for name, (alone, beside) in pairs.items()
    }  # fmt: skip


@contextmanager
def workers() -> Iterator[None]:
    """Run the workers for the block, from their first heartbeat on."""
    from detector.operations import liveness

    command = [sys.executable, "-m", "emotionsite.supervisor", "worker"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until(liveness.worker_alive)
            yield
        finally:
            process.terminate()


def until(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("The workers do not do what was asked.")
        time.sleep(POLL_SECONDS)


def person(name: str) -> "User":
    """Create a person."""
    from detector.models import User

    return User.objects.create(username=name)


def submit(owner: "User", photos: "list[SimpleUploadedFile]") -> list[Any]:
    """Upload photos. Return their analyses."""
    from detector.analyses import submission
    from detector.enums import Source

    return submission.submit(owner, photos, Source.WEB).accepted


def picture() -> "SimpleUploadedFile":
    """Return a drawn face as a JPEG that differs from all others."""
    from django.core.files.uploadedfile import SimpleUploadedFile
    from PIL import Image

    from detector.enums import Emotion
    from detector.operations import demo_faces

    with Image.open(io.BytesIO(demo_faces.draw((Emotion.HAPPY,), 1))) as drawn:
        image = drawn.resize(SIZE)
    image.paste(Image.effect_noise((64, 64), 50))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    return SimpleUploadedFile("photo.jpg", buffer.getvalue())


def done(analyses: list[Any]) -> None:
    """Wait until these analyses are done."""
    from detector.enums import UNDER_WAY
    from detector.models import Analysis

    rows = Analysis.objects.filter(pk__in=[analysis.pk for analysis in analyses])
    until(lambda: not rows.filter(status__in=UNDER_WAY).exists())


def photo_seconds(owner: "User") -> float:
    """Upload a photo and wait for its result. Return the seconds from upload to result."""
    photo = picture()
    began = time.perf_counter()
    done(submit(owner, [photo]))
    return time.perf_counter() - began


def heat_map_seconds(owner: "User") -> float:
    """Request a heat map and wait for it. Return the seconds."""
    from detector.analyses import explanations
    from detector.enums import Status
    from detector.models import Analysis, Explanation, Face

    unused = Analysis.objects.filter(owner=owner, status=Status.DONE, faces=None)
    # The detector tells drawn faces from real ones.
    face = Face.objects.create(
        analysis=unused[0], index=0, x=600, y=300, width=400, height=500, detection_score=0.9,
        landmarks=[[700, 500], [900, 500], [800, 600], [720, 720], [880, 720]], emotion="happy",
        confidence=0.9, uncertain=False, **dict.fromkeys(Face.PROBABILITY_FIELDS.values(), 1 / 7),
    )  # fmt: skip
    began = time.perf_counter()
    row = explanations.request(face)
    until(lambda: not Explanation.objects.get(pk=row.pk).is_waiting)
    seconds = time.perf_counter() - began
    if error := Explanation.objects.get(pk=row.pk).error_message:
        raise SystemExit(error)
    return seconds


def waiting_of(owner: "User") -> int:
    """Return how many analyses of an owner wait."""
    from detector.enums import Status
    from detector.models import Analysis

    return Analysis.objects.filter(owner=owner, status=Status.QUEUED).count()


if __name__ == "__main__":
    main()
