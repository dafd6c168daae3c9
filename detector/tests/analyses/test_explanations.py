"""Heat maps: requested once, drawn by a worker, deleted with their photo."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from kombu.exceptions import OperationalError
from rest_framework.test import APIClient

from detector.analyses import explanations, heat_maps
from detector.analyses import selectors as analysis_selectors
from detector.common.dispatch import TaskName
from detector.models import Analysis, Explanation, Face, User
from detector.photos import erasure, orphans
from detector.tests.conftest import Broker
from detector.tests.factories import ModelVersionFactory
from detector.tests.stub_analyser import StubAnalyser

Commit = Callable[..., Any]


def pictures() -> list[Path]:
    return list(Path(django_settings.MEDIA_ROOT, "explanations").rglob("*.jpg"))


@pytest.fixture
def face(analysed: Analysis) -> Face:
    return analysed.faces.get()


@pytest.fixture
def ask(face: Face, django_capture_on_commit_callbacks: Commit) -> Callable[[], Explanation]:
    def run() -> Explanation:
        with django_capture_on_commit_callbacks(execute=True):
            return explanations.request(face)

    return run


Ask = Callable[[], Explanation]


def test_asked_often_drawn_once(
    ask: Ask, face: Face, owner: User, explain_sent: list[UUID], analyser: StubAnalyser
) -> None:
    waiting = ask()
    assert waiting.is_waiting
    assert ask() == waiting
    assert explain_sent == [waiting.pk]
    analyser.seen.clear()
    heat_maps.draw(waiting.pk)
    heat_maps.draw(waiting.pk)
    assert len(analyser.seen) == 1
    [path] = pictures()
    assert Path(ask().picture.path) == path
    assert path.read_bytes()[:2] == b"\xff\xd8"
    assert analysis_selectors.face_of(owner, face.analysis.photo_id, 0) == face
    assert analysis_selectors.face_of(owner, face.analysis.photo_id, 1) is None


def test_two_that_draw_at_once_leave_one_picture(ask: Ask, analyser: StubAnalyser) -> None:
    waiting = ask()

    def another() -> None:
        analyser.before_answer = lambda: None
        heat_maps.draw(waiting.pk)

    analyser.before_answer = another
    heat_maps.draw(waiting.pk)
    waiting.refresh_from_db()
    assert [Path(waiting.picture.path)] == pictures()


def test_a_failure_says_so_and_can_be_asked_for_again(
    ask: Ask, analyser: StubAnalyser, explain_sent: list[UUID]
) -> None:
    waiting = ask()
    analyser.error = ValueError("out of memory or whatever")
    heat_maps.draw(waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.error_code, waiting.is_waiting) == ("internal_error", False)
    analyser.error = None
    again = ask()
    assert again.is_waiting
    assert explain_sent == [waiting.pk, waiting.pk]
    heat_maps.draw(waiting.pk)
    assert ask().picture


def test_a_lost_picture_is_drawn_again(ask: Ask, face: Face, api: APIClient) -> None:
    heat_maps.draw(ask().pk)
    [path] = pictures()
    path.unlink()
    url = f"/api/v1/analyses/{face.analysis_id}/faces/0/explanation/"
    assert api.get(url).status_code == 202
    heat_maps.draw(Explanation.objects.get().pk)
    answer = api.get(url)
    assert (answer.status_code, answer.getvalue()[:2]) == (200, b"\xff\xd8")
    answer.close()


def test_another_model_explains_nothing(ask: Ask, face: Face) -> None:
    Analysis.objects.update(model_version=ModelVersionFactory.create(name="older"))
    waiting = ask()
    heat_maps.draw(waiting.pk)
    waiting.refresh_from_db()
    assert waiting.error_code == "model_replaced"
    assert pictures() == []


def test_a_worker_that_dies_each_time_is_not_sent_for_ever(ask: Ask) -> None:
    waiting = ask()
    Explanation.objects.update(attempt=heat_maps.MAX_ATTEMPTS)
    heat_maps.draw(waiting.pk)
    waiting.refresh_from_db()
    assert waiting.error_code == "internal_error"


def test_what_waits_too_long_is_sent_again(
    ask: Ask, explain_sent: list[UUID], broker: Broker
) -> None:
    working = broker[TaskName.EXPLAIN]

    def away(_: str) -> None:
        raise OperationalError("connection refused")

    broker[TaskName.EXPLAIN] = away
    waiting = ask()
    assert explanations.sweep() == 0
    broker[TaskName.EXPLAIN] = working
    assert explanations.sweep() == 1
    assert explanations.sweep() == 0
    Explanation.objects.update(sent_at=timezone.now() - timedelta(minutes=5))
    assert explanations.sweep() == 1
    assert explain_sent == [waiting.pk, waiting.pk]


def test_the_picture_goes_with_the_photo(
    ask: Ask, face: Face, django_capture_on_commit_callbacks: Commit
) -> None:
    heat_maps.draw(ask().pk)
    [path] = pictures()
    assert orphans.remove_orphans() == 0
    with django_capture_on_commit_callbacks(execute=True):
        erasure.delete_photo(face.analysis.photo)
    assert not path.exists()
    with pytest.raises(Face.DoesNotExist):
        explanations.request(face)


def test_a_photo_deleted_meanwhile_is_no_error(
    ask: Ask, face: Face, analyser: StubAnalyser, django_capture_on_commit_callbacks: Commit
) -> None:
    waiting = ask()

    def delete() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            erasure.delete_photo(face.analysis.photo)

    analyser.before_answer = delete
    heat_maps.draw(waiting.pk)
    heat_maps.draw(waiting.pk)
    assert pictures() == []
    assert not Explanation.objects.exists()
