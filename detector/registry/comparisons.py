"""Compare the accuracy of two model versions, from files that training wrote."""

import json
from typing import Any

from django.conf import settings

from detector.models import ModelVersion
from ml import manifest


def report(candidate: ModelVersion, baseline: ModelVersion) -> dict[str, Any] | None:
    """Return the paired comparison of `ml.training.compare`; None where there is none."""
    path = manifest.comparison_path(settings.MODELS_FOLDER, candidate.sha256, baseline.sha256)
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        hashes = (found["candidate"]["sha256"], found["baseline"]["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if hashes == (candidate.sha256, baseline.sha256) else None


def sets(candidate: ModelVersion, baseline: ModelVersion) -> dict[str, dict[str, Any]]:
    """Return figures of both versions by set of faces: "test", and others where compared.

    They come from the report of `ml.training.compare`. Without one they come from the manifests,
    if both name the same test data; then there is no confidence interval of the change and no
    McNemar test. Empty where the two cannot be compared.
    """
    paired = report(candidate, baseline)
    if paired is not None:
        return dict(paired["sets"])
    change = change_of_accuracy(candidate, baseline)
    if change is None:
        return {}
    after, before = (
        version.manifest["metrics"]["test"]["consensus"] for version in (candidate, baseline)
    )
    return {"test": {"n": after.get("n"), "candidate": after, "baseline": before, "change": change}}


def change_of_accuracy(candidate: ModelVersion, baseline: ModelVersion) -> float | None:
    """Return the change of accuracy on the fixed test set; None where it is unknown.

    It comes from the paired comparison, else from the manifests, if both name the same test data.
    """
    paired = report(candidate, baseline)
    if paired is not None:
        return float(paired["sets"]["test"]["change"])
    try:
        if candidate.manifest["data"]["sha256"] != baseline.manifest["data"]["sha256"]:
            return None
        after, before = (
            float(version.manifest["metrics"]["test"]["consensus"]["accuracy"])
            for version in (candidate, baseline)
        )
    except (KeyError, TypeError):
        return None
    return after - before
