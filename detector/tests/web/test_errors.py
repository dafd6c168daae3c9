"""Errors: a page for people, a notice under HTMX, the envelope for programs."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from detector.accounts import selectors as account_selectors
from detector.exceptions import DetectorError
from detector.models import ModelVersion, Photo

HTMX = {"HX-Request": "true"}

pytestmark = pytest.mark.django_db


def text_of(response: Any) -> str:
    return str(response.content.decode())


def assert_page(response: Any, status: int) -> None:
    page = text_of(response)
    assert response.status_code == status
    assert f'<p class="error-code">{status}</p>' in page
    assert "<h1>" in page
    assert "button-primary" in page
    assert '<html lang="en"' in page


def assert_notice(response: Any, status: int) -> None:
    page = text_of(response)
    assert response.status_code == status
    assert response["HX-Retarget"] == "#notices"
    assert "notice-error" in page
    assert "<html" not in page


def test_404(web: Client) -> None:
    assert_page(web.get("/nothing/"), 404)
    assert_notice(web.get("/nothing/", headers=HTMX), 404)
    assert web.get("/api/nothing/").json()["error"]["code"] == "not_found"


def test_404_of_what_was_deleted_meanwhile(
    web: Client, api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> Any:
        raise Photo.DoesNotExist

    monkeypatch.setattr(account_selectors, "tokens_of", gone)
    assert web.get("/settings/").status_code == 404
    answer = api.get("/api/v1/tokens/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_500_of_what_nobody_deletes(
    web: Client, api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: Any) -> Any:
        raise ModelVersion.DoesNotExist

    monkeypatch.setattr(account_selectors, "tokens_of", missing)
    web.raise_request_exception = api.raise_request_exception = False
    assert web.get("/settings/").status_code == 500
    answer = api.get("/api/v1/tokens/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")


def test_409_of_what_was_refused_unexpectedly(web: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise DetectorError("changed", "Somebody was faster.")

    monkeypatch.setattr(account_selectors, "tokens_of", refuse)
    answer = web.get("/settings/")
    assert_page(answer, 409)
    assert "Somebody was faster." in text_of(answer)
    assert_notice(web.get("/settings/", headers=HTMX), 409)


def test_403(web: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionDenied

    monkeypatch.setattr(account_selectors, "tokens_of", refuse)
    assert_page(web.get("/settings/"), 403)
    assert_notice(web.get("/settings/", headers=HTMX), 403)


def test_403_of_a_form_from_elsewhere(owner: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    response = client.post("/settings/")
    assert_page(response, 403)
    assert "reload the page" in text_of(response)
    assert_notice(client.post("/settings/", headers=HTMX), 403)
    assert client.post("/api/v1/analyses/").json()["error"]["code"] == "permission_denied"


def test_413_by_the_limit_of_uploads(web: Client, settings: Settings) -> None:
    settings.REQUEST_MAX_BYTES = 10
    body = {"images": "x" * 100}
    response = web.post("/upload/", body)
    assert_page(response, 413)
    assert_notice(web.post("/upload/", body, headers=HTMX), 413)
    assert web.post("/api/v1/analyses/", body).json()["error"]["code"] == "request_too_large"


def test_429_by_the_limit_of_the_accounts(client: Client) -> None:
    form = {"email": "a@example.com"}
    answers = [client.post("/accounts/password/reset/", form) for _ in range(25)]
    last = answers[-1]
    assert_page(last, 429)
    assert last["Retry-After"] == "60"
    assert_notice(client.post("/accounts/password/reset/", form, headers=HTMX), 429)


def test_500(web: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: Any, **__: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(account_selectors, "tokens_of", break_down)
    web.raise_request_exception = False
    assert_page(web.get("/settings/"), 500)
    assert_notice(web.get("/settings/", headers=HTMX), 500)
    assert "broken" not in text_of(web.get("/settings/"))
