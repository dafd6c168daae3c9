"""Choose which model version is active. See docs/decisions/0013-who-serves.md.

Workers read the active row for every photo, so a change needs no restart. Nothing here loads a
network, so the web process may call it.
"""

import logging

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from detector.common import audit, clock
from detector.enums import ModelStatus
from detector.exceptions import DetectorError
from detector.models import ModelVersion, User
from detector.registry import comparisons
from detector.registry import selectors as model_selectors
from ml import manifest

logger = logging.getLogger(__name__)


def register(name: str) -> ModelVersion:
    """Return the row of weights on disk. Creates it where missing. Raises DetectorError."""
    weights = _weights(name)
    version, _ = ModelVersion.objects.get_or_create(
        name=weights.version, sha256=weights.sha256, defaults={"manifest": weights.document}
    )
    return version


def choose_default() -> None:
    """Activate the shipped version, or that of MODEL_VERSION, unless a person chose another.

    Every worker does this when it starts. A choice of which only the manifest is kept holds no
    longer. Raises DetectorError.
    """
    for trouble in filter(None, (overruled_setting(), overruled_choice())):
        logger.warning(trouble)
    _let_go_of_withdrawn()
    if _is_chosen(model_selectors.active_model()):
        return
    version = register(pinned() or manifest.DEFAULT_VERSION)
    if not _may_replace(model_selectors.active_model(), version):
        return
    try:
        with transaction.atomic():
            _lock_all()
            # A person may have chosen since.
            if _may_replace(model_selectors.active_model(), version):
                _activate(version)
    except IntegrityError:
        # Another worker is activating a version at this moment; the last one to start wins.
        return


def _is_chosen(active: ModelVersion | None) -> bool:
    """Return whether a person chose the active version, and no setting overrules that."""
    return pinned() is None and active is not None and active.chosen_at is not None


def _may_replace(active: ModelVersion | None, version: ModelVersion) -> bool:
    """Return whether the default is another one, or not active as such, and nobody chose."""
    is_default = active == version and active.chosen_at is None
    return not is_default and not _is_chosen(active)


def pinned() -> str | None:
    """Return the version that the environment names; None if its weights are not kept."""
    name = settings.MODEL_VERSION
    return None if name is None or is_withdrawn(name) else str(name)


def is_withdrawn(name: str) -> bool:
    """Return whether only the manifest of a version is kept: it can be read, not used."""
    try:
        return manifest.find(name, settings.MODELS_FOLDER).is_withdrawn
    except manifest.ManifestError:
        return False


def overruled_setting() -> str:
    """Return why MODEL_VERSION has no effect; empty if it has, or is not set."""
    if settings.MODEL_VERSION is None or pinned() is not None:
        return ""
    return (
        f"MODEL_VERSION names {settings.MODEL_VERSION}, of which only the manifest is kept: "
        "it decides nothing."
    )


def overruled_choice() -> str:
    """Return why the version that a person chose does not serve; empty if it does."""
    active = model_selectors.active_model()
    if active is None or active.chosen_at is None or not is_withdrawn(active.name):
        return ""
    return (
        f"{active} was chosen to serve, but only its manifest is kept: "
        f"{manifest.DEFAULT_VERSION} serves in its place."
    )


def promote(version: ModelVersion, actor: User | None) -> ModelVersion:
    """Activate a version, from the next photo on; `actor` is None on the command line.

    Raises DetectorError where MODEL_VERSION is set, where its files are damaged, and where its
    accuracy on the fixed test set is unknown or lower by more than `PROMOTION_LARGEST_LOSS`.
    """
    return _choose(version, actor, "modelversion.promoted", _check_promotable(version))


def objection(version: ModelVersion) -> str:
    """Return why a version cannot be promoted now; empty where it can."""
    try:
        _check_promotable(version)
    except DetectorError as error:
        return error.message
    return ""


def roll_back(actor: User | None) -> ModelVersion:
    """Activate the version that was active before. Raises DetectorError."""
    _check_free()
    previous = model_selectors.previous_model()
    if previous is None:
        raise DetectorError("nothing_before", "No other version has served before.")
    _check_whole(previous)
    return _choose(previous, actor, "modelversion.rolled_back", None)


