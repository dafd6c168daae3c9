"""The figures for Prometheus: who may read them, what they say, what they never name."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from detector.enums import DeliveryStatus, ModelStatus, Status
from detector.models import Analysis, VideoSegment
from detector.operations import heartbeats, metrics
from detector.tests.factories import (
    AnalysisFactory,
    ModelVersionFactory,
    PhotoFactory,
    VideoFactory,
    WebhookDeliveryFactory,
    with_timeline,
)
from emotionsite.environment import long_secret

pytestmark = pytest.mark.django_db

TOKEN = "t" * 30


@pytest.fixture(autouse=True)
def _fresh(fresh_figures: None) -> None:
    """Begin without figures of other tests."""


def here() -> Client:
    return Client(headers={"host": "127.0.0.1:8000"})


def read() -> dict[tuple[str, ...], float]:
    """Return the figures of the work, without those of requests."""
    lines = here().get("/metrics").content.decode().splitlines(keepends=True)
    text = "".join(line for line in lines if "emotionsite_" in line)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 200),
        ({"REMOTE_ADDR": "::1"}, 200),
        ({"HTTP_HOST": "localhost"}, 200),
        ({"HTTP_HOST": "[::1]:8000"}, 200),
        ({"HTTP_HOST": "testserver"}, 404),
        ({"REMOTE_ADDR": "192.0.2.1"}, 404),
        ({"REMOTE_ADDR": ""}, 404),
        ({"HTTP_X_FORWARDED_FOR": "192.0.2.1"}, 404),
        ({"REMOTE_ADDR": "192.0.2.1", "HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}, 200),
        ({"REMOTE_ADDR": "192.0.2.1", "HTTP_AUTHORIZATION": f"Bearer {TOKEN}x"}, 404),
        ({"REMOTE_ADDR": "192.0.2.1", "HTTP_AUTHORIZATION": "Bearer \u00e9"}, 404),
        ({"REMOTE_ADDR": "192.0.2.1", "HTTP_AUTHORIZATION": TOKEN}, 404),
    ],
)
def test_who_may_read_them(settings: Any, sent: dict[str, str], status: int) -> None:
    settings.METRICS_TOKEN = TOKEN
    response = here().get("/metrics", **sent)  # type: ignore[arg-type]
    assert response.status_code == status
    assert (b"emotionsite_" in response.content) == (status == 200)


def test_no_token_opens_nothing(settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    for text in ("Bearer ", "Bearer x"):
        sent = {"REMOTE_ADDR": "192.0.2.1", "HTTP_AUTHORIZATION": text}
        assert here().get("/metrics", **sent).status_code == 404  # type: ignore[arg-type]


def test_behind_a_proxy_everyone_comes_from_this_host(settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    assert here().get("/metrics").status_code == 404


def test_a_short_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_TOKEN", "guessed")
    with pytest.raises(ImproperlyConfigured, match="at least 20"):
        long_secret("METRICS_TOKEN")


def test_work_that_waits_and_runs() -> None:
    now = timezone.now()
    open_ = {"finished_at": None, "model_version": None}
    for minutes in (5, 1):
        queued = now - timedelta(minutes=minutes)
        AnalysisFactory.create(status=Status.QUEUED, queued_at=queued, **open_)
    AnalysisFactory.create(status=Status.RUNNING, lease_expires_at=now, **open_)
    WebhookDeliveryFactory.create(status=DeliveryStatus.WAITING, due_at=now - timedelta(hours=1))
    # What is told of things in the bin waits there, and nobody need look after it.
    for binned in (
        {"photo": PhotoFactory.create(deleted_at=now)},
        {"photo": None, "video": VideoFactory.create(deleted_at=now)},
    ):
        WebhookDeliveryFactory.create(**binned, due_at=now - timedelta(days=2))
    heartbeats.announce("some:1")
    found = read()
    assert found["emotionsite_queue_length", "analysis"] == 2
    assert found["emotionsite_queue_oldest_seconds", "analysis"] == pytest.approx(300, abs=30)
    assert found["emotionsite_queue_oldest_seconds", "webhooks"] == pytest.approx(3600, abs=30)
    assert found["emotionsite_queue_length", "webhooks"] == 1
    assert found["emotionsite_queue_length", "explanations"] == 0
    assert found["emotionsite_queue_oldest_seconds", "background"] == 0
    assert found["emotionsite_analyses_running",] == 1
    assert found["emotionsite_workers", "idle"] == 1
    assert found["emotionsite_webhook_deliveries", "waiting"] == 3


def test_work_that_has_ended() -> None:
    now = timezone.now()
    ended: dict[str, Any] = {"finished_at": now, "queued_at": now - timedelta(seconds=8)}
    timed = {"started_at": now - timedelta(seconds=2), "timings_ms": {"detect": 30.0}}
    ModelVersionFactory.create(name="serving", sha256="a" * 64, status=ModelStatus.ACTIVE)
    AnalysisFactory.create(**ended, **timed)
    failed: dict[str, Any] = {"status": Status.FAILED, "model_version": None}
    AnalysisFactory.create(error_code="timed_out", **failed, **ended)
    old = now - timedelta(hours=1)
    AnalysisFactory.create(error_code="old", finished_at=old, **failed)
    found = read()
    assert found["emotionsite_analyses_ended", "done"] == 1
    assert found["emotionsite_analyses_ended", "failed"] == 1
    assert found["emotionsite_analyses_failed", "timed_out"] == 1
    assert ("emotionsite_analyses_failed", "old") not in found
    buckets = {
        bound: found["emotionsite_stage_seconds_bucket", bound, "detect"]
        for bound in ("0.025", "0.05", "+Inf")
    }
    assert buckets == {"0.025": 0, "0.05": 1, "+Inf": 1}
    assert found["emotionsite_stage_seconds_gsum", "wait"] == pytest.approx(6)
    assert found["emotionsite_model_info", "a" * 12, "serving"] == 1


def test_videos_under_way_and_ended() -> None:
    now = timezone.now()
    running = with_timeline(VideoFactory.create(status=Status.RUNNING, finished_at=None))
    VideoSegment.objects.update(status=Status.QUEUED, queued_at=now - timedelta(minutes=5))
    failed = {"status": Status.FAILED, "error_message": "Too long."}
    VideoFactory.create(finished_at=now, error_code="timed_out", **failed)
    VideoFactory.create(finished_at=now - timedelta(hours=1), error_code="old", **failed)
    found = read()
    assert found["emotionsite_queue_length", "videos"] == running.segments.count() == 1
    assert found["emotionsite_queue_oldest_seconds", "videos"] == pytest.approx(300, abs=30)
    assert (found["emotionsite_videos", "running"], found["emotionsite_videos", "queued"]) == (1, 0)
    assert found["emotionsite_videos_ended", "failed"] == 1
    assert found["emotionsite_videos_failed", "timed_out"] == 1
    assert ("emotionsite_videos_failed", "old") not in found


def test_storage() -> None:
    PhotoFactory.create(stored_bytes=1000)
    found = read()
    assert found["emotionsite_stored_bytes",] == 1000
    assert found["emotionsite_photos",] == 1
    assert 0 < found["emotionsite_storage_free_bytes",] <= found["emotionsite_storage_bytes",]


def test_no_person_and_no_file_is_named(analysed: Analysis, web: Client) -> None:
    web.get(f"/photos/{analysed.photo_id}/")
    text = here().get("/metrics").content.decode()
    owner = analysed.owner
    for secret in (owner.email, owner.username, str(owner.pk), analysed.photo.filename):
        assert secret not in text
    for secret in (str(analysed.photo_id), str(analysed.pk), analysed.photo.sha256):
        assert secret not in text
    assert 'view="photo"' in text


def test_callers_add_no_series_with_methods_of_their_own() -> None:
    Client().generic("NONSENSE", "/healthz")
    Client().get("/healthz")
    text = here().get("/metrics").content.decode()
    assert "NONSENSE" not in text
    assert 'view="healthz"' in text


def test_the_queries_are_few_and_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics.recent, "seconds", 60)
    for _ in range(3):
        AnalysisFactory.create(finished_at=timezone.now(), timings_ms={"detect": 1})
    with CaptureQueriesContext(
        connection,
    ) as first:
        read()
    assert len(first) <= 15
    with CaptureQueriesContext(connection) as second:
        read()
    assert len(second) == 0


def test_without_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    PhotoFactory.create()

    def away() -> None:
        raise OperationalError("no connection")

    monkeypatch.setattr("detector.operations.metrics.clock.now", away)
    found = read()
    assert found["emotionsite_database_up",] == 0
    assert ("emotionsite_photos",) not in found
    assert found["emotionsite_storage_bytes",] > 0
