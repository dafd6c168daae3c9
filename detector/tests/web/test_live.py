"""The live page, its networks, and sessions that were kept."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from detector.enums import ModelStatus
from detector.models import LiveSession, ModelVersion, User
from detector.registry import browser
from detector.templatetags.live import in_words
from detector.tests import tiny_version
from detector.tests.factories import LiveSessionFactory, ModelVersionFactory
from detector.tests.live.rows import row
from ml import manifest

pytestmark = pytest.mark.django_db
WEIGHTS = manifest.read(manifest.DEFAULT_VERSION)
FORM = {
    "name": "Call with Kim", "note": "At home", "felt_emotion": "happy", "model": "v7",
    "started_at": "2026-05-04T12:00:00.000Z",
    "series": json.dumps(
        {"seconds": 2, "faces": [{"first": 0, "rows": [row("happy"), row("sad")]}]}
    ),
}  # fmt: skip


def data_of(page: Any) -> dict[str, Any]:
    found: dict[str, Any] = page.context["live_data"]
    return found


def test_the_page_tells_constants_and_where_the_networks_are(web: Client, owner: User) -> None:
    data = data_of(web.get("/live/"))
    assert data["zone"] == owner.time_zone
    assert data["constants"]["version"] == WEIGHTS.version
    assert data["addresses"]["expression"] == f"/live/networks/{WEIGHTS.sha256}/"
    for part in ("detector", "expression", "check"):
        answer = web.get(data["addresses"][part])
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
        assert answer["ETag"] == f'"{data["addresses"][part].split("/")[-2]}"'
        again = web.get(data["addresses"][part], headers={"If-None-Match": answer["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_there_are_no_other_networks(web: Client) -> None:
    assert web.get(f"/live/networks/{'0' * 64}/").status_code == 404
    assert web.get("/live/networks/manifest/").status_code == 404


def test_a_version_that_a_person_chose_runs_in_browsers_too(settings: Any, tmp_path: Path) -> None:
    settings.MODELS_FOLDER = tmp_path
    chosen = tiny_version.make(tmp_path)
    version = ModelVersionFactory.create(name=chosen.version, sha256=chosen.sha256)
    ModelVersion.objects.filter(pk=version.pk).update(status=ModelStatus.ACTIVE)
    assert browser.networks().constants["version"] == chosen.version
    # A host without its files answers with what ships, as its workers do.
    ModelVersion.objects.filter(pk=version.pk).update(sha256="0" * 64)
    assert browser.networks().constants["version"] == WEIGHTS.version


def test_a_session_is_kept_by_nobody_else(web: Client, owner: User, stranger: User) -> None:
    # By these two the script of the page knows whether a session can be sent.
    assert Client().head("/live/sessions/").status_code == 302
    assert web.head("/live/sessions/").status_code == 200
    page = web.get("/live/").content.decode()
    assert f'name="person" value="{owner.pk}"' in page
    assert web.post("/live/sessions/", {**FORM, "person": str(stranger.pk)}).status_code == 409
    assert not LiveSession.objects.exists()
    assert web.post("/live/sessions/", {**FORM, "person": str(owner.pk)}).status_code == 302


def test_a_session_is_kept_shown_and_erased(web: Client, owner: User) -> None:
    answer = web.post("/live/sessions/", FORM)
    session = LiveSession.objects.get(owner=owner)
    assert answer["Location"] == f"/live/sessions/{session.pk}/"
    page = web.get(answer["Location"]).content.decode()
    assert "Call with Kim" in page
    assert "At home" in page
    assert "Happy" in page
    for listed in ("/live/sessions/", "/history/"):
        assert f"/live/sessions/{session.pk}/" in web.get(listed).content.decode()
    insights = web.get("/insights/")
    assert insights.context["live"].sessions == 1
    assert insights.context["summary"].faces == 0
    assert "Counted apart from photos" in insights.content.decode()
    assert web.post(f"/live/sessions/{session.pk}/erase/")["Location"] == "/live/sessions/"
    assert not LiveSession.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"name": " "},
        {"name": "\t"},
        {"series": "{"},
        {"series": "{}"},
        {"series": '{"seconds": 1, "faces": []}'},
        {"series": "[" * 100_000},
        {"series": '{"seconds": 1e999, "faces": []}'},
        {"started_at": "never"},
        {"model": "../v7"},
        {"note": "x" * 2001},
    ],
)
def test_a_form_with_a_mistake_comes_back_with_all_that_was_typed(
    web: Client, change: dict[str, str]
) -> None:
    page = web.post("/live/sessions/", {**FORM, "note": "kept", **change})
    assert page.status_code == 200
    assert "errorlist" in page.content.decode()
    assert "wasm-unsafe-eval" in page["Content-Security-Policy"]
    assert page.context["form"]["felt_emotion"].value() == "happy"
    if "series" not in change:
        assert page.context["form"]["series"].value() == FORM["series"]
    assert not LiveSession.objects.exists()


def test_words_are_changed_and_a_span_is_corrected(web: Client, owner: User) -> None:
    session = LiveSessionFactory.create(owner=owner)
    address = f"/live/sessions/{session.pk}/"
    assert web.post(address, {"name": "Jo", "note": "", "felt_emotion": ""}).status_code == 302
    form = {"face": 1, "first": 0, "until": 2, "emotion": "fear"}
    assert web.post(f"{address}correction/", form).status_code == 302
    session.refresh_from_db()
    assert (session.name, session.totals["fear"]) == ("Jo", 2)
    assert "corrected" in web.get(address).content.decode()
    page = web.post(f"{address}correction/", {**form, "until": 99})
    assert "errorlist" in page.content.decode()
    assert web.post(f"{address}correction/", {"clear": "1"}).status_code == 302
    session.refresh_from_db()
    assert session.corrections == []


def test_a_session_as_csv_and_json(web: Client, owner: User) -> None:
    session = LiveSessionFactory.create(owner=owner, name="=1+1")
    sheet = web.get(f"/live/sessions/{session.pk}/csv/")
    rows = list(csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert [line["emotion"] for line in rows] == ["happy", "happy", "sad"]
    assert rows[0]["name"] == "'=1+1"
    assert float(rows[0]["p_happy"]) == 0.94
    plain = web.get(f"/live/sessions/{session.pk}/json/").json()
    assert (plain["name"], plain["faces"]) == ("=1+1", session.faces)


def test_a_list_costs_the_same_for_many(
    web: Client, owner: User, django_assert_max_num_queries: Any
) -> None:
    for _ in range(10):
        LiveSessionFactory.create(owner=owner)
    with django_assert_max_num_queries(6):
        web.get("/live/sessions/")


def test_a_session_is_not_called_all_of_one_expression() -> None:
    assert in_words({"happy": 999, "sad": 1, "fear": 0}) == "Happy >99 %, Sad <1 %"
    assert in_words({"happy": 3, "sad": 0}) == "Happy 100 %"
