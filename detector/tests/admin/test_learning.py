"""Fine-tunes and the choice of a version in the administration, with the committed weights."""

import html
import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from detector.enums import Emotion, FineTuneStatus
from detector.models import Analysis, AuditEntry, FineTune, ModelVersion, ReviewedExport, ShadowFace
from detector.registry import promotion
from detector.registry import selectors as model_selectors
from detector.tests import tiny_version
from detector.tests.people import logged_in, staff_with_role
from ml import manifest

pytestmark = [pytest.mark.django_db, pytest.mark.weights]

VERSIONS, RUNS = "/admin/detector/modelversion/", "/admin/detector/finetune/"


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.MODELS_FOLDER = tmp_path / "models"
    settings.MODEL_VERSION = None
    settings.TRAINING_DATA = str(tmp_path / "base.npz")
    (tmp_path / "base.npz").touch()


@pytest.fixture
def operator(db: None) -> Client:
    return logged_in(staff_with_role("operator"))


@pytest.fixture
def serving(db: None) -> ModelVersion:
    promotion.choose_default()
    active = model_selectors.active_model()
    assert active is not None
    return active


@pytest.fixture
def candidate(serving: ModelVersion, settings: Any) -> ModelVersion:
    return promotion.register(tiny_version.make(settings.MODELS_FOLDER).version)


@pytest.fixture
def reviewed(tmp_path: Path, serving: ModelVersion) -> ReviewedExport:
    (tmp_path / "reviewed.npz").touch()
    return ReviewedExport.objects.create(
        name="2026-06-01-abc", path=str(tmp_path / "reviewed.npz"), sha256="a" * 64, faces=9
    )


def shown(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def press(client: Client, url: str, **data: str) -> str:
    """Send a form; what the page after it says, errors of the form included."""
    response: Any = client.post(url, data, follow=True)
    assert response.status_code == 200
    said = [str(message) for message in response.context["messages"]]
    said += re.findall(r'class="errorlist[^"]*"[^>]*><li>(.*?)</li>', response.content.decode())
    return html.unescape(" ".join(said))


def figures(right: int) -> dict[str, Any]:
    """Return figures of a version that names `right` of 70 faces right, some as angry."""
    matrix = [[0] * 7 for _ in range(7)]
    for face in range(70):
        matrix[face % 7][face % 7 if face < right else 0] += 1
    accuracy = right / 70
    interval = [accuracy - 0.05, accuracy + 0.05]
    return {
        "accuracy": accuracy, "accuracy_ci95": interval, "macro_f1": 0.5, "ece": 0.02,
        "confusion_matrix": matrix,
    }  # fmt: skip


def write_comparison(after: ModelVersion, before: ModelVersion, folder: Path, right: int) -> None:
    """Write a report like that of `ml.training.compare`; the test of the loop has a real one."""
    change = (right - 60) / 70
    recall = {"support": 10, "before": 0.5, "after": 0.8, "change": 0.3, "change_ci95": [0.1, 0.5]}
    section = {
        "n": 70, "candidate": figures(right), "baseline": figures(60),
        "change": change, "change_ci95": [change - 0.05, change + 0.05],
        "mcnemar": {"gained": 3, "lost": 0, "p": 0.25},
        "per_class": {"happy": recall},
    }  # fmt: skip
    sides = {"candidate": after, "baseline": before}
    report = {side: {"name": v.name, "sha256": v.sha256} for side, v in sides.items()}
    path = manifest.comparison_path(folder, after.sha256, before.sha256)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({**report, "sets": {"test": section, "reviewed": section}}))


