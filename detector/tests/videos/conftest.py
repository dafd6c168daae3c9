"""Videos are read in the process of the test: a process of its own takes half a second each."""

import os
from collections.abc import Iterator
from typing import Any, BinaryIO

import pytest
from pytest_django.fixtures import Settings

from detector.models import User, Video
from detector.registry import networks
from detector.tests.videos import films
from detector.tests.videos.films import FilmAnalyser
from detector.videos import decoding
from ml.videos import process, reading
from ml.videos.sampling import Sampler


class SamplerHere(Sampler):
    """A decoder in the process of the test. Its file stays open when the caller closes it."""

    can_go_on = True

    def __init__(self, file: BinaryIO, **options: Any) -> None:
        super().__init__(os.fdopen(os.dup(file.fileno()), "rb"), **options)

    def close(self) -> None:
        super().close()
        self._file.close()


@pytest.fixture(autouse=True)
def _read_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if "real_process" not in request.fixturenames:
        monkeypatch.setattr(process, "inspect", reading.inspect)
        monkeypatch.setattr(process, "Decoder", SamplerHere)
    yield
    decoding.drop()


@pytest.fixture
def real_process() -> None:
    """Let videos be read in a process of its own."""


@pytest.fixture(autouse=True)
def watching(monkeypatch: pytest.MonkeyPatch) -> FilmAnalyser:
    """Replace the network by a stub that knows the films."""
    stub = FilmAnalyser()
    monkeypatch.setattr(networks, "analyser", lambda: stub)
    return stub


@pytest.fixture(autouse=True)
def _short_segments(settings: Settings) -> None:
    settings.VIDEO_SEGMENT_SECONDS = 1


@pytest.fixture
def video(owner: User) -> Video:
    """Return a video of three seconds, in three segments, that waits."""
    return films.submitted(owner)


@pytest.fixture
def done(video: Video) -> Video:
    """Return the same, analysed: one person, happy in the first second and sad in the others."""
    return films.work_off(video)
