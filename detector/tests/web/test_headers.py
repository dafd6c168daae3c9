"""Headers that hold for every answer."""

import pytest
from django.test import Client
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path", ["/", "/history/", "/nothing/", "/healthz", "/api/v1/me/", "/api/docs/", "/static/x.js"]
)
def test_no_page_may_use_what_it_does_not_need(web: Client, path: str) -> None:
    for client in (web, Client(), APIClient()):
        policy = client.get(path)["Permissions-Policy"]
        assert {"camera=()", "microphone=()", "geolocation=()"} <= set(policy.split(", "))


def test_page_for_uploads_alone_may_use_the_camera(web: Client) -> None:
    policy = web.get("/upload/")["Permissions-Policy"].split(", ")
    assert "camera=(self)" in policy
    assert "microphone=()" in policy


def test_other_headers_of_browsers_stand(web: Client) -> None:
    answer = web.get("/history/")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
