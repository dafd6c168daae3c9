"""Another version begins to serve while photos are being analysed."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from detector.tests import tiny_version
from detector.tests.e2e import pictures
from detector.tests.e2e.platform import Platform, until
from ml import manifest

# One platform is enough: each worker asks the database which version serves, wherever that is.
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.parametrize("platform", ["embedded"], indirect=True),
]

PHOTOS = 200
FIRST, SECOND = manifest.DEFAULT_VERSION, tiny_version.NAME

Files = list[tuple[str, tuple[str, bytes]]]


def photos(number: int, start: int) -> Files:
    """Return small photos of one face, each cut out a little elsewhere."""
    whole = pictures.astronaut()
    made: Files = []
    for index in range(start, start + number):
        left, top = 110 + 2 * (index % 20), index // 20
        pixels = whole[top : top + 224, left : left + 224]
        made.append(("images", (f"{index}.jpg", pictures.jpeg(pixels))))
    return made


def every(client: httpx.Client) -> list[dict[str, Any]]:
    """Return all analyses, the newest upload first."""
    found: list[dict[str, Any]] = []
    url = "analyses/?page_size=100"
    while url:
        page = client.get(url).json()
        found += page["results"]
        url = page["next"]
    return found


def some(client: httpx.Client, status: str, number: int = 1) -> bool:
    """Return whether so many are in a state, without asking for all, which slows the worker."""
    answer = client.get("analyses/", params={"status": status, "page_size": number})
    return len(answer.json()["results"]) == number


def test_promotion_under_load(platform: Platform) -> None:
    models = Path(platform.environment["VAR_DIR"]) / "models"
    second = tiny_version.make(models)
    known = {FIRST: manifest.read(FIRST).sha256, SECOND: second.sha256}
    with platform.client(platform.token("promoter")) as client:
        for start in range(0, PHOTOS, PHOTOS // 2):
            sent = client.post("analyses/", files=photos(PHOTOS // 2, start))
            assert len(sent.json()["accepted"]) == PHOTOS // 2, sent.text
        until(lambda: some(client, "done", 10), 60, "The first results")
        assert SECOND in platform.manage("promote_model", SECOND)
        waiting = [one["status"] for one in every(client)].count("queued")
        until(lambda: not some(client, "queued") and not some(client, "running"), 120, "The rest")

        results = every(client)
        assert {result["status"] for result in results} == {"done"}
        assert {result["face_count"] for result in results} == {1}
        assert all(one["model"]["sha256"] == known[one["model"]["name"]] for one in results)
        names = [one["model"]["name"] for one in results]
        assert names.count(FIRST) >= 10
        # Whatever was begun after the promotion, the newest at least.
        assert names.count(SECOND) >= waiting >= 10
        assert set(names[:10]) == {SECOND}

        assert FIRST in platform.manage("promote_model", "--roll-back")
        [back] = client.post("analyses/?wait=30", files=photos(1, PHOTOS)).json()["accepted"]
        assert back["model"] == {"name": FIRST, "sha256": known[FIRST]}
