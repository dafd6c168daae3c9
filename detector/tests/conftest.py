"""Shared fixtures: an owner, a stranger, photos, a stub network and a stub broker."""

import io
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import time_machine
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.db.models import DateTimeField, Value
from django.test import Client
from django.utils import timezone
from django_prometheus.middleware import Metrics
from PIL import Image
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from detector.accounts import tokens
from detector.analyses import pipeline
from detector.common import clock, dispatch
from detector.common.dispatch import TaskName
from detector.enums import Scope
from detector.models import Analysis, AuditEntry, ReviewCase, User, audit_triggers
from detector.operations import metrics
from detector.registry import networks
from detector.reviews import consent as review_consent
from detector.tests.factories import UserFactory
from detector.tests.people import logged_in, reviewer_named
from detector.tests.stub_analyser import StubAnalyser

Broker = dict[TaskName, Callable[[str], object]]
"""The receiver of the messages of each task."""


@pytest.fixture(autouse=True)
def _audit_log_emptied(request: pytest.FixtureRequest) -> Iterator[None]:
    """Empty the audit log after tests that commit: the only way around the triggers."""
    if not _commits(request):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    if AuditEntry.objects.exists():
        with connection.schema_editor() as editor:
            audit_triggers.drop(editor)
            editor.execute("DELETE FROM detector_auditentry")
            audit_triggers.create(editor)


def _commits(request: pytest.FixtureRequest) -> bool:
    marker = request.node.get_closest_marker("django_db")
    marked = marker is not None and bool(marker.kwargs.get("transaction"))
    return marked or bool({"transactional_db", "live_server"} & set(request.fixturenames))


@pytest.fixture(autouse=True)
def _private_files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATIC_ROOT.mkdir()
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()


