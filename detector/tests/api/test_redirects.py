"""Addresses without their last slash, and over HTTP: what was sent must not be forgotten."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from detector.models import Analysis, Photo, User
from detector.tests.api.test_every_call import CALLS
from detector.tests.conftest import api_client
from detector.tests.routes import routes

pytestmark = pytest.mark.django_db
ID = "0199f3c2-7d1e-7a64-9c5b-3f2a8e6d1b40"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def example(route: str) -> str:
    for name in ("pk", "id", "webhook_id"):
        route = route.replace(f"<uuid:{name}>", ID)
    return "/" + route.replace("<int:index>", "0").replace("<int:still>", "1")


ADDRESSES = sorted({example(call.route) for call in CALLS})


@pytest.mark.parametrize("method", METHODS)
def test_every_call_keeps_method_and_query(api: APIClient, method: str) -> None:
    for address in ADDRESSES:
        answer = api.generic(method, f"{address.rstrip('/')}?page_size=1&q=a%26b")
        assert answer.status_code == 308, address
        assert answer["Location"] == f"http://testserver{address}?page_size=1&q=a%26b"


def test_method_and_body_arrive(analysed: Analysis, api: APIClient) -> None:
    url = f"/api/v1/analyses/{analysed.pk}"
    assert api.patch(url, {"note": "kept"}, follow=True).json()["note"] == "kept"
    assert api.get(url, follow=True).status_code == 200
    assert api.delete(url, follow=True).status_code == 204
    assert not Photo.objects.exists()


def test_all_addresses_of_the_site_do(db: None, settings: Any) -> None:
    settings.DEBUG = True
    for route, _ in routes():
        if route.startswith(("admin/", "accounts/")) or "<" in route or not route.endswith("/"):
            continue
        answer = Client().post(f"/{route.rstrip('/')}", {"name": "x"})
        assert (answer.status_code, answer["Location"]) == (308, f"http://testserver/{route}")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/nothing/", "/api/v1", "/api/nothing"])
def test_unknown_addresses_are_still_unknown(api: APIClient, method: str, path: str) -> None:
    answer = api.generic(method, path, headers={"Accept": "image/*"})
    assert answer.status_code == 404
    if method != "HEAD":
        assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    "path", ["//evil.example", "//evil.example/api/v1/me", "/api/v1//evil.example", "/%2F%2Fevil"]
)
def test_nobody_is_led_elsewhere(owner: User, path: str) -> None:
    answer = api_client(owner).generic("POST", "/", PATH_INFO=path)
    location = answer.get("Location", "http://testserver/")
    assert location.startswith("http://testserver/")


def test_https_is_asked_for_with_all_that_was_sent(api: APIClient, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = api.post("/api/v1/tokens/?x=1", {"name": "x"})
    assert answer.status_code == 308
    assert answer["Location"] == "https://testserver/api/v1/tokens/?x=1"
