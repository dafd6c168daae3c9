"""Fine-tunes as rows and processes; the training itself is tested in `ml`."""

import hashlib
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from detector.common import dispatch
from detector.enums import FineTuneStatus, ModelStatus
from detector.exceptions import DetectorError
from detector.learning import requests, runner
from detector.models import AuditEntry, FineTune, ModelVersion, ReviewedExport, User
from detector.registry import promotion
from detector.tests.e2e.platform import until
from ml import manifest

pytestmark = pytest.mark.django_db

EMPTY = hashlib.sha256().hexdigest()
TRAINING = """
import json, os, shutil, signal, sys, time
from pathlib import Path
from ml import manifest
name, folder, wait = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
# In the middle of a long step it hears of no signal, and what it works in stays.
signal.signal(signal.SIGTERM, signal.SIG_IGN)
(folder / f".{name}.works").mkdir(parents=True)
print("not JSON", flush=True)
print(json.dumps({"stage": "training", "progress": 0.25}), flush=True)
for _ in range(int(wait * 20)):
    time.sleep(0.05)
    print("still at it", flush=True)
source = manifest.read(manifest.DEFAULT_VERSION)
(folder / name).mkdir(parents=True)
shutil.copy(source.serving_path, folder / name)
manifest.write({**source.document, "secrets": "SECRET_KEY" in os.environ}, folder / name)
print(json.dumps({"stage": "done", "progress": 1.0}), flush=True)
"""


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MODELS_FOLDER = tmp_path / "models"
    settings.MODEL_VERSION = None
    settings.TRAINING_DATA = str(tmp_path / "base.npz")
    (tmp_path / "base.npz").touch()
    monkeypatch.setenv("SECRET_KEY", "hidden")
    monkeypatch.setattr(runner, "POLL_SECONDS", 0.1)
    let_train(monkeypatch, settings.MODELS_FOLDER)


def let_train(monkeypatch: pytest.MonkeyPatch, folder: Path, wait: float = 0.0) -> None:
    """Replace training by a program that takes as long as it is told."""

    def command(row: FineTune) -> list[str]:
        return [sys.executable, "-c", TRAINING, row.name, str(folder), str(wait)]

    monkeypatch.setattr(runner, "command", command)


@pytest.fixture
def reviewed(tmp_path: Path, db: None) -> ReviewedExport:
    promotion.choose_default()
    (tmp_path / "reviewed.npz").touch()
    return ReviewedExport.objects.create(
        name="2026-06-01-abc", path=str(tmp_path / "reviewed.npz"), sha256=EMPTY, faces=9
    )


