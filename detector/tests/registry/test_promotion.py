"""Which version is active, with the manifests of the committed weights."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from detector import checks
from detector.common import clock
from detector.enums import ModelStatus
from detector.exceptions import DetectorError
from detector.models import AuditEntry, ModelVersion, User
from detector.registry import networks, promotion
from detector.registry import selectors as model_selectors
from detector.registry.networks import analyser as real_analyser
from detector.tests import tiny_version
from ml import inference, manifest

pytestmark = [pytest.mark.django_db, pytest.mark.weights]


@pytest.fixture(autouse=True)
def models_folder(settings: Any, tmp_path: Path) -> Path:
    settings.MODELS_FOLDER = tmp_path / "models"
    settings.MODEL_VERSION = None
    return tmp_path / "models"


@pytest.fixture
def shipped() -> ModelVersion:
    promotion.choose_default()
    return active()


def active() -> ModelVersion:
    return ModelVersion.objects.get(status=ModelStatus.ACTIVE)


def copied(folder: Path, name: str, accuracy: float, data: str | None = None) -> ModelVersion:
    """Return the row of a version with this accuracy in its manifest."""
    return promotion.register(tiny_version.make(folder, name, accuracy, data).version)


def accuracy_of(version: ModelVersion) -> float:
    return float(version.manifest["metrics"]["test"]["consensus"]["accuracy"])


def code_of(call: Any, *arguments: Any) -> str:
    with pytest.raises(DetectorError) as caught:
        call(*arguments)
    return caught.value.code


def test_what_ships_serves_until_a_person_chooses(
    shipped: ModelVersion, owner: User, monkeypatch: pytest.MonkeyPatch, models_folder: Path
) -> None:
    assert shipped.name == manifest.DEFAULT_VERSION
    tiny_version.make(models_folder, "next")
    # An upgrade ships another.
    monkeypatch.setattr(manifest, "DEFAULT_VERSION", "next")
    promotion.choose_default()
    assert (active().name, active().chosen_at) == ("next", None)
    # A person chooses, and the next upgrade changes nothing.
    promotion.promote(shipped, owner)
    monkeypatch.setattr(manifest, "DEFAULT_VERSION", "one after that")
    promotion.choose_default()
    assert active() == shipped
    assert active().chosen_at is not None
    # Whoever goes back to what ships follows it again.
    monkeypatch.setattr(manifest, "DEFAULT_VERSION", "next")
    promotion.roll_back(owner)
    assert (active().name, active().chosen_at) == ("next", None)
    monkeypatch.setattr(manifest, "DEFAULT_VERSION", shipped.name)
    promotion.choose_default()
    assert active() == shipped


def test_a_worker_that_starts_takes_nothing_back_that_a_person_chooses_meanwhile(
    owner: User, monkeypatch: pytest.MonkeyPatch, models_folder: Path
) -> None:
    # An earlier version of the code shipped another one; a worker with this code starts.
    earlier = copied(models_folder, "earlier", 0.80)
    ModelVersion.objects.filter(pk=earlier.pk).update(
        status=ModelStatus.ACTIVE, activated_at=clock.now()
    )
    better = copied(models_folder, "better", 0.81)
    real = promotion.register

    def register(name: str) -> ModelVersion:
        monkeypatch.setattr(promotion, "register", real)
        promotion.promote(better, owner)
        return real(name)

    monkeypatch.setattr(promotion, "register", register)
    promotion.choose_default()
    assert active() == better
    assert active().chosen_at is not None


def test_promote_and_roll_back(shipped: ModelVersion, owner: User, models_folder: Path) -> None:
    candidate = copied(models_folder, "mine", accuracy_of(shipped) - 0.005)
    promotion.promote(candidate, owner)
    assert active() == candidate
    assert code_of(promotion.promote, candidate, owner) == "already_active"
    assert model_selectors.previous_model() == shipped
    shipped.refresh_from_db()
    assert shipped.status == ModelStatus.RETIRED
    assert promotion.roll_back(owner) == shipped == active()
    # A second roll-back undoes the first.
    assert promotion.roll_back(owner) == candidate
    entries = AuditEntry.objects.order_by("at", "id")
    assert [(entry.action, entry.target_name, entry.actor) for entry in entries] == [
        ("modelversion.promoted", "mine", owner),
        ("modelversion.rolled_back", str(shipped), owner),
        ("modelversion.rolled_back", "mine", owner),
    ]
    assert entries[0].details["before"] == str(shipped)
    assert entries[0].details["sha256"] == candidate.sha256


def test_a_version_that_is_worse_or_unknown_is_refused(
    shipped: ModelVersion, owner: User, models_folder: Path, settings: Any
) -> None:
    worse = copied(models_folder, "worse", accuracy_of(shipped) - 0.011)
    other = copied(models_folder, "other", 0.99, data="0" * 64)
    assert code_of(promotion.promote, worse, owner) == "accuracy_falls"
    assert code_of(promotion.promote, other, owner) == "not_compared"
    assert active() == shipped
    assert not AuditEntry.objects.exists()
    settings.PROMOTION_LARGEST_LOSS = 0.02
    promotion.promote(worse, owner)
    # A paired comparison takes precedence over the manifests.
    path = manifest.comparison_path(models_folder, other.sha256, worse.sha256)
    path.parent.mkdir()
    report = {
        "candidate": {"sha256": other.sha256},
        "baseline": {"sha256": worse.sha256},
        "sets": {"test": {"change": -0.01}},
    }
    path.write_text(json.dumps(report))
    assert promotion.promote(other, owner) == other == active()


def test_altered_weights_never_serve(
    shipped: ModelVersion, owner: User, models_folder: Path
) -> None:
    candidate = copied(models_folder, "mine", accuracy_of(shipped))
    with manifest.find("mine", models_folder).serving_path.open("ab") as file:
        file.write(b"\0")
    assert code_of(promotion.promote, candidate, owner) == "model_unusable"
    ModelVersion.objects.filter(pk=candidate.pk).update(sha256="e" * 64)
    assert code_of(promotion.promote, ModelVersion.objects.get(pk=candidate.pk), owner) == (
        "model_unusable"
    )
    assert code_of(promotion.register, "nowhere") == "model_unusable"
    assert code_of(promotion.register, "../v4") == "model_unusable"
    assert active() == shipped


def test_the_environment_wins(
    shipped: ModelVersion, owner: User, settings: Any, models_folder: Path
) -> None:
    tiny_version.make(models_folder)
    settings.MODEL_VERSION = tiny_version.NAME
    assert code_of(promotion.promote, promotion.register("tiny"), owner) == "model_pinned"
    assert code_of(promotion.roll_back, owner) == "model_pinned"
    promotion.choose_default()
    assert active().name == "tiny"
    assert real_analyser().version == "tiny"


def test_workers_follow_the_row(shipped: ModelVersion, owner: User, models_folder: Path) -> None:
    assert real_analyser().version == shipped.name
    candidate = copied(models_folder, "mine", accuracy_of(shipped))
    promotion.promote(candidate, owner)
    assert (real_analyser().version, real_analyser().sha256) == ("mine", candidate.sha256)
    with CaptureQueriesContext(connection) as asked:
        assert real_analyser().detector is inference.load().detector
    assert len(asked) == 1
    assert "manifest" not in asked[0]["sql"]
    # The copy on another host is not the chosen one.
    ModelVersion.objects.filter(pk=candidate.pk).update(sha256="e" * 64)
    assert code_of(real_analyser) == "model_unusable"
    # A version that nobody chose came with newer code, which this host lacks yet.
    ModelVersion.objects.filter(pk=candidate.pk).update(chosen_at=None)
    assert real_analyser().version == shipped.name


def test_one_in_the_shadow_does_not_serve(
    shipped: ModelVersion, owner: User, models_folder: Path
) -> None:
    candidate = copied(models_folder, "mine", accuracy_of(shipped))
    promotion.set_shadow(candidate, True, owner)
    assert model_selectors.models_in_shadow() == [candidate]
    assert active() == shipped
    assert code_of(promotion.set_shadow, shipped, True, owner) == "already_active"
    promotion.promote(candidate, owner)
    assert model_selectors.models_in_shadow() == []


def test_command(
    shipped: ModelVersion, capsys: pytest.CaptureFixture[str], models_folder: Path
) -> None:
    tiny_version.make(models_folder)
    call_command("promote_model", "tiny")
    assert "tiny serves from the next photo on" in capsys.readouterr().out
    call_command("promote_model", "--roll-back")
    assert active() == shipped
    with pytest.raises(CommandError, match="No weights 'v99'"):
        call_command("promote_model", "v99")


@pytest.fixture
def withdrawn(
    shipped: ModelVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ModelVersion:
    """Return a version of an earlier release that a person chose, on a migrated platform."""
    tiny_version.leave_manifest_alone(tmp_path / "weights", "old")
    monkeypatch.setattr(manifest, "WEIGHTS_FOLDER", tmp_path / "weights")
    monkeypatch.setattr(networks, "analyser", real_analyser)
    old = promotion.register("old")
    ModelVersion.objects.filter(pk=shipped.pk).update(status=ModelStatus.RETIRED)
    ModelVersion.objects.filter(pk=old.pk).update(
        status=ModelStatus.ACTIVE, activated_at=clock.now(), chosen_at=clock.now()
    )
    return active()


def test_what_ships_stands_in_for_a_choice_that_is_not_kept(
    shipped: ModelVersion,
    withdrawn: ModelVersion,
    owner: User,
    models_folder: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    trouble = f"old was chosen to serve, but only its manifest is kept: {shipped} serves"
    assert trouble in promotion.overruled_choice()
    [warning] = checks.model_chosen_is_kept(None, databases=["default"])
    assert (warning.id, trouble in str(warning.msg)) == ("detector.W005", True)
    assert checks.model_chosen_is_kept(None) == []
    # A worker that already runs answers, and one that starts lets go of the choice.
    assert real_analyser().version == shipped.name
    networks.verify()
    networks.warm_up()
    assert trouble in caplog.text
    assert active() == shipped
    assert promotion.overruled_choice() == ""
    assert [entry.action for entry in AuditEntry.objects.all()] == ["modelversion.withdrawn"]
    # What a person chose last is not kept, so there is no way back to it.
    assert model_selectors.previous_model() == withdrawn
    assert code_of(promotion.roll_back, owner) == "model_unusable"
    assert "Of old only the manifest is kept" in promotion.objection(withdrawn)
    # Whatever else a person chooses holds again.
    mine = copied(models_folder, "mine", accuracy_of(shipped))
    promotion.promote(mine, owner)
    promotion.choose_default()
    assert active() == mine


def test_a_withdrawn_version_leaves_the_shadow(
    shipped: ModelVersion, withdrawn: ModelVersion, owner: User
) -> None:
    promotion.choose_default()
    ModelVersion.objects.filter(pk=withdrawn.pk).update(in_shadow=True)
    assert code_of(promotion.set_shadow, withdrawn, True, owner) == "model_unusable"
    promotion.choose_default()
    assert model_selectors.models_in_shadow() == []


def test_an_environment_that_names_a_withdrawn_version_decides_nothing(
    shipped: ModelVersion, withdrawn: ModelVersion, owner: User, settings: Any, models_folder: Path
) -> None:
    settings.MODEL_VERSION = "old"
    [warning] = checks.model_of_the_environment_is_kept(None)
    assert "MODEL_VERSION names old, of which only the manifest is kept" in str(warning.msg)
    networks.verify()
    networks.warm_up()
    assert active() == shipped
    assert real_analyser().version == shipped.name
    mine = copied(models_folder, "mine", accuracy_of(shipped))
    assert promotion.promote(mine, owner) == mine == active()
