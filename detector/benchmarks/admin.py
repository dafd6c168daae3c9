"""Measure the server time of the administration's lists: `python -m detector.benchmarks.admin`.

It creates a PostgreSQL database beside the one of `DATABASE_URL`, fills each table with `--rows`
rows, and drops it at the end. Limit: no list takes longer than 300 ms, plain, searched or filtered.
"""

import argparse
import gc
import json
import os
import secrets
import time
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

from detector.benchmarks.empty_site import empty_site, plain_static_files

if TYPE_CHECKING:
    from django.test import Client

    from detector.models import Face, Photo

ROWS = 100_000
OWNERS = 1_000
BATCH = 5_000
REPETITIONS = 7
LIMIT_MS = 300.0

PAGES = {
    "dashboard": "",
    "photos": "detector/photo/",
    "photos, file": "detector/photo/?q=photo99.jpg",
    "photos, owner": "detector/photo/?q=user7",
    "photos, filter": "detector/photo/?source=api",
    "photos, page 100": "detector/photo/?p=100",
    "analyses": "detector/analysis/",
    "analyses, owner": "detector/analysis/?q=user7",
    "analyses, failed": "detector/analysis/?status=failed",
    "faces": "detector/face/",
    "faces, filter": "detector/face/?emotion=fear",
    "days": "detector/dailyemotion/",
    "days, owner": "detector/dailyemotion/?q=user7",
    "review queue": "review/",
    "accounts": "detector/user/",
    "accounts, search": "detector/user/?q=user77",
    "deliveries": "detector/webhookdelivery/",
    "webhooks": "detector/webhookendpoint/",
    "audit log": "detector/auditentry/",
    "audit log, action": "detector/auditentry/?action=photo.viewed",
    "audit log, search": "detector/auditentry/?q=user7",
}