def test_a_candidate_is_compared_promoted_and_rolled_back(
    operator: Client, candidate: ModelVersion, serving: ModelVersion, settings: Any
) -> None:
    page = f"{VERSIONS}{candidate.pk}/comparison/"
    # Before anybody compared them face by face, there are the manifests.
    text = shown(operator, page)
    assert "Fixed test set" in text
    assert "ml.training.compare" in text
    assert "Reviewed hold-out" not in text
    assert text.count('<table class="matrix">') == 2

    write_comparison(candidate, serving, settings.MODELS_FOLDER, right=63)
    text = shown(operator, page)
    assert text.count('<table class="matrix">') == 4
    assert "<td>85.7 <span" in text
    assert "<td>90.0 <span" in text
    assert "<td>+4.3 <span" in text
    assert f"tiny alone names 3 faces right, {serving} alone 0" in text
    assert "p = 0.250, no clear difference" in text
    assert text.count('<span class="dash-badge success">better</span> +30.0') == 2
    # Of ten faces that are angry all are named so, of the others nine.
    assert text.count('<td class="shade-10 is-right">10</td>') == 4
    assert text.count('<td class="shade-9 is-right">9</td>') == 2 * 6 + 2 * 3

    assert "From the next photo on, tiny serves." in press(
        operator, f"{VERSIONS}{candidate.pk}/promote/"
    )
    assert model_selectors.active_model() == candidate
    assert f"Roll back to {serving}" in shown(operator, page)
    assert f"From the next photo on, {serving} serves again." in press(
        operator, f"{VERSIONS}roll-back/"
    )
    assert model_selectors.active_model() == serving
    entries = AuditEntry.objects.order_by("id").values_list("action", "actor_name", "target_name")
    assert list(entries) == [
        ("modelversion.promoted", "operator", "tiny"),
        ("modelversion.rolled_back", "operator", serving.name),
    ]


def test_the_one_that_serves_stands_beside_any_other(
    operator: Client, candidate: ModelVersion, serving: ModelVersion
) -> None:
    page = f"{VERSIONS}{serving.pk}/comparison/"
    text = shown(operator, page)
    assert f"<h1>{serving} against {candidate}</h1>" in text
    assert "no other version" not in text
    assert "served before" not in text
    third = ModelVersion.objects.create(name="v0", sha256="a" * 64)
    assert f'<a href="?against={candidate.pk}">' in shown(operator, f"{page}?against={third.pk}")
    assert f"<h1>{serving} against v0</h1>" in shown(operator, f"{page}?against={third.pk}")
    assert f"<h1>{candidate} against {serving}</h1>" in shown(
        operator, f"{VERSIONS}{candidate.pk}/comparison/?against=nothing"
    )
    ModelVersion.objects.exclude(pk=serving.pk).delete()
    assert "There is no other version" in shown(operator, page)


def test_a_worse_candidate_is_refused_and_the_page_says_why(
    operator: Client, candidate: ModelVersion, serving: ModelVersion, settings: Any
) -> None:
    write_comparison(candidate, serving, settings.MODELS_FOLDER, right=58)
    why = "Accuracy on the test set would fall by 2.9%; at most 1.0% is allowed."
    assert why in shown(operator, f"{VERSIONS}{candidate.pk}/comparison/")
    assert why in press(operator, f"{VERSIONS}{candidate.pk}/promote/")
    assert model_selectors.active_model() == serving
    assert not AuditEntry.objects.filter(action="modelversion.promoted").exists()


def test_shadow_mode_is_switched_and_its_agreement_shown(
    operator: Client, candidate: ModelVersion, serving: ModelVersion, analysed: Analysis
) -> None:
    page = f"{VERSIONS}{candidate.pk}/change/"
    assert "It has judged no face in the shadow." in shown(operator, page)
    assert "Shadow mode of tiny is on." in press(
        operator, f"{VERSIONS}{candidate.pk}/shadow/", shadow="on"
    )
    face = analysed.faces.get()
    other = next(emotion for emotion in Emotion if emotion != face.emotion)
    for version, emotion in ((candidate, face.emotion), (serving, other)):
        ShadowFace.objects.create(face=face, model_version=version, emotion=emotion, confidence=0.5)
    assert "1 of 1 faces as shown: 100.0%" in shown(operator, page)
    press(operator, f"{VERSIONS}{candidate.pk}/shadow/", shadow="off")
    candidate.refresh_from_db()
    assert not candidate.in_shadow


