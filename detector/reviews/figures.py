"""Statistics of reviewers and of the model, from verdicts on faces of consenting owners."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter
from statistics import median
from typing import Final
from uuid import UUID

from django.db.models import Count

from detector.common.kappa import Estimate, cohen_kappa, fleiss_kappa, share
from detector.enums import CaseStatus, Emotion, ReviewKind, Verdict
from detector.models import Review
from detector.reviews import queue as review_queue

LATEST: Final = 20_000
"""Maximum number of verdicts evaluated: more slow the page down and add no precision."""

Given = tuple[UUID | None, str]


@dataclass(frozen=True)
class ReviewerFigures:
    """The work of one reviewer: number of reviews, median seconds, agreement with others."""

    name: str
    reviews: int
    seconds: float | None
    kappa: Estimate | None


@dataclass(frozen=True)
class Agreement:
    """Agreement among reviewers: overall, of each one, and of each pair.

    Only the first two verdicts on a face count. A third is requested only where these differ, so
    including it would bias the agreement downwards.
    """

    reviews: int
    doubles: int
    same: Estimate | None
    cohen: Estimate | None
    fleiss: Estimate | None
    seconds: float | None
    reviewers: list[ReviewerFigures]
    pairs: list[tuple[str, str, Estimate]]


@dataclass(frozen=True)
class Precision:
    """Precision of the model for one emotion, judged by reviewers."""

    emotion: Emotion
    estimate: Estimate | None


@dataclass(frozen=True)
class ModelFigures:
    """Settled verdicts against the model, as `confusion[verdict][emotion of the model]`.

    `accuracy` and `precision` exclude faces with the verdict `cannot_tell`.
    """

    settled: int
    accuracy: Estimate | None
    precision: list[Precision]
    confusion: dict[Verdict, dict[Emotion, int]]


def agreement() -> Agreement:
    """Return the agreement over the `LATEST` verdicts of reviewers."""
    rows = list(
        Review.objects.filter(
            kind=ReviewKind.REVIEWER, face__review_case__in=review_queue.counted_cases()
        )
        .order_by("-id")
        .values_list(
            "face", "reviewer", "reviewer__username", "verdict", "seconds", "created_at", "id"
        )[:LATEST]
    )
    # By the database's clock, as cases are settled: ids come from the clocks of hosts.
    rows.sort(key=itemgetter(-2, -1))
    names: dict[UUID | None, str] = {row[1]: row[2] or "Former reviewers" for row in rows}
    faces: dict[int, list[Given]] = defaultdict(list)
    times: dict[UUID | None, list[float]] = defaultdict(list)
    counts: Counter[UUID | None] = Counter()
    for face, reviewer, _, verdict, seconds, *_ in rows:
        faces[face].append((reviewer, verdict))
        counts[reviewer] += 1
        if seconds is not None:
            times[reviewer].append(seconds)
    doubles = [(given[0], given[1]) for given in faces.values() if len(given) > 1]
    verdicts = [(one[1], other[1]) for one, other in doubles]
    return Agreement(
        reviews=len(rows),
        doubles=len(doubles),
        same=share(sum(one == other for one, other in verdicts), len(verdicts)),
        cohen=cohen_kappa(verdicts),
        fleiss=fleiss_kappa(verdicts),
        seconds=_median(seconds for found in times.values() for seconds in found),
        reviewers=[
            ReviewerFigures(
                names[person], count, _median(times[person]), _against_others(person, doubles)
            )
            for person, count in counts.most_common()
        ],
        pairs=_pairs(doubles, names),
    )


def of_model(model_id: UUID | None = None) -> ModelFigures:
    """Compare settled verdicts with one model, or with whichever model analysed the face."""
    settled = review_queue.counted_cases().filter(status=CaseStatus.SETTLED)
    if model_id:
        settled = settled.filter(face__analysis__model_version=model_id)
    confusion = {verdict: dict.fromkeys(Emotion, 0) for verdict in Verdict}
    rows = settled.order_by().values_list("final_verdict", "face__emotion")
    for verdict, emotion, count in rows.annotate(n=Count("pk")):
        confusion[Verdict(verdict)][Emotion(emotion)] = count
    told = {v: row for v, row in confusion.items() if v != Verdict.CANNOT_TELL}
    right = {emotion: confusion[Verdict(emotion)][emotion] for emotion in Emotion}
    named = {emotion: sum(row[emotion] for row in told.values()) for emotion in Emotion}
    return ModelFigures(
        settled=sum(sum(row.values()) for row in confusion.values()),
        accuracy=share(sum(right.values()), sum(named.values())),
        precision=[Precision(e, share(right[e], named[e])) for e in Emotion],
        confusion=confusion,
    )


def _against_others(person: UUID | None, doubles: list[tuple[Given, Given]]) -> Estimate | None:
    """Return the kappa of a reviewer against all others on the same faces."""
    mine = [
        (one[1], other[1]) if one[0] == person else (other[1], one[1])
        for one, other in doubles
        if person in (one[0], other[0])
    ]
    return cohen_kappa(mine)


def _pairs(
    doubles: list[tuple[Given, Given]], names: dict[UUID | None, str]
) -> list[tuple[str, str, Estimate]]:
    found: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for one, other in doubles:
        # By names alone: verdicts in order would make two people of one name disagree by less.
        both = (names[one[0]], one[1]), (names[other[0]], other[1])
        left, right = sorted(both, key=itemgetter(0))
        found[left[0], right[0]].append((left[1], right[1]))
    kappas = [(*people, cohen_kappa(pairs)) for people, pairs in sorted(found.items())]
    return [(one, other, kappa) for one, other, kappa in kappas if kappa]


def _median(seconds: Iterable[float]) -> float | None:
    values = list(seconds)
    return median(values) if values else None