@pytest.fixture(autouse=True)
def _clock_travels_along(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Move the clock of the database in tests that travel: time_machine does not.

    One that has a host with a wrong clock says so by the fixture `wrong_clocks`.
    """
    if "wrong_clocks" in request.fixturenames:
        return
    real, hatch = clock.now, time_machine.escape_hatch
    inside = clock.moment
    monkeypatch.setattr(clock, "now", lambda: timezone.now() if hatch.is_travelling() else real())
    monkeypatch.setattr(
        clock,
        "moment",
        lambda: Value(timezone.now(), DateTimeField()) if hatch.is_travelling() else inside(),
    )


@pytest.fixture
def wrong_clocks() -> None:
    """Let time_machine move Python's clock only, as on a host whose clock is wrong."""


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    """Return a stub of the broker: task → receiver of messages, which a test may replace."""
    takers: Broker = {}
    monkeypatch.setattr(dispatch, "publish", lambda task, text: takers[task](text))
    monkeypatch.setattr(dispatch, "number_in_queue", lambda task: 0)
    return takers


@pytest.fixture(autouse=True)
def _no_row_of_another_test() -> None:
    networks._just_read.clear()


@pytest.fixture(autouse=True)
def sent(broker: Broker) -> list[UUID]:
    """Return the ids of the analyses for which messages were sent."""
    return _noted(broker, TaskName.ANALYSE)


@pytest.fixture(autouse=True)
def explain_sent(broker: Broker) -> list[UUID]:
    """Return the ids of the heat maps for which messages were sent."""
    return _noted(broker, TaskName.EXPLAIN)


@pytest.fixture(autouse=True)
def deliver_sent(broker: Broker) -> list[UUID]:
    """Return the ids of the deliveries for which messages were sent."""
    return _noted(broker, TaskName.DELIVER)


@pytest.fixture(autouse=True)
def video_sent(broker: Broker) -> list[UUID]:
    """Return the ids of the segments of videos for which messages were sent."""
    return _noted(broker, TaskName.VIDEO)


@pytest.fixture(autouse=True)
def background_sent(broker: Broker) -> list[UUID]:
    """Return the ids sent to the background worker: fine-tunes and shadow scoring."""
    return _noted(broker, TaskName.FINE_TUNE, TaskName.SHADOW)


def _noted(broker: Broker, *tasks: TaskName) -> list[UUID]:
    ids: list[UUID] = []
    for task in tasks:
        broker[task] = lambda text: ids.append(UUID(text))
    return ids


@pytest.fixture(autouse=True)
def analyser(monkeypatch: pytest.MonkeyPatch) -> StubAnalyser:
    """Replace the network by a stub; a test sets the faces that it finds."""
    stub = StubAnalyser()
    monkeypatch.setattr(networks, "analyser", lambda: stub)
    return stub


@pytest.fixture
def fresh_figures() -> Iterator[None]:
    """Forget what was counted before, also of requests: all tests make thousands of figures."""
    for figure in vars(Metrics.get_instance()).values():
        figure.clear()
    for kind in (metrics.recent, metrics.stored):
        kind.forget()
    yield
    for kind in (metrics.recent, metrics.stored):
        kind.forget()


@pytest.fixture
def owner(db: None) -> User:
    return UserFactory.create(username="owner")


@pytest.fixture
def stranger(db: None) -> User:
    return UserFactory.create(username="stranger")


@pytest.fixture
def reviewer(db: None) -> User:
    return reviewer_named("reviewer")


@pytest.fixture
def web(owner: User) -> Client:
    return logged_in(owner)


@pytest.fixture
def stranger_web(stranger: User) -> Client:
    return logged_in(stranger)


@pytest.fixture
def staff(admin_user: User) -> Client:
    """Log a superuser in, who may do everything in the administration."""
    return logged_in(admin_user)


@pytest.fixture
def reviewer_api(reviewer: User) -> APIClient:
    return api_client(reviewer, [Scope.REVIEW])


@pytest.fixture
def api(owner: User) -> APIClient:
    return api_client(owner)


@pytest.fixture
def stranger_api(stranger: User) -> APIClient:
    return api_client(stranger)


@contextmanager
def undone() -> Iterator[None]:
    """Take back what the block does to the database: the next one begins with the same world."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def api_client(user: User, scopes: Collection[Scope] = tokens.DEFAULT_SCOPES) -> APIClient:
    client = APIClient()
    _, secret = tokens.create_token(user, name="test", scopes=scopes)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


@pytest.fixture
def picture() -> Callable[..., SimpleUploadedFile]:
    """Return a function that makes image files, each with different pixels."""
    made = iter(range(1_000_000))

    def make(
        name: str = "photo.jpg", size: tuple[int, int] = (64, 48), format: str = "JPEG", **save: Any
    ) -> SimpleUploadedFile:
        width, height = size
        pixels = np.random.default_rng(next(made)).integers(0, 256, (height, width, 3), np.uint8)
        image = Image.fromarray(pixels)
        return SimpleUploadedFile(name, encoded(image, format, **save))

    return make


def encoded(image: Image.Image, format: str = "JPEG", **save: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **save)
    return buffer.getvalue()


@pytest.fixture
def work_off(sent: list[UUID]) -> Callable[[], list[Analysis]]:
    """Return a function that analyses everything sent so far, as a worker does."""

    def run() -> list[Analysis]:
        ids = list(sent)
        sent.clear()
        for analysis_id in ids:
            pipeline.run(analysis_id)
        return list(Analysis.objects.filter(pk__in=ids).order_by("id"))

    return run


@pytest.fixture
def case(analysed: Analysis, owner: User, settings: Settings) -> ReviewCase:
    """Return the case of the face of `analysed`, which waits for one review; its owner agreed."""
    settings.REVIEW_DOUBLE_SHARE = 0.0
    review_consent.agree(owner)
    return ReviewCase.objects.get()


@pytest.fixture
def analysed(
    owner: User,
    picture: Callable[..., SimpleUploadedFile],
    work_off: Callable[[], list[Analysis]],
    django_capture_on_commit_callbacks: Any,
) -> Analysis:
    """Return an analysed photo of the owner, in which the stub found one happy face."""
    from detector.analyses import submission
    from detector.enums import Source

    with django_capture_on_commit_callbacks(execute=True):
        submission.submit(owner, [picture()], Source.WEB)
    return work_off()[0]
