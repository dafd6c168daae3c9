"""Export all data of a user as CSV, JSON or ZIP, in pieces, with constant memory."""

import codecs
import csv
import io
import itertools
import json
import zipfile
from collections.abc import Generator, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.utils import timezone

from detector.accounts import (
    export_account,
    export_files,
    export_readme,
    export_rows,
    export_videos,
)
from detector.accounts.export_rows import Entry
from detector.common.calendar import utc_text
from detector.common.spreadsheet_text import escape_formulas
from detector.enums import Emotion
from detector.live import exports as live_exports
from detector.live import selectors as live_selectors
from detector.models import Face, Photo, User
from detector.photos import selectors as photo_selectors
from ml.capture_time import capture_time_segment

ROWS_A_PIECE = 200
JPEG_START = b"\xff\xd8"

PHOTO_COLUMNS = {
    "analysis": "Id of the analysis.",
    "photo": "Id of the photo; its picture in the ZIP is images/<photo>.jpg.",
    "filename": "As you called the file.",
    "sha256": "Of the file as you uploaded it.",
    "source": "How it came: web, api, camera, video or archive.",
    "uploaded_at": "When it came, ISO 8601 in UTC.",
    "captured_at": "When it was taken, where the file said so.",
    "status": "queued, running, done or failed.",
    "error": "Code of the error of a failed analysis.",
    "model": "The network that answered.",
    "note": "What you wrote.",
    "tags": "Your tags, separated by semicolons.",
    "felt_emotion": "What you said to have felt.",
}
FACE_COLUMNS = {
    "index": "Number of the face from 0; this and what follows is empty where none was found.",
    "x": "Left edge of its box, in pixels of the upright image.",
    "y": "Upper edge of its box.",
    "width": "Width of its box.",
    "height": "Height of its box.",
    "detection_score": "How sure the detector was, 0 to 1.",
    "emotion": "The expression with the highest probability.",
    "confidence": "Its calibrated probability, 0 to 1.",
    "uncertain": "Whether the network does not stand by it.",
    "reviewed_emotion": "What you, else reviewers, say: an emotion, not_a_face or cannot_tell.",
    **{
        field: f"Calibrated probability of {emotion.value}."
        for emotion, field in Face.PROBABILITY_FIELDS.items()
    },
}
COLUMNS = {**PHOTO_COLUMNS, **FACE_COLUMNS}
"""Name and meaning of each column; columns of a face are named like its fields."""


def csv_pieces(owner: User, *, bom: bool = False) -> Generator[bytes, None, None]:
    """Yield a CSV with one row for each face, and one row for a photo without faces.

    With `bom` it begins with a byte order mark, by which spreadsheets recognise UTF-8.
    """
    yield (codecs.BOM_UTF8 if bom else b"") + _csv_text([list(COLUMNS)])
    rows: list[list[Any]] = []
    for entry in export_rows.entries(owner, tuple(FACE_COLUMNS)):
        rows += _csv_rows(entry)
        if len(rows) >= ROWS_A_PIECE:
            yield _csv_text(rows)
            rows = []
    if rows:
        yield _csv_text(rows)


def json_pieces(owner: User, *, bom: bool = False) -> Generator[bytes, None, None]:
    """Yield one JSON object.

    It has all `analyses`, the `account`, `live_sessions`, unfinished `video_uploads`, and `videos`
    with their timelines. JSON has no byte order mark (RFC 8259, 8.1).
    """
    yield from _analyses_pieces(owner)
    yield b', "account": '
    yield from export_account.pieces(owner)
    yield b', "live_sessions": '
    yield from _live_pieces(owner)
    yield b', "video_uploads": ' + json.dumps(export_videos.unfinished(owner)).encode()
    yield b', "videos": ['
    for number, text in enumerate(export_videos.texts(owner)):
        yield f"{',' if number else ''}\n{text}".encode()
    yield b"\n]}\n"


def _live_pieces(owner: User) -> Iterator[bytes]:
    """Yield a JSON list of the live sessions, the oldest first."""
    separator = "[\n"
    for session in live_selectors.sessions_of(owner).order_by("id").iterator(chunk_size=1):
        yield (separator + json.dumps(live_exports.plain(session))).encode()
        separator = ",\n"
    yield b"[]" if separator.startswith("[") else b"\n]"


def _analyses_pieces(owner: User) -> Iterator[bytes]:
    """Yield a JSON object with all `analyses`, without the brace that ends it."""
    head = json.dumps({"exported_at": _moment(timezone.now())})
    yield head.removesuffix("}").encode() + b', "analyses": ['
    separator, texts = "\n", []
    for entry in export_rows.entries(owner, (*FACE_COLUMNS, "landmarks", "quality")):
        texts.append(separator + json.dumps(_plain(entry)))
        separator = ",\n"
        if len(texts) >= ROWS_A_PIECE:
            yield "".join(texts).encode()
            texts.clear()
    yield ("".join(texts) + "\n]").encode()


