"""The numbers of a live session: checks, labels with corrections, and totals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from detector.enums import Emotion
from detector.exceptions import DetectorError
from detector.models.live_session import LIVE_SECONDS

FACES: Final = 8
"""Faces of one session."""
CORRECTIONS: Final = 200
"""Corrections of one session."""
WHOLE: Final = 1000
"""What the probabilities of a row sum to, in thousandths."""
OFF: Final = len(Emotion)
"""By how much a sum may differ, since each is rounded."""
ROW: Final = len(Emotion) + 1
"""Values of a row: the probabilities, and whether the face was uncertain."""
EMOTIONS: Final = tuple(Emotion.values)
"""Django makes the list anew each time, and a session may have 28,800 rows."""


@dataclass(frozen=True)
class Second:
    """One second of one face; `face` counts from 1, `second` from 0."""

    face: int
    second: int
    probabilities: tuple[float, ...]
    emotion: str
    uncertain: bool
    corrected: str

    @property
    def shown(self) -> str:
        """The owner's correction, else what the network says."""
        return self.corrected or self.emotion

    @property
    def confidence(self) -> float:
        """The probability of `emotion`."""
        return max(self.probabilities)


@dataclass(frozen=True)
class Run:
    """Seconds of one face with the same expression, from `first` up to, not including, `until`."""

    first: int
    until: int
    emotion: str
    uncertain: bool
    is_corrected: bool


def check(faces: Any, seconds: int) -> list[dict[str, Any]]:
    """Return the faces of a new session. Raises DetectorError `invalid_series`."""
    if not 1 <= seconds <= LIVE_SECONDS:
        raise _invalid(f"A session has 1 to {LIVE_SECONDS:,} seconds.", max_seconds=LIVE_SECONDS)
    if not isinstance(faces, list) or not 1 <= len(faces) <= FACES:
        raise _invalid(f"A session has 1 to {FACES} faces.", max_faces=FACES)
    return [_checked_face(face, number, seconds) for number, face in enumerate(faces, 1)]


def check_corrections(corrections: Any, faces: Sequence[Any], seconds: int) -> list[dict[str, Any]]:
    """Return the corrections of a session. Raises DetectorError `invalid_correction`."""
    if not isinstance(corrections, list) or len(corrections) > CORRECTIONS:
        raise DetectorError(
            "invalid_correction",
            f"A session has at most {CORRECTIONS} corrections.",
            details={"max_corrections": CORRECTIONS},
        )
    for correction in corrections:
        if not _is_correction(correction, len(faces), seconds):
            raise DetectorError(
                "invalid_correction",
                "A correction names a face of the session, a span in it that ends after it "
                "begins, and one of the seven expressions.",
                details={"faces": len(faces), "seconds": seconds},
            )
    return corrections


def seconds_of(
    faces: Sequence[dict[str, Any]], corrections: Sequence[dict[str, Any]]
) -> Iterator[Second]:
    """Yield each second of each face that was seen, face by face."""
    for number, face in enumerate(faces, 1):
        own = [correction for correction in corrections if correction["face"] == number]
        for second, row in enumerate(face["rows"], face["first"]):
            if row is not None:
                yield _second(number, second, row, _correction_at(own, second))


def totals(
    faces: Sequence[dict[str, Any]], corrections: Sequence[dict[str, Any]]
) -> tuple[dict[str, int], int]:
    """Return the seconds of each emotion, and those that are uncertain and not corrected."""
    counts, uncertain = dict.fromkeys(EMOTIONS, 0), 0
    for second in seconds_of(faces, corrections):
        counts[second.shown] += 1
        uncertain += second.uncertain and not second.corrected
    return counts, uncertain


def runs(seconds: Sequence[Second]) -> list[Run]:
    """Return the runs of one face: neighbouring seconds with the same expression."""
    # Within a run, the number of the second less the place in the list stays the same.
    keyed = groupby(
        enumerate(seconds),
        lambda pair: (
            pair[1].second - pair[0], pair[1].shown, _is_open(pair[1]), bool(pair[1].corrected),
        ),
    )  # fmt: skip
    found = []
    for (_, emotion, uncertain, is_corrected), group in keyed:
        members = [second for _, second in group]
        found.append(
            Run(members[0].second, members[-1].second + 1, emotion, uncertain, is_corrected)
        )
    return found


def _is_open(second: Second) -> bool:
    return second.uncertain and not second.corrected


def _second(number: int, second: int, row: list[int], corrected: str) -> Second:
    values, uncertain = row[:-1], bool(row[-1])
    emotion = EMOTIONS[values.index(max(values))]
    shares = tuple(value / WHOLE for value in values)
    return Second(number, second, shares, emotion, uncertain, corrected)


def _correction_at(corrections: Sequence[dict[str, Any]], second: int) -> str:
    found = ""
    for correction in corrections:
        if correction["first"] <= second < correction["until"]:
            found = correction["emotion"]
    return found


def _checked_face(face: Any, number: int, seconds: int) -> dict[str, Any]:
    if not isinstance(face, dict) or set(face) != {"first", "rows"}:
        raise _invalid("A face has `first` and `rows`.", face=number)
    first, rows = face["first"], face["rows"]
    if not _is_number(first, seconds - 1) or not isinstance(rows, list):
        raise _invalid("A face begins in a second of the session, and has rows.", face=number)
    if not 1 <= len(rows) <= seconds - first:
        raise _invalid("A face has a row for each of its seconds, and no more.", face=number)
    if rows[0] is None or rows[-1] is None:
        raise _invalid("The first and the last row of a face are not null.", face=number)
    for second, row in enumerate(rows, first):
        if row is not None and not _is_row(row):
            raise _invalid(
                f"A row has {len(Emotion)} probabilities in thousandths, which sum to {WHOLE}, "
                "then 1 or 0 for uncertain.",
                face=number,
                second=second,
            )
    return face


def _is_row(row: Any) -> bool:
    return (
        isinstance(row, list)
        and len(row) == ROW
        and all(_is_number(value, WHOLE) for value in row)
        and row[-1] <= 1
        and abs(sum(row[:-1]) - WHOLE) <= OFF
    )


def _is_correction(correction: Any, faces: int, seconds: int) -> bool:
    return (
        isinstance(correction, dict)
        and set(correction) == {"face", "first", "until", "emotion"}
        and _is_number(correction["face"], faces)
        and correction["face"] >= 1
        and _is_number(correction["until"], seconds)
        and _is_number(correction["first"], correction["until"] - 1)
        and correction["emotion"] in EMOTIONS
    )


def _is_number(value: Any, most: int) -> bool:
    return type(value) is int and 0 <= value <= most


def _invalid(message: str, **details: int) -> DetectorError:
    return DetectorError("invalid_series", message, details=details)
