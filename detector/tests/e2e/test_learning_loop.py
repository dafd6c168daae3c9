"""The whole loop, nothing replaced: photos, reviews, data, a candidate, old photos read anew."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
import numpy as np
import pytest
import skimage.data
from PIL import Image

from detector.enums import Split
from detector.models import Photo
from detector.services import reviewed_data
from detector.tests.e2e import pictures
from detector.tests.e2e.platform import ROOT, Platform, until
from ml import inference
from ml.labels import EMOTIONS

pytestmark = [pytest.mark.e2e, pytest.mark.training, pytest.mark.timeout(420)]

CANDIDATE: Final = "candidate"
PHOTOS: Final = {Split.TRAIN: 10, Split.VALIDATION: 3, Split.TEST: 4}
FACES_A_PHOTO: Final = 12
REVIEWS: Final = 200
FINE_TUNE_SECONDS: Final = 120

# An owner for each part of the data, who agrees to reviews, and a reviewer who is logged in.
_PEOPLE: Final = """
import json, sys
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from detector import consent
from detector.models import User
from detector.services import review_consent, tokens
agreed = {"consent_version": consent.VERSION, "consented_at": timezone.now()}
secrets = []
for number in %s:
    owner = User.objects.create_user(f"owner{number}", id=f"{number:032x}", **agreed)
    review_consent.agree(owner)
    secrets.append(tokens.create_token(owner, name="loop")[1])
