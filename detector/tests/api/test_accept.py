"""Check answers to callers that say what they accept."""

from itertools import product
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from detector.analyses import heat_maps
from detector.api.views.schema import SchemaView
from detector.models import Analysis
from detector.tests.api.test_every_call import CALLS, ids, make  # noqa: F401  ids is a fixture

pytestmark = pytest.mark.django_db
PICTURES = ("image/", "annotated/", "faces/0/crop/")
BROWSER = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"

ACCEPTABLE = (
    "image/jpeg", "image/*", "*/*", "*/*;q=0.1", BROWSER, JAVA, "", "*", "application/json",
    "image/png, image/jpeg;q=0.5", "IMAGE/JPEG", "image/jpeg; v=1", "image/*;q=nonsense",
)  # fmt: skip


def get(api: APIClient, url: str, accept: str) -> Any:
    answer: Any = api.get(url, headers={"Accept": accept})
    if answer.streaming:
        answer.body = b"".join(answer)
    return answer


def test_pictures(analysed: Analysis, api: APIClient) -> None:
    for name in PICTURES:
        for accept in ACCEPTABLE:
            answer = get(api, f"/api/v1/analyses/{analysed.pk}/{name}", accept)
            told = (answer.status_code, answer["Content-Type"])
            assert told == (200, "image/jpeg"), (name, accept)


def test_heat_map_and_the_word_that_it_waits(
    analysed: Analysis,
    api: APIClient,
    explain_sent: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    url = f"/api/v1/analyses/{analysed.pk}/faces/0/explanation/"
    with django_capture_on_commit_callbacks(execute=True):
        waiting = get(api, url, "image/jpeg")
    assert (waiting.status_code, waiting["Content-Type"]) == (202, "application/json")
    assert waiting.json() == {"status": "waiting"}
    heat_maps.draw(explain_sent[0])
    assert get(api, url, "image/*")["Content-Type"] == "image/jpeg"


def test_what_cannot_be_had_is_refused(analysed: Analysis, api: APIClient) -> None:
    for accept in ("image/png", "image/jpeg;q=0", "text/html", "*/*;q=0"):
        answer = get(api, f"/api/v1/analyses/{analysed.pk}/image/", accept)
        assert (answer.status_code, answer["Content-Type"]) == (406, "application/json"), accept
        assert answer.json()["error"]["code"] == "not_acceptable"


def test_exports(analysed: Analysis, api: APIClient) -> None:
    """Of the kind that `type` names, whichever of the three is accepted."""
    for kind in ("csv", "json", "zip"):
        for accept in ("text/csv", "text/*", "application/zip", "application/json", "*/*"):
            answer = get(api, f"/api/v1/export/?type={kind}", accept)
            assert (answer.status_code, kind in answer["Content-Type"]) == (200, True)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("text/csv", "csv"), ("application/zip", "zip"), ("application/json", "json"), ("*/*", "csv"),
     ("application/json, text/plain, */*", "csv"), ("text/csv;q=0.5, application/zip", "zip")],
)  # fmt: skip
def test_export_of_the_kind_that_is_liked_best(api: APIClient, accept: str, kind: str) -> None:
    assert kind in get(api, "/api/v1/export/", accept)["Content-Type"]


def test_errors_are_json_whatever_is_accepted(ids: dict[str, str]) -> None:  # noqa: F811
    for call, accept in product(CALLS, ("image/*", "text/csv", "application/zip", "text/html")):
        answer = make(APIClient(headers={"Accept": accept}), call, ids)
        assert answer.status_code in (401, 406), (call, accept)
        assert answer["Content-Type"] == "application/json", (call, accept)
        error = answer.json()["error"]
        assert error.keys() == {"code", "message", "details", "request_id"}, (call, accept)


@pytest.mark.parametrize("path", ["schema", "docs", "redoc"])
def test_so_are_those_of_the_reference(path: str) -> None:
    for method, accept, status in (
        ("GET", "image/png", 406), ("POST", "*/*", 405), ("OPTIONS", "*/*", 405),
    ):  # fmt: skip
        answer: Any = Client().generic(method, f"/api/{path}/", headers={"Accept": accept})
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/json")
        assert "error" in answer.json()


@pytest.mark.parametrize(
    "accept", ["application/yaml", "application/json", "application/vnd.oai.openapi+json", "*/*"]
)
def test_the_schema_comes_in_either_form(accept: str) -> None:
    answer = Client().get("/api/schema/", headers={"Accept": accept})
    assert answer.status_code == 200
    assert accept == "*/*" or answer["Content-Type"].startswith(accept)


def test_the_schema_is_made_once_whatever_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Client().get("/api/schema/")
    monkeypatch.setattr(SchemaView, "generator_class", None)
    for query in ("", "?version=%0A", "?version=9&lang=de"):
        answer = Client().get(f"/api/schema/{query}")
        assert (answer.status_code, answer.content) == (200, made.content)
    assert made["Content-Disposition"] == 'inline; filename="EmotionSite API.yaml"'
