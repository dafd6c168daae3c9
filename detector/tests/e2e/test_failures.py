"""Processes die and come back; nothing is lost, nothing is done twice."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from detector.tests.e2e import pictures
from detector.tests.e2e.platform import ONE_SLOT, SERVING, Platform, running, until
from detector.tests.e2e.servers import Redis

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="session")
def slow_photo() -> bytes:
    """Return a photo of 36 megapixels, whose analysis takes long enough to be interrupted."""
    large = Image.fromarray(pictures.astronaut()).resize((6000, 6000))
    return pictures.jpeg(np.asarray(large))


def status_of(client: httpx.Client, analysis_id: str) -> str:
    return str(client.get(f"analyses/{analysis_id}/").json()["status"])


def accepted(client: httpx.Client, name: str, photo: bytes) -> str:
    """Send a photo, again while the platform asks for that. Return the id of its analysis.

    A process stopped in the middle of a transaction keeps SQLite locked until it is killed.
    """

    def sent() -> str:
        answer = client.post("analyses/", files={"images": (name, photo)})
        if answer.status_code == 503:
            assert answer.json()["error"]["code"] == "database_unavailable"
            assert int(answer.headers["Retry-After"]) > 0
            return ""
        assert answer.status_code == 202, answer.text
        [analysis] = answer.json()["accepted"]
        return str(analysis["id"])

    return str(until(sent, 120, "The upload"))


@pytest.fixture
def impatient_platform(tmp_path: Path) -> Iterator[Platform]:
    """Start a platform that soon counts silent workers as lost."""
    with running(Platform(tmp_path, SERVING, WORKER_STALL="6", **ONE_SLOT)) as impatient:
        yield impatient


def test_processes_killed_in_the_middle_of_a_job_or_stopped_for_good(
    impatient_platform: Platform, slow_photo: bytes, portrait: bytes
) -> None:
    platform = impatient_platform
    with platform.client(platform.token("someone")) as client:
        photo = accepted(client, "big.jpg", slow_photo)
        until(lambda: status_of(client, photo) == "running", 30, "The claim")
        for pid in platform.children("worker"):
            os.kill(pid, signal.SIGKILL)
        until(lambda: status_of(client, photo) == "done", 90, "The second attempt")
        analysis = client.get(f"analyses/{photo}/").json()
        assert analysis["face_count"] == 1
        assert client.get("stats/summary/").json()["faces"] == 1

        until(platform.is_ready, 60, "Readiness")
        stopped = platform.children("worker")
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        until(lambda: not platform.is_ready(), 30, "The alarm")
        photo = accepted(client, "me.jpg", portrait)
        until(lambda: status_of(client, photo) == "done", 90, "The analysis")
        assert not set(stopped) & set(platform.children("worker"))
    _end_of_the_web_server_ends_all(platform)


def _end_of_the_web_server_ends_all(platform: Platform) -> None:
    assert platform.process is not None
    os.kill(platform.children("web")[0], signal.SIGKILL)
    assert platform.process.wait(40) == 1
    assert platform.children("worker") == []


def test_what_is_stored_is_for_its_user_alone(platform: Platform, portrait: bytes) -> None:
    with platform.client(platform.token("private")) as client:
        client.post("analyses/?wait=30", files={"images": ("me.jpg", portrait)})
    stored = platform.folder / "var"
    everything = [stored, *stored.rglob("*")]
    in_a_bucket = bool(platform.environment.get("S3_BUCKET"))
    assert any(path.parent.parent.name == "thumbnails" for path in everything) != in_a_bucket
    assert len(everything) > 5
    assert [path for path in everything if open_to_others(path)] == []


def open_to_others(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & 0o077)
    except FileNotFoundError:
        return False  # A message that was taken meanwhile.


def broker_state(platform: Platform) -> str:
    return str(httpx.get(f"{platform.url}/readyz", timeout=10).json()["checks"]["broker"])


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    with running(Redis(tmp_path)) as started:
        yield started


def test_broker_away_during_an_upload(tmp_path: Path, redis: Redis, portrait: bytes) -> None:
    address = f"redis://127.0.0.1:{redis.port}/0"
    with (
        running(Platform(tmp_path, SERVING, REDIS_URL=address, **ONE_SLOT)) as platform,
        platform.client(platform.token("someone")) as client,
    ):
        redis.stop()
        response = client.post("analyses/", files={"images": ("me.jpg", portrait)})
        assert response.status_code == 202, response.text
        [accepted] = response.json()["accepted"]
        until(lambda: broker_state(platform) == "unavailable", 10, "The alarm")
        assert status_of(client, accepted["id"]) == "queued"
        redis.start()
        until(lambda: status_of(client, accepted["id"]) == "done", 60, "The analysis")