reviewer = User.objects.create_user("reviewer", is_staff=True, **agreed)
reviewer.user_permissions.add(Permission.objects.get(codename="review_faces"))
client = Client()
client.force_login(reviewer)
print(json.dumps({"owners": secrets, "session": client.cookies["sessionid"].value}))
"""


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """One of its own, where each face is reviewed once, and a bad candidate may be promoted.

    So little training does not make a network better; the loop is what is tried here.
    """
    running = Platform(tmp_path, REVIEW_DOUBLE_SHARE="0", PROMOTION_LARGEST_LOSS="0.9")
    running.start()
    yield running
    running.stop()


def owners() -> list[int]:
    """Numbers of people whose photos fall into train, validation and test."""
    numbers: dict[Split, int] = {}
    for number in range(1, 100):
        photo = Photo(owner_id=UUID(int=number))
        numbers.setdefault(reviewed_data.split_of(photo), number)
    return [numbers[split] for split in PHOTOS]


def many_faces(number: int) -> bytes:
    """A photo with twelve faces of one person, no two photos alike."""
    person = pictures.hopper() if number % 2 else pictures.astronaut()
    row = pictures.beside([person, person[:, ::-1]] * 2, height=256)
    whole = np.concatenate([row, row[:, ::-1], row])
    return pictures.jpeg(np.clip(whole * (0.7 + 0.03 * number), 0, 255).astype(np.uint8))


def upload(client: httpx.Client, photos: list[bytes]) -> list[dict[str, Any]]:
    """Upload photos and wait until they are analysed."""
    files = [("images", (f"{n}.jpg", photo, "image/jpeg")) for n, photo in enumerate(photos)]
    sent = client.post("analyses/", files=files)
    assert sent.status_code in (200, 202), sent.text
    ids = [analysis["id"] for analysis in sent.json()["accepted"]]

    def finished(pk: str) -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(f"analyses/{pk}/").json()
        return found if found["status"] in ("done", "failed") else None

    done = [until(partial(finished, pk), 60, "Analysis") for pk in ids]
    assert {one["status"] for one in done} == {"done"}
    return done


def review_all(platform: Platform, session: str) -> int:
    """Judge face after face on the page of reviewers, as its script does; how many there were."""
    with httpx.Client(base_url=platform.url, cookies={"sessionid": session}, timeout=30) as page:
        text = page.get("/admin/review/").text
        headers = {"X-CSRFToken": page.cookies["csrftoken"], "HX-Request": "true"}
        waiting = _cases(text)
        judged = 0
        while waiting:
            case, width = waiting.pop(0)
            # Who is on the photo shows in its size.
            verdict = "happy" if width == 1024 else "neutral"
            data = {"verdict": verdict, "have": [each for each, _ in waiting], "seconds": "1.5"}
            answer = page.post(f"/admin/review/{case}/verdict/", data=data, headers=headers)
            assert answer.status_code == 200, answer.text
            waiting += _cases(answer.text)
            judged += 1
    return judged


def _cases(text: str) -> list[tuple[str, int]]:
    """The faces on a page: the id of each case, and how wide its photo is."""
    found = re.findall(r'data-case="([^"]+)".*?<image [^>]*width="(\d+)"', text, re.DOTALL)
    return [(case, int(width)) for case, width in found]


def base_data(path: Path) -> None:
    """Faces that the network serves as it does now: what a candidate must not forget."""
    small = skimage.data.lfw_subset()[:100]
    faces = np.stack(
        [
            np.asarray(Image.fromarray((face * 255).astype(np.uint8)).resize((48, 48)))
            for face in small
        ]
    )
    faces = np.concatenate([faces, faces[:, :, ::-1], faces // 2, faces[:, :, ::-1] // 2])
    shares = inference.load().classify(faces)
    votes = np.zeros((len(faces), 10), np.uint8)
    columns = [reviewed_data.VOTE_COLUMNS.index(emotion) for emotion in EMOTIONS]
    votes[:, columns] = np.round(10 * shares)
    np.savez(
        path,
        images=faces,
        label=shares.argmax(axis=1).astype(np.uint8),
        votes=votes,
        usage=np.tile(np.repeat([0, 1, 2], [50, 25, 25]), 4).astype(np.uint8),
    )


def fine_tune(platform: Platform, reviewed: Path, base: Path) -> dict[str, Any]:
    """Train the candidate; the last thing that was told."""
    command = [
        sys.executable, "-m", "ml.training.finetune", "--quick", "--epochs", "1",
        "--name", CANDIDATE, "--reviewed", str(reviewed), "--data", str(base),
        "--out", str(models(platform)),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def models(platform: Platform) -> Path:
    return Path(platform.environment["VAR_DIR"]) / "models"


def test_people_teach_the_next_model(platform: Platform, tmp_path: Path) -> None:
    people = json.loads(platform.manage("shell", "--verbosity", "0", "-c", _PEOPLE % owners()))
    with ExitStack() as open_ones:
        clients = [open_ones.enter_context(platform.client(s)) for s in people["owners"]]
        go_through(platform, tmp_path, people["session"], clients)


def go_through(
    platform: Platform, tmp_path: Path, session: str, clients: list[httpx.Client]
) -> None:
    analyses, number = [], 0
    for client, photos in zip(clients, PHOTOS.values(), strict=True):
        numbers = range(number, number + photos)
        analyses += upload(client, [many_faces(n) for n in numbers])
        number += photos
    shipped = analyses[0]["model"]
    assert {one["model"]["name"] for one in analyses} == {inference.DEFAULT_VERSION}
    faces = sum(len(one["faces"]) for one in analyses)
    assert faces >= REVIEWS

    assert review_all(platform, session) == faces

    reviewed = tmp_path / "reviewed.npz"
    assert f": {faces} faces" in platform.manage("export_reviewed_faces", "--out", str(reviewed))
    counts = json.loads(reviewed.with_suffix(".json").read_text())["counts"]
    assert all(part["happy"] and part["neutral"] for part in counts.values()), counts

    base = tmp_path / "base.npz"
    base_data(base)
    began = time.monotonic()
    told = fine_tune(platform, reviewed, base)
    assert time.monotonic() - began < FINE_TUNE_SECONDS
    assert told["stage"] == "done"
    (comparison,) = (models(platform) / "comparisons").iterdir()
    sets = json.loads(comparison.read_text())["sets"]
    assert sets["test"]["n"] == 100
    assert sets["reviewed"]["n"] == sum(counts["test"].values())

    platform.manage("promote_model", CANDIDATE)
    (after,) = upload(clients[2], [many_faces(number)])
    assert after["model"] == {"name": CANDIDATE, "sha256": told["sha256"]}

    # Old photos, too: one person's, in the background.
    platform.manage("reanalyse", "--user", f"owner{owners()[2]}")
    finished = f"finished: {PHOTOS[Split.TEST]} of {PHOTOS[Split.TEST]}"
    until(lambda: platform.manage("reanalyse", "--status").startswith(finished), 60, "Re-analysis")
    listed = clients[2].get("analyses/").json()["results"]
    assert [one["model"]["name"] for one in listed] == [CANDIDATE] * (PHOTOS[Split.TEST] + 1)
    # What people said stays with the faces: the photo that was read anew last is the first here.
    assert {face["reviewed_emotion"] for face in listed[0]["faces"]} <= {"happy", "neutral"}

    platform.manage("promote_model", "--roll-back")
    (back,) = upload(clients[2], [many_faces(number + 1)])
    assert back["model"] == shipped
