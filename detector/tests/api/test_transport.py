"""Compression, other origins, and what an old schema relies on."""

import gzip
from typing import Any

import brotli
import pytest
from django.test import Client
from rest_framework.test import APIClient

from detector.models import Analysis

pytestmark = pytest.mark.django_db
URL = "/api/v1/analyses/"
GZIP = {"Accept-Encoding": "gzip"}
DECOMPRESS = {"gzip": gzip.decompress, "br": brotli.decompress}


@pytest.mark.parametrize("coding", DECOMPRESS)
def test_texts_are_compressed_for_who_takes_them(
    analysed: Analysis, api: APIClient, coding: str
) -> None:
    headers = {"Accept-Encoding": f"{coding}, identity;q=0.5"}
    plain = api.get(URL)
    small = api.get(URL, headers=headers)
    assert "Content-Encoding" not in plain
    assert "Accept-Encoding" in plain["Vary"]
    assert small["Content-Encoding"] == coding
    assert DECOMPRESS[coding](small.content) == plain.content
    streamed: Any = api.get("/api/v1/export/", headers=headers)
    assert DECOMPRESS[coding](b"".join(streamed)).startswith(b"analysis,")


@pytest.mark.parametrize(
    "path", ["analyses/", "analyses/{id}/", "me/", "models/", "stats/summary/", "webhooks/"]
)
def test_what_was_read_is_known_again(analysed: Analysis, api: APIClient, path: str) -> None:
    url = f"/api/v1/{path.format(id=analysed.pk)}"
    first = api.get(url, headers=GZIP)
    assert first["Cache-Control"] == "private, no-cache"
    known = {**GZIP, "If-None-Match": first["ETag"]}
    again = api.get(url, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert "RateLimit-Remaining" in again
    assert api.delete(f"{URL}{analysed.pk}/").status_code == 204
    expected = {"me/": 200, "analyses/": 200, "analyses/{id}/": 404, "stats/summary/": 200}
    assert api.get(url, headers=known).status_code == expected.get(path, 304)


def test_refusals_are_never_kept(api: APIClient) -> None:
    refused = api.get(URL, {"colour": "red"})
    assert "ETag" not in refused
    assert refused["Cache-Control"] == "private, no-store"


def test_pictures_are_not_compressed_and_pages_by_gzip_alone(
    analysed: Analysis, api: APIClient, web: Client
) -> None:
    picture = api.get(f"{URL}{analysed.pk}/annotated/", headers=GZIP)
    assert "Content-Encoding" not in picture
    plain = web.get("/history/")
    assert "Content-Encoding" not in plain
    assert "Accept-Encoding" in plain["Vary"]
    small = web.get("/history/", headers={"Accept-Encoding": "zstd, br, gzip"})
    assert small["Content-Encoding"] == "gzip"
    assert len(small.content) < len(plain.content) / 2
    assert gzip.decompress(small.content).decode().count("<li") == plain.content.decode().count(
        "<li"
    )
    # A random number of bytes is added, so that the length tells little.
    lengths = {len(web.get("/history/", headers=GZIP).content) for _ in range(8)}
    assert len(lengths) > 1


def test_other_origins_are_refused_unless_named(api: APIClient, settings: Any) -> None:
    origin = {"Origin": "https://kiosk.example"}
    assert "Access-Control-Allow-Origin" not in api.get(URL, headers=origin)
    settings.CORS_ALLOWED_ORIGINS = ["https://kiosk.example"]
    allowed = api.get(URL, headers=origin)
    assert allowed["Access-Control-Allow-Origin"] == "https://kiosk.example"
    assert "Access-Control-Allow-Credentials" not in allowed
    # Without it a page cannot tell which part of a video it got.
    assert "Content-Range" in allowed["Access-Control-Expose-Headers"]
    other = api.get(URL, headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in other
