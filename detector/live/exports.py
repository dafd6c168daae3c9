"""Live sessions as CSV and as plain values for JSON."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, Final

from detector.common.calendar import utc_text
from detector.common.spreadsheet_text import escape_formulas
from detector.enums import Emotion
from detector.live import series
from detector.models import LiveSession

COLUMNS: Final = {
    "session": "Id of the session.",
    "name": "As you called it.",
    "started_at": "When it started, ISO 8601 in UTC.",
    "second": "Of the session, from 0, without pauses.",
    "face": "Number of the face from 1.",
    "emotion": "The expression with the highest probability.",
    "confidence": "Its calibrated probability, 0 to 1.",
    "uncertain": "Whether the network does not stand by it.",
    "corrected_emotion": "What you say it was; empty where you did not.",
    **{f"p_{emotion.value}": f"Calibrated probability of {emotion.value}." for emotion in Emotion},
}
"""Name and meaning of each column; there is a row for each second of each face."""


def csv_text(sessions: Iterable[LiveSession], *, head: bool = True) -> str:
    """Return a CSV with a row for each second of each face."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    if head:
        writer.writerow(COLUMNS)
    for session in sessions:
        writer.writerows(_rows(session))
    return buffer.getvalue()


def plain(session: LiveSession) -> dict[str, Any]:
    """Return a session as plain values."""
    return {
        "id": str(session.pk),
        "name": session.name,
        "note": session.note,
        "felt_emotion": session.felt_emotion or None,
        "started_at": utc_text(session.started_at),
        "seconds": session.seconds,
        "model": session.model,
        "emotions": Emotion.values,
        "faces": session.faces,
        "corrections": session.corrections,
        "totals": session.totals,
        "uncertain_seconds": session.uncertain_seconds,
    }


def _rows(session: LiveSession) -> Iterator[list[Any]]:
    common = [session.pk, escape_formulas(session.name), utc_text(session.started_at)]
    for second in series.seconds_of(session.faces, session.corrections):
        yield [
            *common, second.second, second.face, second.emotion, second.confidence,
            second.uncertain, second.corrected, *second.probabilities,
        ]  # fmt: skip
