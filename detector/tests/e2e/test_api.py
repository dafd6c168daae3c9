"""A program uploads real photos and gets real answers."""

from pathlib import Path

import pytest

from detector.enums import Emotion
from detector.tests.e2e.platform import Platform

pytestmark = pytest.mark.e2e


def test_a_program_from_token_to_deletion(
    platform: Platform, group_photo: bytes, coffee: bytes
) -> None:
    with platform.client(platform.token("program")) as client:
        files = [
            ("images", ("group.jpg", group_photo)),
            ("images", ("coffee.jpg", coffee)),
            ("images", ("notes.jpg", b"these are notes")),
        ]
        response = client.post("analyses/", params={"wait": 30}, files=files)
        assert response.status_code == 200, response.text
        group, cup = response.json()["accepted"]
        assert [item["filename"] for item in response.json()["rejected"]] == ["notes.jpg"]

        assert (group["status"], group["face_count"]) == ("done", 4)
        for face in group["faces"]:
            assert list(face["probabilities"]) == Emotion.values
            assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-4)
            assert face["confidence"] == max(face["probabilities"].values())
            box, image = face["box"], group["image"]
            assert 0 <= box["x"] < box["x"] + box["width"] <= image["width"]
            assert 0 <= box["y"] < box["y"] + box["height"] <= image["height"]
        assert "happy" in {face["emotion"] for face in group["faces"]}
        assert (cup["status"], cup["face_count"], cup["dominant_emotion"]) == ("done", 0, None)

        assert client.get(group["image"]["url"]).headers["Content-Type"] == "image/jpeg"
        again = client.post("analyses/", files=files[:1]).json()["accepted"]
        assert [item["id"] for item in again] == [group["id"]]
        listed = client.get("analyses/").json()["results"]
        assert [item["id"] for item in listed] == [cup["id"], group["id"]]
        summary = client.get("stats/summary/").json()
        assert (summary["photos"], summary["faces"], summary["without_face"]) == (2, 4, 1)

        assert client.delete(f"analyses/{group['id']}/").status_code == 204
        assert client.get(f"analyses/{group['id']}/").status_code == 404
        assert client.get("stats/summary/").json()["faces"] == 0


def test_two_programs_see_nothing_of_each_other(platform: Platform, portrait: bytes) -> None:
    mine, other = (platform.client(platform.token(name)) for name in ("mine", "other"))
    with mine, other:
        files = {"images": ("me.jpg", portrait)}
        [analysis] = mine.post("analyses/?wait=30", files=files).json()["accepted"]
        url = f"analyses/{analysis['id']}/"
        for path in (url, f"{url}image/"):
            assert other.get(path).status_code == 404
        assert other.delete(url).status_code == 404
        assert other.get("analyses/").json()["results"] == []
        assert mine.get(url).status_code == 200


def test_no_process_has_loaded_tensorflow(platform: Platform, portrait: bytes) -> None:
    with platform.client(platform.token("tf")) as client:
        response = client.post("analyses/?wait=30", files={"images": ("me.jpg", portrait)})
        assert response.json()["accepted"][0]["face_count"] == 1
    for name in ("web", "worker"):
        processes = platform.children(name)
        assert len(processes) >= (2 if name == "worker" else 1)
        for pid in processes:
            libraries = Path(f"/proc/{pid}/maps").read_text()
            assert "tensorflow" not in libraries
            assert "python" in libraries