def test_of_a_withdrawn_version_the_pages_show_the_manifest(
    operator: Client,
    serving: ModelVersion,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    tiny_version.leave_manifest_alone(tmp_path / "weights", "old")
    monkeypatch.setattr(manifest, "WEIGHTS_FOLDER", tmp_path / "weights")
    old = promotion.register("old")
    ModelVersion.objects.filter(pk=old.pk).update(activated_at=serving.created_at)
    listed = shown(operator, VERSIONS)
    assert listed.count("manifest only") == 1
    assert "of which only" not in listed
    page = shown(operator, f"{VERSIONS}{old.pk}/change/")
    assert "Of old only the manifest is kept" in page
    assert "Promote old" not in page
    assert "Let it judge in the shadow" not in page
    assert "format_version" in page
    page = shown(operator, f"{VERSIONS}{serving.pk}/change/")
    assert "old served before; only its manifest is kept" in page
    assert "Roll back" not in page
    page = shown(operator, f"{VERSIONS}{old.pk}/comparison/")
    assert page.count('<table class="matrix">') == 2
    assert "It would be refused now: Of old only the manifest is kept" in page
    for way, said in (("promote", "only the manifest"), ("shadow", "only the manifest")):
        assert said in press(operator, f"{VERSIONS}{old.pk}/{way}/", shadow="on")
    assert "only the manifest" in press(operator, f"{VERSIONS}roll-back/")
    assert model_selectors.active_model() == serving
    settings.MODEL_VERSION = "old"
    assert "MODEL_VERSION names old, of which only" in shown(operator, VERSIONS)


def test_a_fine_tune_is_begun_watched_and_cancelled(
    operator: Client,
    reviewed: ReviewedExport,
    background_sent: list[UUID],
    django_capture_on_commit_callbacks: Any,
) -> None:
    export = shown(operator, f"/admin/detector/reviewedexport/{reviewed.pk}/change/")
    assert f"{RUNS}add/?reviewed={reviewed.pk}" in export
    assert reviewed.name in shown(operator, f"{RUNS}add/?reviewed={reviewed.pk}")
    with django_capture_on_commit_callbacks(execute=True):
        assert "as soon as a worker is free" in press(
            operator, f"{RUNS}add/", reviewed=str(reviewed.pk)
        )
    run = FineTune.objects.get()
    assert background_sent == [run.pk]
    FineTune.objects.update(
        status=FineTuneStatus.RUNNING, stage="training", progress=0.25, log="a <line>"
    )
    part = shown(operator, f"{RUNS}{run.pk}/progress/")
    assert "25 %, training" in part
    assert "a &lt;line&gt;" in part
    assert "data-open" in part
    assert "25 %, training" in shown(operator, RUNS)
    assert press(operator, f"{RUNS}{run.pk}/cancel/") == "1 cancelled."
    assert "data-open" not in shown(operator, f"{RUNS}{run.pk}/change/")
    assert "0 cancelled." in press(operator, f"{RUNS}{run.pk}/cancel/")
    actions = AuditEntry.objects.order_by("id").values_list("action", "actor_name")
    assert list(actions) == [("finetune.requested", "operator"), ("finetune.cancelled", "operator")]


def test_a_fine_tune_that_could_not_work_is_refused(
    operator: Client, reviewed: ReviewedExport, settings: Any
) -> None:
    settings.TRAINING_DATA = ""
    assert "TRAINING_DATA does not name" in press(
        operator, f"{RUNS}add/", reviewed=str(reviewed.pk)
    )
    assert not FineTune.objects.exists()


@pytest.mark.parametrize("role", ["reviewer", "auditor"])
def test_others_choose_nothing(
    role: str, candidate: ModelVersion, reviewed: ReviewedExport
) -> None:
    client = logged_in(staff_with_role(role))
    run = FineTune.objects.create(name="n", base=candidate, reviewed=reviewed)
    version = f"{VERSIONS}{candidate.pk}/"
    for url in (f"{version}promote/", f"{version}shadow/", f"{VERSIONS}roll-back/",
                f"{RUNS}add/", f"{RUNS}{run.pk}/cancel/"):  # fmt: skip
        assert client.post(url, {"shadow": "on"}).status_code == 403
    for url in (f"{version}comparison/", f"{version}change/", f"{RUNS}{run.pk}/progress/", RUNS):
        assert client.get(url).status_code == 403
    run.refresh_from_db()
    candidate.refresh_from_db()
    assert (run.status, candidate.in_shadow) == (FineTuneStatus.QUEUED, False)
