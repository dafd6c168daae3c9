"""Leftover files of an error or a killed process are removed by the next purge."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import OperationalError

from detector.analyses import explanations, heat_maps, pipeline, submission
from detector.common import clock, leases
from detector.enums import Source, Status
from detector.exceptions import DetectorError
from detector.models import Analysis, User
from detector.photos import orphans
from detector.tests.outages import MakePicture, files, named

pytestmark = pytest.mark.django_db


STEPS = {
    "quota": ("detector.photos.quotas.check", 0),
    "analysis is queued": ("detector.analyses.queueing.queue", 0),
    "thumbnail is made": ("ml.image_pixels.jpeg", 1),
    "copies are named": ("detector.photos.images._update_row", 0),
    "photo is read": ("detector.registry.networks.analyser", 0),
    "result is counted": ("detector.insights.rollups.add_new", 0),
    "heat map is drawn": ("detector.analyses.crops.detection_of", 0),
}


class Killed(BaseException):
    """Simulates the end of the process at this point."""


@pytest.mark.parametrize("error", [RuntimeError, Killed, OperationalError])
@pytest.mark.parametrize("step", list(STEPS))
def test_no_file_without_a_row_is_older_than_the_round(
    owner: User, picture: MakePicture, sent: list[UUID], step: str, error: type[BaseException],
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    """This also holds for a killed process, which cleans nothing up."""
    path, at = STEPS[step]
    calls = [0]
    target = _found(path)

    def fail(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] > at:
            raise error(step)
        return target(*args, **kwargs)

    monkeypatch.setattr(leases, "PATIENCE_SECONDS", ())
    with monkeypatch.context() as patch:
        patch.setattr(path, fail)
        if error is Killed:
            patch.setattr(FileSystemStorage, "delete", lambda *_: None)
        for work in (
            lambda: _upload(owner, picture, django_capture_on_commit_callbacks),
            lambda: _analyse(sent),
            _draw,
        ):
            try:
                work()
            except (RuntimeError, Killed, OperationalError, DetectorError):
                continue
    assert calls[0] > at
    _age()
    orphans.remove_orphans()
    assert files() == named()
    assert all(default_storage.exists(name) for name in named())


def _upload(owner: User, picture: MakePicture, capture: Any) -> None:
    with capture(execute=True):
        submission.submit(owner, [picture()], Source.WEB)


def _analyse(sent: list[UUID]) -> None:
    for pk in sent:
        pipeline.run(pk)


def _draw() -> None:
    for analysis in Analysis.objects.filter(status=Status.DONE):
        heat_maps.draw(explanations.request(analysis.faces.get()).pk)


def _found(path: str) -> Any:
    from django.utils.module_loading import import_string

    return import_string(path)


def _age() -> None:
    old = (clock.now() - timedelta(hours=2)).timestamp()
    for name in files():
        os.utime(Path(settings.MEDIA_ROOT, name), (old, old))