@transaction.atomic
def set_shadow(version: ModelVersion, in_shadow: bool, actor: User | None) -> None:
    """Begin or end scoring live photos with a version in the shadow. Raises DetectorError."""
    if in_shadow:
        _check_whole(version)
    others = ModelVersion.objects.exclude(status=ModelStatus.ACTIVE)
    if not others.filter(pk=version.pk).update(in_shadow=in_shadow):
        raise DetectorError("already_active", f"{version} serves already.")
    action = "modelversion.shadow_began" if in_shadow else "modelversion.shadow_ended"
    audit.record(actor, action, version)


@transaction.atomic
def _choose(
    version: ModelVersion, actor: User | None, action: str, change: float | None
) -> ModelVersion:
    _lock_all()
    before = model_selectors.active_model()
    _activate(version)
    if version.name != manifest.DEFAULT_VERSION:
        ModelVersion.objects.filter(pk=version.pk).update(chosen_at=clock.now())
    details = {"before": str(before or ""), "sha256": version.sha256, "change_of_accuracy": change}
    audit.record(actor, action, version, **details)
    version.refresh_from_db()
    return version


def _lock_all() -> None:
    """Lock all versions, so that concurrent choices take turns and leave exactly one active."""
    list(ModelVersion.objects.select_for_update().order_by("pk"))


def _let_go_of_withdrawn() -> None:
    """Choose no more, to serve or for the shadow, what only a manifest is left of."""
    chosen = Q(chosen_at__isnull=False) | Q(in_shadow=True)
    for version in ModelVersion.objects.filter(chosen):
        if not is_withdrawn(version.name):
            continue
        with transaction.atomic():
            still = ModelVersion.objects.filter(chosen, pk=version.pk)
            if still.update(chosen_at=None, in_shadow=False):
                audit.record(None, "modelversion.withdrawn", version, shadow=version.in_shadow)


def _activate(version: ModelVersion) -> None:
    """Make a version the active one, not marked as chosen by a person."""
    others = ModelVersion.objects.exclude(pk=version.pk)
    others.filter(status=ModelStatus.ACTIVE).update(status=ModelStatus.RETIRED, chosen_at=None)
    ModelVersion.objects.filter(pk=version.pk).update(
        status=ModelStatus.ACTIVE, activated_at=clock.now(), chosen_at=None, in_shadow=False
    )


def _check_promotable(version: ModelVersion) -> float | None:
    """Return the change of accuracy; None where no version is active. Raises DetectorError."""
    _check_free()
    _check_whole(version)
    active = model_selectors.active_model()
    if active == version:
        raise DetectorError("already_active", f"{version} serves already.")
    return None if active is None else _acceptable_change(version, active)


def _check_free() -> None:
    if pinned() is not None:
        raise DetectorError(
            "model_pinned",
            f"MODEL_VERSION={settings.MODEL_VERSION} in the environment decides which version "
            "serves. Remove it there first.",
        )


def _check_whole(version: ModelVersion) -> None:
    weights = _weights(version.name)
    if weights.sha256 != version.sha256:
        raise DetectorError(
            "model_unusable", f"The weights {version} on disk are not those of this version."
        )
    try:
        manifest.verify_files(weights)
    except manifest.ManifestError as error:
        raise DetectorError("model_unusable", str(error)) from error


def _acceptable_change(version: ModelVersion, active: ModelVersion) -> float:
    change = comparisons.change_of_accuracy(version, active)
    if change is None:
        raise DetectorError(
            "not_compared",
            f"{version} was not compared with {active} on the same test set; do that first: "
            f"python -m ml.training.compare {version} {active}.",
        )
    if change < -settings.PROMOTION_LARGEST_LOSS:
        raise DetectorError(
            "accuracy_falls",
            f"Accuracy on the test set would fall by {-change:.1%}; "
            f"at most {settings.PROMOTION_LARGEST_LOSS:.1%} is allowed.",
        )
    return change


def _weights(name: str) -> manifest.Manifest:
    try:
        return manifest.find(name, settings.MODELS_FOLDER)
    except manifest.ManifestError as error:
        raise DetectorError("model_unusable", str(error)) from error