def zip_pieces(owner: User, *, bom: bool = False) -> Generator[bytes, None, None]:
    """Yield a ZIP of README, CSV and JSON files, upright pictures and videos.

    Uploading it restores photos with notes, tags, felt emotions, names and capture times.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        yield from _member(archive, sink, "README.txt", [export_readme.text(COLUMNS).encode()])
        yield from _member(archive, sink, "faces.csv", csv_pieces(owner, bom=bom))
        analyses = itertools.chain(_analyses_pieces(owner), [b"}\n"])
        yield from _member(archive, sink, "analyses.json", analyses)
        yield from _member(archive, sink, "account.json", export_account.pieces(owner))
        if live_selectors.sessions_of(owner).exists():
            yield from _member(archive, sink, "live_sessions.json", _live_pieces(owner))
            yield from _member(archive, sink, "live_sessions.csv", _live_csv_pieces(owner, bom=bom))
        damaged = export_files.Damaged()
        for photo in photo_selectors.photos_of(owner).exclude(image="").iterator(chunk_size=500):
            photo.owner = owner
            file = f"images/{photo.pk}.jpg"
            yield from _member(archive, sink, file, _read(_picture(photo), file, damaged))
        for video in export_videos.videos(owner):
            name = f"videos/{video.pk}"
            text = json.dumps(export_videos.plain(video)).encode()
            yield from _member(archive, sink, f"{name}.json", [text])
            if video.file:
                file = f"{name}.{video.format.lower()}"
                content = export_videos.content(video)
                yield from _member(archive, sink, file, _read(content, file, damaged))
        if unfinished := export_videos.unfinished(owner):
            pieces = [json.dumps(unfinished).encode()]
            yield from _member(archive, sink, "video_uploads.json", pieces)
        if damaged:
            yield from _member(archive, sink, "damaged_files.json", [json.dumps(damaged).encode()])
    yield sink.drained()


def _live_csv_pieces(owner: User, *, bom: bool) -> Iterator[bytes]:
    """Yield a CSV of the live sessions, with a row for each second of each face."""
    yield (codecs.BOM_UTF8 if bom else b"") + live_exports.csv_text([]).encode()
    for session in live_selectors.sessions_of(owner).order_by("id").iterator(chunk_size=1):
        yield live_exports.csv_text([session], head=False).encode()


class _Sink(io.RawIOBase):
    """A buffer that a ZIP is written to and that is emptied after each piece."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.pieces.append(bytes(data))
        return len(data)

    def drained(self) -> bytes:
        content = b"".join(self.pieces)
        self.pieces.clear()
        return content


def _member(
    archive: zipfile.ZipFile, sink: _Sink, name: str, pieces: Iterable[bytes]
) -> Iterator[bytes]:
    info = zipfile.ZipInfo(name, timezone.now().timetuple()[:6])
    is_text = name.endswith((".txt", ".csv", ".json"))
    info.compress_type = zipfile.ZIP_DEFLATED if is_text else zipfile.ZIP_STORED
    with archive.open(info, "w", force_zip64=True) as member:
        for piece in pieces:
            member.write(piece)
            yield sink.drained()
    yield sink.drained()


def _read(
    pieces: Iterator[bytes], name: str, damaged: export_files.Damaged
) -> Generator[bytes, None, None]:
    """Yield the pieces of a stored file, up to where it is damaged; nothing where it is gone."""
    with damaged.as_far_as_readable(name):
        yield from pieces


def _picture(photo: Photo) -> Iterator[bytes]:
    """Yield the upright copy with the capture time as its only metadata. Raises OSError."""
    with photo.image.open("rb") as file:
        start = file.read(2)
        yield start
        if start == JPEG_START:
            yield capture_time_segment(photo.captured_at, photo.owner.zone)
        while piece := file.read(export_files.PIECE):
            yield piece


def _csv_rows(entry: Entry) -> list[list[Any]]:
    photo = entry.photo
    values = [
        photo.analysis_id,
        photo.photo_id,
        photo.filename,
        photo.sha256,
        photo.source,
        _moment(photo.uploaded_at),
        _moment(photo.captured_at),
        photo.status,
        photo.error_code,
        photo.model or "",
        photo.note,
        ";".join(entry.tags),
        photo.felt_emotion,
    ]
    # Of a face, nothing is text that people wrote.
    safe = [escape_formulas(value) for value in values]
    if not entry.faces:
        return [[*safe, *[""] * len(FACE_COLUMNS)]]
    return [[*safe, *face] for face in entry.faces]


def _csv_text(rows: Iterable[Iterable[Any]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()


def _plain(entry: Entry) -> dict[str, Any]:
    photo = entry.photo
    return {
        "id": str(photo.analysis_id),
        "photo": str(photo.photo_id),
        "filename": photo.filename,
        "sha256": photo.sha256,
        "width": photo.width,
        "height": photo.height,
        "source": photo.source,
        "created_at": _moment(photo.queued_at),
        "captured_at": _moment(photo.captured_at) or None,
        "status": photo.status,
        "error": photo.error_code or None,
        "model": photo.model,
        "note": photo.note,
        "tags": entry.tags,
        "felt_emotion": photo.felt_emotion or None,
        "faces": [_plain_face(face) for face in entry.faces],
    }


def _plain_face(face: tuple[Any, ...]) -> dict[str, Any]:
    """Return a face whose values are those of `FACE_COLUMNS`, landmarks and quality."""
    index, x, y, width, height, score, emotion, confidence, uncertain, reviewed, *rest = face
    *probabilities, landmarks, quality = rest
    return {
        "index": index,
        "box": {"x": x, "y": y, "width": width, "height": height},
        "landmarks": landmarks,
        "detection_score": score,
        "quality": quality,
        "emotion": emotion,
        "confidence": confidence,
        "uncertain": uncertain,
        "reviewed_emotion": reviewed or None,
        "probabilities": dict(zip(Emotion.values, probabilities, strict=True)),
    }


def _moment(moment: datetime | None) -> str:
    return utc_text(moment) if moment else ""
