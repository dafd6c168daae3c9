"""Compression, other origins, and what an old schema relies on."""

import gzip
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from detector.models import Analysis

pytestmark = pytest.mark.django_db
URL = "/api/v1/analyses/"
GZIP = {"Accept-Encoding": "gzip"}


def test_texts_are_compressed_for_who_takes_them(analysed: Analysis, api: APIClient) -> None:
    plain = api.get(URL)
    small = api.get(URL, headers=GZIP)
    assert "Content-Encoding" not in plain
    assert small["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.content) == plain.content
    streamed: Any = api.get("/api/v1/export/", headers=GZIP)
    assert gzip.decompress(b"".join(streamed)).startswith(b"analysis,")


def test_compressed_answer_is_known_again(analysed: Analysis, api: APIClient) -> None:
    url = f"{URL}{analysed.pk}/"
    etag = api.get(url, headers=GZIP)["ETag"]
    assert api.get(url, headers={**GZIP, "If-None-Match": etag}).status_code == 304


def test_pictures_and_pages_are_not_compressed(
    analysed: Analysis, api: APIClient, web: Client
) -> None:
    picture = api.get(f"{URL}{analysed.pk}/annotated/", headers=GZIP)
    assert "Content-Encoding" not in picture
    assert "Content-Encoding" not in web.get("/history/", headers=GZIP)


def test_other_origins_are_refused_unless_named(api: APIClient, settings: Any) -> None:
    origin = {"Origin": "https://kiosk.example"}
    assert "Access-Control-Allow-Origin" not in api.get(URL, headers=origin)
    settings.CORS_ALLOWED_ORIGINS = ["https://kiosk.example"]
    allowed = api.get(URL, headers=origin)
    assert allowed["Access-Control-Allow-Origin"] == "https://kiosk.example"
    assert "Access-Control-Allow-Credentials" not in allowed
    other = api.get(URL, headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in other
