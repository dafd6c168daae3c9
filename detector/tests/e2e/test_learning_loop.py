"""The whole loop, nothing replaced: photos, reviews, data, a candidate, old photos read anew."""

import json
import re
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
from detector.learning import dataset
from detector.models import Photo
from detector.tests.e2e import pictures
from detector.tests.e2e.platform import Platform, until
from ml import inference
from ml.labels import EMOTIONS

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.training,
    pytest.mark.timeout(900),
    pytest.mark.parametrize("platform", ["embedded"], indirect=True),
]

PHOTOS: Final = {Split.TRAIN: 2, Split.VALIDATION: 2, Split.TEST: 2}
FACES_A_PHOTO: Final = 12
REVIEWS: Final = 66
FIXED_TEST_SET: Final = 12
"""Faces in it: each is also seen in dozens of damaged forms, which takes longest of all."""
FINE_TUNE_SECONDS: Final = 600
"""After which the test gives up; it takes about a minute."""

# An owner for each part of the data, who agrees to reviews; a reviewer and an operator, logged in.
_PEOPLE: Final = """
import json, sys
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from detector import consent
from detector.models import User
from detector.accounts import tokens
from detector.reviews import consent as review_consent
agreed = {"consent_version": consent.VERSION, "consented_at": timezone.now()}
secrets = []
for number in %s:
    owner = User.objects.create_user(f"owner{number}", id=f"{number:032x}", **agreed)
    review_consent.agree(owner)
    secrets.append(tokens.create_token(owner, name="loop")[1])
sessions = {}
for role in ("reviewer", "operator"):
    user = User.objects.create_user(role, is_staff=True, **agreed)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    sessions[role] = client.cookies["sessionid"].value
print(json.dumps({"owners": secrets, **sessions}))
"""


def owners() -> list[int]:
    """Return numbers of people whose photos fall into train, validation and test."""
    numbers: dict[Split, int] = {}
    for number in range(1, 100):
        photo = Photo(owner_id=UUID(int=number))
        numbers.setdefault(dataset.split_of(photo), number)
    return [numbers[split] for split in PHOTOS]


def many_faces(number: int) -> bytes:
    """Return a photo with twelve faces of one person, no two photos alike."""
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


def listed(client: httpx.Client) -> list[dict[str, Any]]:
    """Return what the API lists first."""
    found: list[dict[str, Any]] = client.get("analyses/").json()["results"]
    return found


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
    """Return the faces on a page: the id of each case, and how wide its photo is."""
    found = re.findall(r'data-case="([^"]+)".*?<image [^>]*width="(\d+)"', text, re.DOTALL)
    return [(case, int(width)) for case, width in found]


