"""The data set of reviewed faces: training can read it, and it respects consent."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from pytest_django.fixtures import Settings

from detector import consent
from detector.analyses import crops
from detector.enums import CaseStatus, Emotion, ReviewKind, Split, Verdict
from detector.exceptions import DetectorError
from detector.learning import dataset, labels
from detector.models import AuditEntry, Face, Review, ReviewCase, ReviewedExport, User
from detector.photos import images, trash
from detector.reviews import consent as review_consent
from detector.tests.bad_files import jpeg
from detector.tests.factories import FaceFactory, UserFactory

pytestmark = pytest.mark.django_db

AGREES = {
    "review_consent_version": consent.REVIEW_VERSION,
    "review_consented_at": "2026-11-24T00:00Z",
}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "reviewed.npz"


def person(**fields: Any) -> User:
    return UserFactory.create(**{**AGREES, **fields})


def named(owner: User, *verdicts: str, final: str = "", **face: Any) -> Face:
    """Create a face with these verdicts of reviewers; by default the last one settles it."""
    if "analysis__photo" not in face:
        picture = ContentFile(jpeg(), name="photo.jpg")
        face |= {"analysis__photo__owner": owner, "analysis__photo__image": picture}
    made = FaceFactory.create(**face)
    for verdict in verdicts:
        judge(made, UserFactory.create(), ReviewKind.REVIEWER, verdict)
    if verdicts:
        ReviewCase.objects.create(
            face=made,
            status=CaseStatus.SETTLED,
            final_verdict=final or verdicts[-1],
            created_at=timezone.now(),
            settled_at=timezone.now(),
        )
    return made


def judge(face: Face, by: User, kind: ReviewKind, verdict: str) -> None:
    Review.objects.create(
        face=face, reviewer=by, kind=kind, verdict=verdict, created_at=timezone.now()
    )


def read(path: Path) -> dict[str, Any]:
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def test_the_file_holds_what_people_said(out: Path) -> None:
    owner = person()
    first = named(owner, "sad", "happy", "sad", final="sad")
    own = named(owner)
    judge(own, owner, ReviewKind.OWNER, "fear")
    contradicted = named(owner, "angry")
    judge(contradicted, owner, ReviewKind.OWNER, "happy")
    named(owner, Verdict.NOT_A_FACE)
    named(owner, Verdict.CANNOT_TELL)
    export = dataset.export(out, actor=owner)
    data = read(out)
    assert [Emotion.values[row] for row in data["label"]] == ["sad", "fear", "angry"]
    rgb = images.normalise(first.analysis.photo)
    assert np.array_equal(data["images"][0], crops.crop(rgb, first))
    # neutral, happy, surprise, sad, angry, disgust, fear, contempt, unknown, not a face
    assert data["votes"].tolist() == [
        [0, 1, 0, 2, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 1, 0, 0, 0],
        [0, 1, 0, 0, 1, 0, 0, 0, 0, 0],
    ]
    assert AuditEntry.objects.get(action="reviewedexport.made").target_id == str(export.pk)
    # Faces of people, wherever the operator writes them: whatever the shell's umask says.
    for file in (out, out.with_suffix(".json")):
        assert file.stat().st_mode & 0o077 == 0
    manifest = json.loads(out.with_suffix(".json").read_text())
    assert manifest["sha256"] == export.sha256
    assert manifest["id"] == str(export.pk)
    assert manifest["left_out"] == {"not_a_face": 1, "cannot_tell": 1}
    assert manifest["verdicts"] == {"reviewer": 4, "owner": 2}
    assert sum(sum(part.values()) for part in manifest["counts"].values()) == 3


def test_training_reads_it(out: Path) -> None:
    named(person(), "happy")
    dataset.export(out, actor=None)
    command = [sys.executable, "-m", "ml.training.evaluate", "--data", str(out), "--split"]
    split = Split(int(read(out)["usage"][0])).name.lower()
    done = subprocess.run([*command, split], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n"] == 1


def test_the_same_faces_give_the_same_file(out: Path) -> None:
    owner = person()
    named(owner, "happy")
    first = dataset.export(out, actor=None)
    again = dataset.export(out, actor=None)
    assert (first.sha256, first.name) == (again.sha256, again.name)
    named(owner, "sad")
    assert dataset.export(out, actor=None).sha256 != first.sha256


def test_only_of_who_agrees_now(out: Path, settings: Settings) -> None:
    willing, binned = person(), person()
    named(willing, "happy")
    named(UserFactory.create(), "happy")
    named(person(review_consent_version="2001-01"), "happy")
    face = named(binned, "happy")
    trash.discard(binned, [face.analysis.photo_id])
    assert dataset.export(out, actor=None).faces == 1
    review_consent.withdraw(willing)
    with pytest.raises(DetectorError, match="No face has been named"):
        dataset.export(out, actor=None)


def test_who_withdraws_while_faces_are_cut_is_not_in_it(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving, staying = person(), person()
    named(leaving, "happy")
    named(staying, "sad")
    cut = images.normalise

    def withdraw(photo: Any) -> Any:
        if leaving.agrees_to_review:
            review_consent.withdraw(leaving)
        return cut(photo)

    monkeypatch.setattr(images, "normalise", withdraw)
    export = dataset.export(out, actor=None)
    assert export.faces == 1
    assert read(out)["label"].tolist() == [Emotion.values.index("sad")]
    assert json.loads(out.with_suffix(".json").read_text())["left_out"] == {"withdrawn": 1}


def test_a_verdict_that_is_taken_back_while_faces_are_read_is_none() -> None:
    assert labels.verdict_on(named(person())) == "withdrawn"


def test_parts_are_those_of_people_and_never_change(out: Path) -> None:
    people = [person(id=UUID(int=number)) for number in range(1, 13)]
    for owner in people:
        named(owner, "happy")
    dataset.export(out, actor=None)
    before = read(out)["usage"].tolist()
    assert set(before) == set(Split)
    for owner in people:
        named(owner, "sad")
    dataset.export(out, actor=None)
    usage = read(out)["usage"]
    label = read(out)["label"]
    assert usage[label == Emotion.values.index("happy")].tolist() == before
    assert usage[label == Emotion.values.index("sad")].tolist() == before


def test_a_photo_that_several_people_have_is_in_one_part(out: Path) -> None:
    # By their hashes the first two are in train and the third is not.
    split = {n: dataset.split_of(FaceFactory.build(
        analysis__photo__owner=UserFactory.build(id=UUID(int=n))).analysis.photo)
        for n in range(1, 13)}  # fmt: skip
    train = [n for n in split if split[n] == Split.TRAIN]
    test = [n for n in split if split[n] == Split.TEST]
    one, two = (person(id=UUID(int=n)) for n in train[:2])
    three = person(id=UUID(int=test[0]))
    for owner in (one, two):
        named(owner, "happy", analysis__photo__sha256="a" * 64)
    for owner in (one, three):
        named(owner, "sad", analysis__photo__sha256="b" * 64)
    assert dataset.export(out, actor=None).faces == 1
    left_out = json.loads(out.with_suffix(".json").read_text())["left_out"]
    assert left_out == {"repeated": 1, "in_two_parts": 2}


def test_by_photo_where_few_people_use_it(out: Path, settings: Settings) -> None:
    settings.REVIEWED_SPLIT_BY = "photo"
    owner = person()
    for number in range(12):
        named(owner, "happy", analysis__photo__sha256=f"{number:064x}")
    dataset.export(out, actor=None)
    assert len(set(read(out)["usage"].tolist())) > 1


def test_a_face_that_was_read_twice_is_there_once(out: Path) -> None:
    owner = person()
    later = named(owner, "sad")
    photo = later.analysis.photo
    earlier = named(owner, "happy", analysis__photo=photo, analysis__superseded=True)
    assert earlier.analysis_id > later.analysis_id
    export = dataset.export(out, actor=None)
    assert export.faces == 1


def test_the_label_of_a_face_that_was_read_twice_is_the_reviewers(out: Path) -> None:
    owner = person()
    settled = named(owner, "sad", analysis__superseded=True)
    # The owner's correction went along to the face of the later analysis.
    later = named(owner, analysis__photo=settled.analysis.photo)
    judge(later, owner, ReviewKind.OWNER, "happy")
    assert later.analysis_id > settled.analysis_id
    dataset.export(out, actor=None)
    assert read(out)["label"].tolist() == [Emotion.values.index("sad")]


def test_the_command(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(path: Path) -> str:
        call_command("export_reviewed_faces", out=path)
        return capsys.readouterr().out

    with pytest.raises(CommandError, match="No face has been named"):
        run(out)
    named(person(), "happy")
    with pytest.raises(CommandError, match=r"\.npz"):
        run(out.with_suffix(".zip"))
    with pytest.raises(CommandError, match="cannot be written"):
        run(out.parent / "nowhere" / "a.npz")
    printed = run(out)
    assert ReviewedExport.objects.get().sha256 in printed
