"""Two versions beside each other, as the page of the comparison shows them."""

from typing import Any, Final

from detector.enums import Emotion
from detector.models import ModelVersion
from detector.registry import comparisons

TITLES: Final = {
    "test": "Fixed test set",
    "reviewed": "Reviewed hold-out",
    "original": "Fixed test set, original labels",
}
NOTES: Final = {
    "test": "Faces that no version learned from, judged by the taggers’ majority: what users see.",
    "reviewed": "Faces that reviewers named, of people whose photos the candidate never saw.",
    "original": "The same faces by FER2013’s labels, for comparison with published figures.",
}
SHADES: Final = 10
"""Steps of the colour of a cell."""
CLEAR: Final = 0.05
"""Of p: below, a difference would hardly be chance."""


def sections(candidate: ModelVersion, baseline: ModelVersion) -> list[dict[str, Any]]:
    """Each set of faces that both were judged on, the most important first; in percent."""
    found = comparisons.sets(candidate, baseline)
    return [_section(name, found[name]) for name in TITLES if name in found]


def _section(name: str, said: dict[str, Any]) -> dict[str, Any]:
    after, before = said["candidate"], said["baseline"]
    mcnemar = said.get("mcnemar")
    return {
        "name": name,
        "title": TITLES[name],
        "note": NOTES[name],
        "n": said["n"],
        "figures": _figures(after, before),
        "change": _change(said),
        "mcnemar": mcnemar and {**mcnemar, "p": _p(mcnemar["p"])},
        "is_clear": bool(mcnemar and mcnemar["p"] < CLEAR),
        "classes": _classes(said),
        "matrices": [_matrix(side["confusion_matrix"]) for side in (before, after)],
    }


def _figures(after: dict[str, Any], before: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of the table of figures; the baseline stands first."""
    rows = [("Accuracy", "accuracy"), ("Macro-F1", "macro_f1"), ("Calibration error (ECE)", "ece")]
    return [
        {
            "name": title,
            "sides": [
                {"value": _percent(side[key]), "interval": _interval(side.get(f"{key}_ci95"))}
                for side in (before, after)
            ],
            "change": _signed(after[key] - before[key]),
        }
        for title, key in rows
    ]


def _change(said: dict[str, Any]) -> dict[str, Any]:
    ends = said.get("change_ci95")
    return {
        "change": _signed(said["change"]),
        "interval": " to ".join(_signed(end) for end in ends) if ends else None,
    }


def _classes(said: dict[str, Any]) -> list[dict[str, Any]]:
    """Recall of each expression; those without a face in the set are left out."""
    return [
        {
            "emotion": emotion,
            "support": row["support"],
            "before": _percent(row["before"]),
            "after": _percent(row["after"]),
            **_change(row),
            "kind": _kind(row.get("change_ci95")),
        }
        for emotion in Emotion
        if (row := _recall(said, emotion)) is not None
    ]


def _recall(said: dict[str, Any], emotion: str) -> dict[str, Any] | None:
    if "per_class" in said:
        found: dict[str, Any] | None = said["per_class"].get(emotion)
        return found
    after, before = (said[side]["per_class"][emotion] for side in ("candidate", "baseline"))
    return {
        "support": after["support"],
        "before": before["recall"],
        "after": after["recall"],
        "change": after["recall"] - before["recall"],
    }


def _kind(interval: list[float] | None) -> str:
    """Whether a change is clearly one, and of which kind."""
    if interval is None or interval[0] <= 0 <= interval[1]:
        return ""
    return "better" if interval[0] > 0 else "worse"


def _matrix(counts: list[list[int]]) -> list[dict[str, Any]]:
    """Rows are what the faces are, columns what the version says; shades go by share of the row."""
    return [
        {
            "emotion": emotion,
            "cells": [
                {
                    "count": count,
                    "shade": round(SHADES * count / (sum(row) or 1)),
                    "is_right": said == emotion,
                }
                for said, count in zip(Emotion, row, strict=True)
            ],
        }
        for emotion, row in zip(Emotion, counts, strict=True)
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _signed(share: float) -> str:
    """In percent, with a sign but for nothing."""
    text = f"{100 * share:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "\N{MINUS SIGN}")


def _interval(ends: list[float] | None) -> str | None:
    return " to ".join(_percent(end) for end in ends) if ends else None


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"
