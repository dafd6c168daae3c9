"""Ids of requests and analyses in answers, messages and log lines."""

import json
import logging
import logging.config
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from celery import current_app, shared_task
from django.conf import settings as configured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from detector.common import dispatch, trace
from detector.common.dispatch import TaskName, publish
from detector.models import Analysis
from emotionsite import celery

OURS = "caller-1234"


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    trace.forget()
    yield
    trace.forget()


def formatted(kind: str, **more: Any) -> str:
    known: Any = configured.LOGGING
    configurator = logging.config.DictConfigurator(known)
    formatter = configurator.configure_formatter(known["formatters"][kind])
    record = logging.LogRecord("some.logger", logging.WARNING, "", 1, "Told %s", ("it",), None)
    record.__dict__.update(more)
    trace.AddIds().filter(record)
    return str(formatter.format(record))


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/healthz", "/nothing/", "/history/", "/api/v1/me/"])
def test_every_answer_has_the_callers_id(path: str) -> None:
    assert Client(headers={"X-Request-ID": OURS}).get(path)["X-Request-ID"] == OURS


@pytest.mark.parametrize(
    "sent", ["", "short", "with blanks in it", "x" * 129, "line\nbreak-1234", "é" * 9]
)
def test_a_malformed_id_is_replaced(sent: str) -> None:
    known = Client(headers={"X-Request-ID": sent}).get("/healthz")["X-Request-ID"]
    assert known != sent
    assert trace.WELL_FORMED.fullmatch(known)
    assert known != Client().get("/healthz")["X-Request-ID"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["me/", "analyses/?page_size=x", "analyses/0199f3c2-7d1e-7a64-9c5b-3f2a8e6d1b40/", "none/"],
)
def test_errors_of_the_api_name_it(api: APIClient, path: str) -> None:
    for client in (api, APIClient()):
        answer = client.get(f"/api/v1/{path}", headers={"X-Request-ID": OURS})
        if answer.status_code != 200:
            assert answer.json()["error"]["request_id"] == OURS


def test_nothing_is_left_after_the_answer() -> None:
    Client(headers={"X-Request-ID": OURS}).get("/healthz")
    assert trace.request_id() == ""


def test_django_logs_its_errors_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            trace.AddIds().filter(record)
            lines.append(record.__dict__.get("request_id"))

    monkeypatch.setattr(logging.getLogger("django.request"), "handlers", [Keep()])
    Client(headers={"X-Request-ID": OURS}).post("/healthz")
    assert lines
    assert set(lines) == {OURS}


def test_lines_of_text_and_json() -> None:
    assert formatted("text").endswith("WARNING some.logger Told it")
    trace.begin_request(OURS)
    pk = UUID(int=7)
    with trace.analysis(pk):
        text, line = formatted("text"), json.loads(formatted("json", request="secret", data={}))
    assert text.endswith(f"Told it request_id={OURS} analysis_id={pk}")
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "WARNING", "logger": "some.logger", "message": "Told it",
        "request_id": OURS, "analysis_id": str(pk),
    }  # fmt: skip
    assert "analysis_id" not in formatted("text")


def test_a_message_carries_it_to_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: dict[str, Any] = {}
    monkeypatch.setattr(current_app, "send_task", lambda *_, **more: sent.update(more))
    trace.begin_request(OURS)
    publish(TaskName.EXPLAIN, "row")
    assert sent["headers"] == {"request_id": OURS}


def test_a_task_has_the_id_of_its_message_and_forgets_it() -> None:
    found = []

    @shared_task(name="tests.look")
    def look(_: str) -> None:
        found.append(trace.request_id())

    assert celery.app.tasks
    look.apply(("row",), headers={"request_id": OURS})
    look.apply(("row",))
    look.apply(("row",), headers={"request_id": "with a\nline break"})
    assert found == [OURS, "", ""]
    assert trace.request_id() == ""


def test_an_analysis_that_the_message_did_not_name_has_another_request() -> None:
    asked, other = UUID(int=1), UUID(int=2)
    trace.begin_task(OURS, str(asked))
    with trace.analysis(asked):
        assert trace.request_id() == OURS
    with trace.analysis(other):
        assert trace.request_id() == ""
        assert f"analysis_id={other}" in formatted("text")
    assert trace.request_id() == OURS


@pytest.mark.django_db(transaction=True)
def test_an_upload_is_followed_to_its_analysis(
    api: APIClient,
    picture: Callable[..., SimpleUploadedFile],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: list[tuple[str, str]] = []
    send = lambda task, text: found.append((trace.request_id(), text))  # noqa: E731
    monkeypatch.setattr(dispatch, "publish", send)
    sent = {"images": [picture()]}
    api.post("/api/v1/analyses/", sent, format="multipart", headers={"X-Request-ID": OURS})
    assert found == [(OURS, str(Analysis.objects.get().pk))]
