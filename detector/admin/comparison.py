"""The figures of two model versions side by side, for the page of the comparison."""

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
"""Number of shades of a cell."""
CLEAR: Final = 0.05
"""Significance level: below this p-value a difference is called clear."""


def sections(candidate: ModelVersion, baseline: ModelVersion) -> list[dict[str, Any]]:
    """Return the sets of faces on which both were evaluated, the most important first.

    Figures are in percent.
    """
    found = comparisons.sets(candidate, baseline)
    return [_section(name, found[name]) for name in TITLES if name in found]


def _section(name: str, results: dict[str, Any]) -> dict[str, Any]:
    after, before = results["candidate"], results["baseline"]
    mcnemar = results.get("mcnemar")
    return {
        "name": name,
        "title": TITLES[name],
        "note": NOTES[name],
        "n": results["n"],
        "figures": _figures(after, before),
        "change": _change(results),
        "mcnemar": mcnemar and {**mcnemar, "p": _p(mcnemar["p"])},
        "is_clear": bool(mcnemar and mcnemar["p"] < CLEAR),
        "classes": _classes(results),
        "matrices": [_matrix(side["confusion_matrix"]) for side in (before, after)],
    }


def _figures(after: dict[str, Any], before: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of the table of figures; the baseline comes first."""
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


def _change(results: dict[str, Any]) -> dict[str, Any]:
    ends = results.get("change_ci95")
    return {
        "change": _signed(results["change"]),
        "interval": " to ".join(_signed(end) for end in ends) if ends else None,
    }


def _classes(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the recall of each expression that has faces in the set."""
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
        if (row := _recall(results, emotion)) is not None
    ]


def _recall(results: dict[str, Any], emotion: str) -> dict[str, Any] | None:
    if "per_class" in results:
        found: dict[str, Any] | None = results["per_class"].get(emotion)
        return found
    after, before = (results[side]["per_class"][emotion] for side in ("candidate", "baseline"))
    return {
        "support": after["support"],
        "before": before["recall"],
        "after": after["recall"],
        "change": after["recall"] - before["recall"],
    }


def _kind(interval: list[float] | None) -> str:
    """Return "better" or "worse" if the interval excludes 0, else an empty text."""
    if interval is None or interval[0] <= 0 <= interval[1]:
        return ""
    return "better" if interval[0] > 0 else "worse"


def _matrix(counts: list[list[int]]) -> list[dict[str, Any]]:
    """Return a confusion matrix: rows are labels, columns predictions, shades shares of the row."""
    return [
        {
            "emotion": emotion,
            "cells": [
                {
                    "count": count,
                    "shade": round(SHADES * count / (sum(row) or 1)),
                    "is_right": predicted == emotion,
                }
                for predicted, count in zip(Emotion, row, strict=True)
            ],
        }
        for emotion, row in zip(Emotion, counts, strict=True)
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _signed(share: float) -> str:
    """Return a share in percent with a sign, but "0.0" without one."""
    text = f"{100 * share:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "\N{MINUS SIGN}")


def _interval(ends: list[float] | None) -> str | None:
    return " to ".join(_percent(end) for end in ends) if ends else None


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"