def test_a_fine_tune_makes_a_candidate(
    reviewed: ReviewedExport,
    owner: User,
    background_sent: list[UUID],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        row = requests.request(reviewed, owner)
        other = requests.request(reviewed, owner)
    assert background_sent == [row.pk, other.pk]
    assert other.name == f"{row.name}-2"
    assert AuditEntry.objects.filter(action="finetune.requested", actor=owner).count() == 2
    runner.run(row.pk)
    runner.run(row.pk)
    row.refresh_from_db()
    assert (row.status, row.stage, row.progress) == (FineTuneStatus.DONE, "done", 1.0)
    assert row.log.splitlines()[0] == "not JSON"
    assert row.result is not None
    assert (row.result.name, row.result.status) == (row.name, ModelStatus.CANDIDATE)
    # Training needs none of the platform's secrets.
    assert row.result.manifest["secrets"] is False
    # The next one may start.
    background_sent.clear()
    requests.sweep()
    assert background_sent == [other.pk]
    # No worker takes them for hours: a message each sweep would fill the broker.
    monkeypatch.setattr(dispatch, "number_in_queue", lambda task: dispatch.RESEND_BATCH)
    requests.sweep()
    assert background_sent == [other.pk]


def test_the_command_is_that_of_training(
    reviewed: ReviewedExport, owner: User, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.undo()
    settings.FINE_TUNE_QUICK = True
    row = FineTune(name="n", reviewed=reviewed, base=promotion.register(manifest.DEFAULT_VERSION))
    words = runner.command(row)
    # Another export to the same place is another data set.
    Path(reviewed.path).write_bytes(b"other faces")
    with pytest.raises(DetectorError, match="are not those of 2026-06-01-abc"):
        runner.command(row)
    Path(reviewed.path).unlink()
    with pytest.raises(DetectorError, match="is not at"):
        runner.command(row)
    assert words[1:3] == ["-m", "ml.training.finetune"]
    assert words[words.index("--base") + 1] == manifest.DEFAULT_VERSION
    assert words[words.index("--reviewed-id") + 1] == reviewed.name
    assert words[-1] == "--quick"


def test_one_runs_at_a_time(reviewed: ReviewedExport, owner: User) -> None:
    first, second = (requests.request(reviewed, owner) for _ in range(2))
    FineTune.objects.filter(pk=first.pk).update(
        status=FineTuneStatus.RUNNING, heard_at=timezone.now()
    )
    runner.run(second.pk)
    second.refresh_from_db()
    assert second.status == FineTuneStatus.QUEUED


def test_a_candidate_is_not_lost_by_a_moment_without_database(
    reviewed: ReviewedExport, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = requests.request(reviewed, owner)
    real, away = promotion.register, iter([OperationalError("the connection was closed")] * 2)

    def register(name: str) -> ModelVersion:
        if (error := next(away, None)) is not None:
            raise error
        return real(name)

    monkeypatch.setattr(promotion, "register", register)
    runner.run(row.pk)
    row.refresh_from_db()
    assert (row.status, row.error_message) == (FineTuneStatus.DONE, "")


def test_failures_say_why(
    reviewed: ReviewedExport, owner: User, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    row = requests.request(reviewed, owner)
    last_words = "print('begun', flush=True); raise SystemExit('error: too few faces')"
    monkeypatch.setattr(runner, "command", lambda _: [sys.executable, "-c", last_words])
    runner.run(row.pk)
    row.refresh_from_db()
    assert (row.status, row.error_message) == (FineTuneStatus.FAILED, "error: too few faces")
    # A lost worker does not block the others for ever.
    lost = requests.request(reviewed, owner)
    long_ago = timezone.now() - timedelta(seconds=settings.FINE_TUNE_SILENCE + 1)
    FineTune.objects.filter(pk=lost.pk).update(status=FineTuneStatus.RUNNING, heard_at=long_ago)
    requests.sweep()
    lost.refresh_from_db()
    assert (lost.status, lost.error_message) == (FineTuneStatus.FAILED, "Its worker was lost.")


def test_requests_that_cannot_work_are_refused(
    reviewed: ReviewedExport, owner: User, settings: Any
) -> None:
    Path(reviewed.path).unlink()
    with pytest.raises(DetectorError, match="is not at"):
        requests.request(reviewed, owner)
    settings.TRAINING_DATA = ""
    with pytest.raises(DetectorError, match="TRAINING_DATA"):
        requests.request(reviewed, owner)
    assert not FineTune.objects.exists()


def cancel(row: FineTune, owner: User, settings: Any) -> None:
    assert requests.cancel(row, owner)
    assert not requests.cancel(row, owner)


def shut_down(row: FineTune, owner: User, settings: Any) -> None:
    runner.stop_all()


def lose_patience(row: FineTune, owner: User, settings: Any) -> None:
    settings.FINE_TUNE_SECONDS = 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("stop", "status", "error"),
    [
        (cancel, FineTuneStatus.CANCELLED, ""),
        # Another worker starts it again.
        (shut_down, FineTuneStatus.QUEUED, ""),
        (lose_patience, FineTuneStatus.FAILED, "It took too long."),
    ],
)
def test_a_run_that_has_to_stop_ends_its_process(
    stop: Any, status: FineTuneStatus, error: str,
    reviewed: ReviewedExport, owner: User, monkeypatch: pytest.MonkeyPatch, settings: Any,
) -> None:  # fmt: skip
    monkeypatch.setattr(runner, "_stopping", threading.Event())
    monkeypatch.setattr(runner, "END_SECONDS", 0.2)
    # Of a run whose worker was killed, and of somebody who trains by hand.
    lost = requests.request(reviewed, owner)
    FineTune.objects.filter(pk=lost.pk).update(status=FineTuneStatus.FAILED)
    other = settings.MODELS_FOLDER / ".by-hand.works"
    for folder in (settings.MODELS_FOLDER / f".{lost.name}.works", other):
        folder.mkdir(parents=True)
    settings.FINE_TUNE_SECONDS = 60
    let_train(monkeypatch, settings.MODELS_FOLDER, wait=60)
    row = requests.request(reviewed, owner)

    def work() -> None:
        try:
            runner.run(row.pk)
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    until(lambda: FineTune.objects.get(pk=row.pk).log, 20, "A sign of life")
    stop(row, owner, settings)
    worker.join(10)
    assert not worker.is_alive()
    row.refresh_from_db()
    assert (row.status, row.error_message) == (status, error)
    assert list(settings.MODELS_FOLDER.iterdir()) == [other]