def base_data(path: Path) -> None:
    """Write faces with the labels that the network gives now, which a candidate must keep."""
    small = skimage.data.lfw_subset()[:FIXED_TEST_SET]
    faces = np.stack(
        [
            np.asarray(Image.fromarray((face * 255).astype(np.uint8)).resize((48, 48)))
            for face in small
        ]
    )
    faces = np.concatenate([faces, faces[:, :, ::-1], faces // 2, faces[:, :, ::-1] // 2])
    shares = inference.load().classify(faces)
    votes = np.zeros((len(faces), 10), np.uint8)
    columns = [dataset.VOTE_COLUMNS.index(emotion) for emotion in EMOTIONS]
    votes[:, columns] = np.round(10 * shares)
    np.savez(
        path,
        images=faces,
        label=shares.argmax(axis=1).astype(np.uint8),
        votes=votes,
        # Half to learn from, a quarter to validate with, a quarter to judge by.
        usage=np.tile(np.repeat([0, 0, 1, 2], FIXED_TEST_SET // 4), 4).astype(np.uint8),
    )


class Administration:
    """The administration, as an operator uses it."""

    def __init__(self, platform: Platform, session: str) -> None:
        self.http = httpx.Client(
            base_url=f"{platform.url}/admin/detector/", cookies={"sessionid": session},
            timeout=30, follow_redirects=True,
        )  # fmt: skip

    def see(self, path: str) -> str:
        """Return a page."""
        page = self.http.get(path)
        assert page.status_code == 200, path
        return page.text

    def press(self, path: str, **data: str) -> httpx.Response:
        """Press a button and return the next page."""
        headers = {"X-CSRFToken": self.http.cookies["csrftoken"]}
        after = self.http.post(path, data=data, headers=headers)
        assert after.status_code == 200, path
        return after

    def fine_tune(self) -> str:
        """Begin one on the reviewed faces and watch it to its end; the candidate's id."""
        export = first_id(self.see("reviewedexport/"), "reviewedexport")
        page = self.press("finetune/add/", reviewed=export)
        run = first_id(str(page.url), "finetune")

        def ended() -> str | None:
            part = self.see(f"finetune/{run}/progress/")
            return None if "data-open" in part else part

        part: str = until(ended, FINE_TUNE_SECONDS, "The end of the fine-tune")
        assert "100 %" in part, part
        return first_id(part, "modelversion")


def first_id(text: str, model: str) -> str:
    """Return the id of the first object of a kind that a page links to."""
    found = re.search(rf"/{model}/([0-9a-f-]{{36}})/", text)
    assert found, text
    return found[1]


def test_people_teach_the_next_model(platform: Platform, tmp_path: Path) -> None:
    base_data(Path(platform.environment["TRAINING_DATA"]))
    people = json.loads(platform.manage("shell", "--verbosity", "0", "-c", _PEOPLE % owners()))
    with ExitStack() as open_ones:
        clients = [open_ones.enter_context(platform.client(s)) for s in people["owners"]]
        operator = Administration(platform, people["operator"])
        open_ones.enter_context(operator.http)
        go_through(platform, tmp_path, people["reviewer"], operator, clients)


def go_through(
    platform: Platform, folder: Path, session: str, operator: Administration,
    clients: list[httpx.Client],
) -> None:  # fmt: skip
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

    reviewed = folder / "reviewed.npz"
    assert f": {faces} faces" in platform.manage("export_reviewed_faces", "--out", str(reviewed))
    counts = json.loads(reviewed.with_suffix(".json").read_text())["counts"]
    assert all(part["happy"] and part["neutral"] for part in counts.values()), counts

    candidate = operator.fine_tune()
    compared = operator.see(f"modelversion/{candidate}/comparison/")
    assert compared.count('<table class="matrix">') == 2 * 3
    assert f'Fixed test set <span class="dash-note">n = {FIXED_TEST_SET}</span>' in compared
    held_out = sum(counts["test"].values())
    assert f'Reviewed hold-out <span class="dash-note">n = {held_out}</span>' in compared
    assert compared.count("McNemar’s test gives p") == 3

    operator.press(f"modelversion/{candidate}/promote/")
    (after,) = upload(clients[2], [many_faces(number)])
    assert after["model"]["name"].startswith(f"{inference.DEFAULT_VERSION}-")
    assert after["model"]["sha256"] in operator.see(f"modelversion/{candidate}/change/")

    # Old photos, too: one person's, in the background.
    platform.manage("reanalyse", "--user", f"owner{owners()[2]}")
    by_new = [after["model"]["name"]] * (PHOTOS[Split.TEST] + 1)
    until(lambda: [one["model"]["name"] for one in listed(clients[2])] == by_new, 60, "Re-analysis")
    finished = f"finished: {PHOTOS[Split.TEST]} of {PHOTOS[Split.TEST]}"
    until(lambda: platform.manage("reanalyse", "--status").startswith(finished), 60, "Its end")
    # What people said stays with the faces: the photo that was read anew last is the first here.
    assert {face["reviewed_emotion"] for face in listed(clients[2])[0]["faces"]} <= {
        "happy",
        "neutral",
    }

    operator.press("modelversion/roll-back/")
    (back,) = upload(clients[2], [many_faces(number + 1)])
    assert back["model"] == shipped
