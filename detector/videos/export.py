"""Exports of one video: CSV per frame or per second, JSON, and labels as WebVTT or SRT."""

import csv
import io
import json
from collections.abc import Callable, Iterable
from typing import Any, Final

from django.http import HttpResponse

from detector.models import Video
from detector.videos import summaries, timeline
from detector.videos.observations import EMOTIONS
from detector.videos.summaries import label_of, seconds_of
from detector.videos.timeline import Lane

BOX: Final = ("x", "y", "width", "height")
COLUMNS: Final = (
    "time", "track", *BOX, "score", *EMOTIONS, "label", "confidence", "uncertain", "corrected",
)  # fmt: skip
"""Columns per frame. `time` in seconds, the box in pixels of the sampled frame."""
SECOND_COLUMNS: Final = (
    "second", "track", "frames", *EMOTIONS, "label", "confidence", "uncertain", "corrected",
)  # fmt: skip
"""Columns per second: means of the frames in which the face was seen."""


def csv_of_frames(video: Video) -> str:
    """Return a CSV with one row for each face of each analysed frame, by time and track."""
    rows: list[tuple[Any, ...]] = [
        (
            face.time, lane.track.index, face.x, face.y, face.width, face.height, face.score,
            *face.probabilities, label.emotion,
            face.probabilities[EMOTIONS.index(label.emotion)],
            int(label.uncertain), int(label.corrected),
        )
        for lane in timeline.lanes_of(video)
        for face in lane.found
        for label in [label_of(face, lane.corrections)]
    ]  # fmt: skip
    rows.sort(key=lambda row: row[:2])
    return _csv(COLUMNS, rows)


def csv_of_seconds(video: Video) -> str:
    """Return a CSV with one row for each second of each track."""
    rows: list[tuple[Any, ...]] = [
        (
            second.start, lane.track.index, second.frames,
            *(round(p, 6) for p in second.probabilities), second.label.emotion,
            round(second.confidence, 6), int(second.label.uncertain), int(second.label.corrected),
        )
        for lane in timeline.lanes_of(video)
        for second in seconds_of(lane.found, lane.corrections)
    ]  # fmt: skip
    rows.sort(key=lambda row: row[:2])
    return _csv(SECOND_COLUMNS, rows)


def as_json(video: Video) -> str:
    """Return the timeline as JSON."""
    return json.dumps(timeline.as_dict(video))


def as_vtt(video: Video) -> str:
    """Return the labels as WebVTT (W3C), one cue for each band of each track."""
    cues = [f"{_clock(start)} --> {_clock(end)}\n{text}\n" for start, end, text in _cues(video)]
    return "\n".join(["WEBVTT\n", *cues])


def as_srt(video: Video) -> str:
    """Return the labels as SubRip."""
    cues = [
        f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{text}\n"
        for number, (start, end, text) in enumerate(_cues(video), 1)
    ]
    return "\n".join(cues)


EXPORTS: Final[dict[str, tuple[str, Callable[[Video], str]]]] = {
    "csv": ("text/csv", csv_of_frames),
    "seconds": ("text/csv", csv_of_seconds),
    "json": ("application/json", as_json),
    "vtt": ("text/vtt", as_vtt),
    "srt": ("application/x-subrip", as_srt),
}
"""Formats: the media type, and what makes the text."""
SUFFIXES: Final = {"seconds": "seconds.csv"}


def as_response(video: Video, kind: str) -> HttpResponse:
    """Return an export of a finished video as a file to save; `kind` is one of `EXPORTS`."""
    content_type, make = EXPORTS[kind]
    name = f"emotionsite-{video.pk}.{SUFFIXES.get(kind, kind)}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(make(video), content_type=f"{content_type}; charset=utf-8", headers=headers)


def _cues(video: Video) -> list[tuple[float, float, str]]:
    lanes = timeline.lanes_of(video)
    cues = [cue for lane in lanes for cue in _cues_of(lane, video, len(lanes) > 1)]
    return sorted(cues)


def _cues_of(lane: Lane, video: Video, several: bool) -> Iterable[tuple[float, float, str]]:
    summary = summaries.summarise(lane.found, video.rate, lane.track.end, lane.corrections)
    for band in summary["bands"]:
        text = f"{band['emotion']}{' (uncertain)' if band['uncertain'] else ''}"
        who = f"Person {lane.track.index + 1}: " if several else ""
        yield band["start"], min(band["end"], max(video.duration, band["start"] + 0.1)), who + text


def _clock(seconds: float, point: str = ".") -> str:
    milliseconds = round(1000 * seconds)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def _csv(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([columns, *rows])
    return buffer.getvalue()
