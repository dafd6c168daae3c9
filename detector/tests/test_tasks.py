"""Tasks are sent by name: each name belongs to a task that workers run."""

import importlib
from uuid import uuid4

import pytest
from celery import current_app
from django.conf import settings

from detector.common import dispatch
from detector.common.dispatch import TaskName


def test_every_name_is_that_of_a_task() -> None:
    importlib.import_module("detector.tasks")
    registered = {name for name in current_app.tasks if name.startswith("detector.")}
    assert registered == {task.value for task in TaskName}


def test_every_route_leads_a_task() -> None:
    assert set(settings.CELERY_TASK_ROUTES) <= {task.value for task in TaskName}


def test_a_message_names_the_task_and_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, tuple[str, ...]]] = []
    monkeypatch.undo()
    monkeypatch.setattr(
        current_app, "send_task", lambda name, args, **_: sent.append((name, args)), raising=False
    )
    row_id = uuid4()
    assert dispatch.send(TaskName.DELIVER, row_id)
    assert sent == [("detector.deliver", (str(row_id),))]
