"""Summarise a track: bands of expressions, share of time, changes, peaks and gaps."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from typing import Any, Final, NamedTuple

import numpy as np

from detector.models import VideoCorrection
from detector.videos.observations import EMOTIONS, Observation

MIN_PEAK: Final = 0.5
"""Least probability of a peak that is worth a picture."""
GAP_SLOTS: Final = 1.5
"""Slots without a sighting from which the face counts as away."""


class Label(NamedTuple):
    """Holds what is shown of a moment: an expression, whether it is uncertain, and who said it."""

    emotion: str
    uncertain: bool
    corrected: bool = False


class Second(NamedTuple):
    """The mean of the sightings of one second; `start` is a whole number."""

    start: int
    probabilities: tuple[float, ...]
    label: Label
    frames: int

    @property
    def confidence(self) -> float:
        """The mean probability of the expression."""
        return self.probabilities[EMOTIONS.index(self.label.emotion)]


def label_of(each: Observation, corrections: Iterable[VideoCorrection] = ()) -> Label:
    """Return the label of a sighting: the owner's last word, else the model's."""
    said = ""
    for correction in corrections:
        if correction.start <= each.time < correction.end:
            said = correction.emotion
    if said:
        return Label(said, uncertain=False, corrected=True)
    return Label(each.emotion, each.uncertain)


def seconds_of(
    found: Sequence[Observation], corrections: Sequence[VideoCorrection] = ()
) -> list[Second]:
    """Return the means of each second in which the face was seen.

    The label is that of the mean, uncertain unless half of the sightings show it for certain: a
    face may change within a second, and show three expressions. Where the owner corrected most of
    a second, the label is the owner's.
    """
    seconds = []
    for start, group in groupby(found, key=lambda each: int(each.time)):
        rows = list(group)
        labels = [label_of(row, corrections) for row in rows]
        mean = np.mean([row.probabilities for row in rows], axis=0)
        said = Counter(label.emotion for label in labels if label.corrected).most_common(1)
        if said and 2 * said[0][1] >= len(rows):
            label = Label(said[0][0], uncertain=False, corrected=True)
        else:
            emotion = EMOTIONS[int(mean.argmax())]
            sure = sum(label.emotion == emotion and not label.uncertain for label in labels)
            label = Label(emotion, 2 * sure < len(rows))
        seconds.append(Second(start, tuple(float(p) for p in mean), label, len(rows)))
    return seconds


def summarise(
    found: Sequence[Observation],
    rate: float,
    end: float,
    corrections: Sequence[VideoCorrection] = (),
) -> dict[str, Any]:
    """Return the summary of a track that ends at `end`, plain values for JSON, times in seconds.

    seconds: how long the face was seen. shares: of that time, by expression, where it is certain;
    `uncertain` is the rest. bands: spans of whole seconds with one label. changes: how often one
    certain expression followed another. peaks: the highest probability of each expression.
    gaps: spans without the face.
    """
    labels = [label_of(each, corrections) for each in found]
    certain = Counter(label.emotion for label in labels if not label.uncertain)
    shares = {emotion: round(certain[emotion] / len(found), 4) for emotion in EMOTIONS}
    bands = _bands(seconds_of(found, corrections))
    sure = [band["emotion"] for band in bands if not band["uncertain"]]
    return {
        "seconds": round((len(found) - 1) / rate + min(1 / rate, end - found[-1].time), 3),
        "shares": shares,
        "uncertain": round(sum(label.uncertain for label in labels) / len(found), 4),
        "changes": sum(one != other for one, other in pairwise(sure)),
        "bands": bands,
        "peaks": [
            {"time": each.time, "emotion": each.emotion, "confidence": each.confidence}
            for each in peaks_of(
                [each for each, label in zip(found, labels, strict=True) if not label.corrected]
            )
        ],
        "gaps": [
            [one.time, other.time]
            for one, other in pairwise(found)
            if other.time - one.time > GAP_SLOTS / rate
        ],
    }


def dominant(summary: dict[str, Any], found: Sequence[Observation]) -> str:
    """Return the expression that lasts the longest; of a track that is uncertain, the likeliest."""
    shares: dict[str, float] = summary["shares"]
    if any(shares.values()):
        return max(EMOTIONS, key=lambda emotion: shares[emotion])
    mean = np.mean([each.probabilities for each in found], axis=0)
    return EMOTIONS[int(mean.argmax())]


def _bands(seconds: Sequence[Second]) -> list[dict[str, Any]]:
    bands: list[dict[str, Any]] = []
    for second in seconds:
        last = bands[-1] if bands else None
        said = {**second.label._asdict()}
        if last and last["end"] == second.start and all(last[key] == said[key] for key in said):
            last["end"] = second.start + 1
        else:
            bands.append({"start": second.start, "end": second.start + 1, **said})
    return bands


def peaks_of(found: Sequence[Observation]) -> list[Observation]:
    """Return the surest sighting of each expression, where it is certain, by time."""
    best: dict[str, Observation] = {}
    for each in found:
        if each.uncertain or each.confidence < MIN_PEAK:
            continue
        if each.emotion not in best or each.confidence > best[each.emotion].confidence:
            best[each.emotion] = each
    return sorted(best.values(), key=lambda each: each.time)
