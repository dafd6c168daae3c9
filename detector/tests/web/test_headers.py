"""Headers that hold for every answer."""

import pytest
from django.test import Client
from rest_framework.test import APIClient

from emotionsite import static_headers

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path", ["/", "/history/", "/nothing/", "/healthz", "/api/v1/me/", "/api/docs/", "/static/x.js"]
)
def test_no_page_may_use_what_it_does_not_need(web: Client, path: str) -> None:
    for client in (web, Client(), APIClient()):
        policy = client.get(path)["Permissions-Policy"]
        assert {"camera=()", "microphone=()", "geolocation=()"} <= set(policy.split(", "))


@pytest.mark.parametrize("path", ["/upload/", "/live/"])
def test_pages_for_uploads_and_live_alone_may_use_the_camera(web: Client, path: str) -> None:
    policy = web.get(path)["Permissions-Policy"].split(", ")
    assert "camera=(self)" in policy
    assert "microphone=()" in policy


def test_the_live_page_alone_may_compile_webassembly_and_is_isolated(web: Client) -> None:
    live = web.get("/live/")
    policy = live["Content-Security-Policy"].split("; ")
    assert {"script-src 'self' 'wasm-unsafe-eval'", "worker-src 'self'"} <= set(policy)
    assert live["Cross-Origin-Embedder-Policy"] == "require-corp"
    for path in ("/", "/upload/", "/history/", "/live/sessions/", "/api/docs/"):
        other = web.get(path)
        assert "wasm" not in other["Content-Security-Policy"]
        assert "Cross-Origin-Embedder-Policy" not in other


def test_scripts_of_the_live_worker_say_the_same_of_themselves() -> None:
    for url in ("/static/js/live/worker.0123.js", "/static/vendor/ort.wasm.min.0123.mjs"):
        headers: dict[str, str] = {}
        static_headers.add_headers(headers, "", url)
        assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
        assert "'wasm-unsafe-eval'" in headers["Content-Security-Policy"]
    for url in ("/static/js/base.js", "/static/vendor/chart.umd.min.js", "/static/css/live.css"):
        headers = {}
        static_headers.add_headers(headers, "", url)
        assert headers == {}


def test_other_headers_of_browsers_stand(web: Client) -> None:
    answer = web.get("/history/")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
