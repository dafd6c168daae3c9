"""What a page makes the browser fetch: little, and all of it from here."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from detector.models import User
from detector.operations import demo

BUDGET = 150_000
"""Bytes of compressed scripts on one page."""


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