def main() -> None:
    """Fill the database, measure, print, and fail where a list takes too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    base = os.environ.get("DATABASE_URL") or os.environ.get("TEST_DATABASE_URL", "")
    if not base.startswith("postgres"):
        raise SystemExit("Name a PostgreSQL server in DATABASE_URL.")
    name = f"bench_admin_{secrets.token_hex(4)}"
    url = urlsplit(base)._replace(path=f"/{name}").geturl()
    _on_server(base, f"CREATE DATABASE {name}")
    try:
        with empty_site(DATABASE_URL=url):
            result = _result(options.rows, options.repetitions)
    finally:
        _on_server(base, f"DROP DATABASE {name} WITH (FORCE)")
    print(f"{options.rows:,} rows a table, made up in {result['seeding_s']:.0f} s")
    for page, taken in result["pages"].items():
        print(f"{page:<22}{taken['ms']:>9.1f} ms")
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    if any(taken["ms"] > LIMIT_MS for taken in result["pages"].values()):
        raise SystemExit("A limit was passed.")


def _on_server(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def _result(rows: int, repetitions: int) -> dict[str, Any]:
    from django.db import connection

    began = time.perf_counter()
    _fill(rows)
    with connection.cursor() as cursor:
        # As autovacuum does some time after so many inserts.
        cursor.execute("VACUUM ANALYZE")
    seeding = time.perf_counter() - began
    gc.collect()
    gc.freeze()
    with plain_static_files():
        client = _staff()
        pages = {name: _measured(client, path, repetitions) for name, path in PAGES.items()}
    connection.close()
    return {"rows": rows, "seeding_s": seeding, "pages": pages}


def _staff() -> "Client":
    from django.contrib.auth import get_user_model
    from django.test import Client

    staff = get_user_model().objects.create_superuser("boss", "boss@example.com")
    client = Client(headers={"host": "localhost"})
    client.force_login(staff)
    return client


def _measured(client: "Client", path: str, repetitions: int) -> dict[str, float]:
    from detector.benchmarks.pages import seconds

    # The first request compiles templates and fills caches.
    times = [seconds(client, f"/admin/{path}") for _ in range(repetitions + 1)][1:]
    return {"ms": 1000 * median(times)}


def _fill(rows: int) -> None:
    """Insert the rows in batches, spread over a year, with 3 % of the analyses failed."""
    from django.utils import timezone

    from detector import consent
    from detector.models import ModelVersion, User, WebhookEndpoint

    now = timezone.now()
    model = ModelVersion.objects.create(name="bench", sha256="b" * 64, status="active")
    users = User.objects.bulk_create(
        (
            User(
                username=f"user{n}",
                email=f"user{n}@example.com",
                review_consent_version=consent.REVIEW_VERSION,
                review_consented_at=now,
            )
            for n in range(rows)
        ),
        batch_size=BATCH,
    )
    endpoints = WebhookEndpoint.objects.bulk_create(
        WebhookEndpoint(owner=user, url="https://example.com/hook", events=[])
        for user in users[:OWNERS]
    )
    for start in range(0, rows, BATCH):
        numbers = range(start, min(start + BATCH, rows))
        moments = {n: now - timedelta(days=365) * (1 - n / rows) for n in numbers}
        _write(numbers, moments, users[:OWNERS], endpoints, model)


def _write(
    numbers: range, moments: dict[int, Any], owners: list[Any], endpoints: list[Any], model: Any
) -> None:
    """Insert one batch: a row of each table for every number."""
    from detector.models import ReviewCase

    photos = _write_photos(numbers, moments, owners)
    faces = _write_faces(numbers, moments, photos, model)
    ReviewCase.objects.bulk_create(
        ReviewCase(face=face, usefulness=n * 7919 % 3000 / 1000, created_at=moments[n])
        for n, face in zip(numbers, faces, strict=True)
    )
    _write_days(numbers, moments, owners, model)
    _write_audit_log(numbers, photos)
    _write_deliveries(numbers, moments, photos, endpoints)


def _write_photos(numbers: range, moments: dict[int, Any], owners: list[Any]) -> "list[Photo]":
    from detector.enums import Source
    from detector.models import Photo

    sources = list(Source)
    return Photo.objects.bulk_create(
        Photo(
            owner=owners[n % len(owners)], filename=f"photo{n}.jpg", sha256=f"{n:064x}",
            image="images/x.jpg", thumbnail="thumbnails/x.jpg", width=640, height=480,
            format="JPEG", stored_bytes=100_000, uploaded_at=moments[n], taken_at=moments[n],
            source=sources[n % len(sources)], batch=UUID(int=n // 10),
        )
        for n in numbers
    )  # fmt: skip


def _write_faces(
    numbers: range, moments: dict[int, Any], photos: "list[Photo]", model: Any
) -> "list[Face]":
    """Insert an analysis of each photo, and a face of each analysis."""
    from detector.enums import Emotion
    from detector.models import Analysis, Face

    emotions = list(Emotion)
    analyses = Analysis.objects.bulk_create(
        Analysis(
            photo=photo, owner=photo.owner, model_version=model, queued_at=moments[n],
            due_at=moments[n], finished_at=moments[n], best_confidence=0.8,
            status="failed" if n % 33 == 0 else "done",
            error_code="timed_out" if n % 33 == 0 else "",
        )
        for n, photo in zip(numbers, photos, strict=True)
    )  # fmt: skip
    return Face.objects.bulk_create(
        Face(
            analysis=analysis, index=0, x=1, y=1, width=90, height=90, landmarks=[],
            detection_score=0.9, emotion=emotions[n % 7], confidence=0.4 + 0.6 * (n % 97) / 97,
            uncertain=n % 5 == 0, **dict.fromkeys(Face.PROBABILITY_FIELDS.values(), 1 / 7),
        )
        for n, analysis in zip(numbers, analyses, strict=True)
    )  # fmt: skip


def _write_days(numbers: range, moments: dict[int, Any], owners: list[Any], model: Any) -> None:
    from detector.enums import Emotion
    from detector.models import DailyEmotion

    emotions = list(Emotion)
    DailyEmotion.objects.bulk_create(
        DailyEmotion(
            owner=owners[n % len(owners)], model_version=model,
            day=moments[n].date(), emotion=emotions[n // len(owners) % 7],
            faces=1, uncertain=0, confidence_sum=0.8,
        )
        for n in numbers
    )  # fmt: skip


def _write_audit_log(numbers: range, photos: "list[Photo]") -> None:
    from detector.models import AuditEntry

    AuditEntry.objects.bulk_create(
        AuditEntry(
            actor_name=f"user{n % 20}", action=("photo.viewed", "user.exported")[n % 2],
            target_type="photo", target_id=str(photo.pk), target_name=f"of user{n % 1000}",
        )
        for n, photo in zip(numbers, photos, strict=True)
    )  # fmt: skip


def _write_deliveries(
    numbers: range, moments: dict[int, Any], photos: "list[Photo]", endpoints: list[Any]
) -> None:
    from detector.models import WebhookDelivery
    from detector.models.ids import new_id

    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(
            endpoint=endpoints[n % len(endpoints)], photo=photo, event="analysis.done",
            subject=new_id(), payload="{}", status="delivered", created_at=moments[n],
            due_at=moments[n], finished_at=moments[n],
        )
        for n, photo in zip(numbers, photos, strict=True)
    )  # fmt: skip


if __name__ == "__main__":
    main()
