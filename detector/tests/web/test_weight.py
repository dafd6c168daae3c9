"""Check what a page makes the browser fetch: little, and all of it from here."""

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from detector.models import User
from detector.operations import demo, demo_faces
from detector.web import insights

BUDGET = 150_000
"""Bytes of compressed scripts on one page."""

PAGE_BYTES = 60_000
PAGE_ELEMENTS = 2_000
"""Largest compressed size of the page of statistics, and how many elements it may have."""


class Elements(HTMLParser):
    """Counts the elements of a page."""

    count = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.count += 1


def size(address: str) -> int:
    """Return the size of a static file as a server sends it."""
    path = finders.find(address.removeprefix("/static/"))
    assert path, f"{address} is not there"
    return len(gzip.compress(Path(path).read_bytes()))


@pytest.mark.parametrize("address", ["/history/", "/insights/"])
def test_scripts_of_a_page_are_light_and_ours(web: Client, owner: User, address: str) -> None:
    demo.seed(owner, 20)
    page = web.get(address).content.decode()
    scripts = re.findall(r"<script[^>]*\ssrc=\"([^\"]+)\"", page)
    assert len(scripts) > 2
    assert all(script.startswith("/static/") for script in scripts)
    assert sum(size(script) for script in scripts) < BUDGET
    # Nothing else that is fetched names a host either.
    fetched = re.findall(r"<(?:link|img|script|iframe|source)[^>]*?\s(?:src|href)=\"([^\"]+)", page)
    assert not [url for url in fetched if re.match(r"(?:\w+:)?//", url)]


def test_the_statistics_of_a_year_are_a_small_page(
    web: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_faces, "draw", lambda *_: b"a picture")
    demo.seed(owner, 1_500)
    answer = web.get("/insights/", headers={"Accept-Encoding": "gzip"})
    assert len(answer.context["days"]) > 250
    assert answer.context["agreement"].says_something
    assert len(answer.content) < PAGE_BYTES
    page = gzip.decompress(answer.content).decode()
    elements = Elements()
    elements.feed(page)
    assert 1_000 < elements.count < PAGE_ELEMENTS
    # Squares say what they show, and the tables come when they are opened.
    assert page.count("mostly ") > 250
    for name in insights.TABLES:
        assert f'hx-get="/insights/{name}/numbers/?' in page
        assert f'data-table="{name}"' not in page


@pytest.mark.parametrize("name", insights.TABLES)
def test_a_table_that_is_opened_has_the_numbers(
    web: Client, owner: User, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(demo_faces, "draw", lambda *_: b"a picture")
    demo.seed(owner, 40)
    table = web.get(f"/insights/{name}/numbers/?bucket=year").content.decode()
    assert f'data-table="{name}"' in table
    assert "<html" not in table
    assert web.get("/insights/other/numbers/").status_code == 404
    if name == "timeline":
        whole = web.get("/insights/?bucket=year").context["timeline"]
        assert table.count("<tr>") == len(whole) + 1
