"""Another version begins to serve while photos are being analysed."""

import httpx
import numpy as np
import pytest
from PIL import Image

from detector.tests.e2e import pictures
from detector.tests.e2e.platform import Platform, until
from ml import manifest

pytestmark = pytest.mark.e2e

PHOTOS = 200
FIRST, SECOND = manifest.DEFAULT_VERSION, "v3"


def photos(number: int, start: int) -> list[tuple[str, tuple[str, bytes]]]:
    """Small photos of one face, no two alike."""
    small = Image.fromarray(pictures.astronaut()).crop((120, 0, 376, 256))
    made = []
    for index in range(start, start + number):
        pixels = np.asarray(small).copy()
        pixels[0, 0] = (index % 256, index // 256, 0)
        made.append(("images", (f"{index}.jpg", pictures.jpeg(pixels))))
    return made


def finished(client: httpx.Client) -> list[dict[str, object]]:
    found, url = [], "analyses/?page_size=100"
    while url:
        page = client.get(url).json()
        found += page["results"]
        url = page["next"]
    return [one for one in found if one["status"] in ("done", "failed")]


def test_promotion_under_load(private_platform: Platform) -> None:
    platform = private_platform
    known = {name: manifest.read(name).sha256 for name in (FIRST, SECOND)}
    with platform.client(platform.token("someone")) as client:
        for half in range(2):
            sent = photos(PHOTOS // 2, start=half * PHOTOS // 2)
            assert client.post("analyses/", files=sent).status_code == 202
        until(lambda: len(finished(client)) >= 10, 60, "The first results")
        assert SECOND in platform.manage("promote_model", SECOND)
        until(lambda: len(finished(client)) == PHOTOS, 120, "All results")
        results = finished(client)
        assert {result["status"] for result in results} == {"done"}
        assert all(result["face_count"] == 1 for result in results)
        models = [result["model"] for result in results]
        assert all(model["sha256"] == known[model["name"]] for model in models)
        # Both served; once the second began, the first never came back, but for what was under way.
        by_upload = [model["name"] for model in models][::-1]
        assert by_upload.count(FIRST) >= 10
        assert by_upload.count(SECOND) >= 10
        assert set(by_upload[-5:]) == {SECOND}

        assert FIRST in platform.manage("promote_model", "--roll-back")
        [back] = client.post("analyses/?wait=30", files=photos(1, PHOTOS)).json()["accepted"]
        assert back["model"] == {"name": FIRST, "sha256": known[FIRST]}
        audit = platform.manage(
            "shell", "--verbosity", "0", "--command",
            "from detector.models import AuditEntry\n"
            "print(*AuditEntry.objects.order_by('id').values_list('action', 'target_name'))",
        )  # fmt: skip
        assert "('modelversion.promoted', 'v3')" in audit
        assert f"('modelversion.rolled_back', '{FIRST}')" in audit
