"""Read metadata of photos from other files of an archive: of our export or of a photo service.

The files are untrusted. Invalid values are ignored without an error, and ids are never looked up.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from detector.enums import Emotion
from detector.photos import annotations

MAX_EXPORT_BYTES: Final = 8 * 2**20
"""Maximum size of our export's JSON, which takes 1 to 3 KB for each photo."""
MAX_SERVICE_BYTES: Final = 64 * 2**10
"""Maximum size of a photo service's JSON for one photo, which takes 1 or 2 KB."""

OWN_EXPORT: Final = "analyses.json"
OWN_PICTURE: Final = re.compile(r"(?:(.*)/)?images/([0-9a-f-]{36})\.jpg", re.DOTALL)
SERVICE_ENDINGS: Final = ("", ".supplemental-metadata")
SERVICE_STEM: Final = 46
"""Characters after which Google Takeout cuts the name of a sidecar, before number and suffix."""
EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)

ReadText = Callable[[str, int], bytes | None]
"""Reads the sidecar at a path, up to a maximum size; None where that is not possible."""


@dataclass(frozen=True)
class Remark:
    """Metadata of one photo; unknown values are empty.

    `sha256` is the checksum of the original upload, which our export names.
    """

    filename: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    felt_emotion: str = ""
    captured_at: datetime | None = None
    sha256: str = ""


NO_REMARK: Final = Remark()


class Remarks:
    """The remarks of one archive, whose sidecars are read on first use.

    Of our export only the entries of the photos at `paths` are kept.
    """

    def __init__(self, read: ReadText, paths: Iterable[str]) -> None:
        self._read = read
        self._ids: dict[str, set[str]] = defaultdict(set)
        for own in map(OWN_PICTURE.fullmatch, paths):
            if own:
                self._ids[own[1] or ""].add(own[2])
        self._exports: dict[str, dict[str, Remark]] = {}

    def on(self, path: str) -> Remark:
        """Return the remark on the photo at a path."""
        own = OWN_PICTURE.fullmatch(path)
        if own and (remark := self._export_in(own[1] or "").get(own[2])):
            return remark
        return self._of_service(path)

    def _export_in(self, folder: str) -> dict[str, Remark]:
        """Return the remarks of our export in a folder, by photo id."""
        if folder not in self._exports:
            path = f"{folder}/{OWN_EXPORT}" if folder else OWN_EXPORT
            content = _json(self._read(path, MAX_EXPORT_BYTES))
            entries = content.get("analyses") if isinstance(content, dict) else None
            self._exports[folder] = {
                photo: _remark(entry)
                for entry in (entries if isinstance(entries, list) else [])
                if isinstance(entry, dict)
                and _is_id(photo := entry.get("photo"))
                and photo in self._ids[folder]
            }
        return self._exports[folder]

    def _of_service(self, path: str) -> Remark:
        """Return the capture time from the sidecar that Google Takeout writes beside a photo."""
        place = PurePosixPath(path)
        for name in _service_names(place):
            content = _json(self._read(str(place.with_name(name)), MAX_SERVICE_BYTES))
            taken = content.get("photoTakenTime") if isinstance(content, dict) else None
            if isinstance(taken, dict):
                return Remark(captured_at=_since_1970(taken.get("timestamp")))
        return NO_REMARK


def _service_names(photo: PurePosixPath) -> Iterator[str]:
    """Yield the names that a photo service may have given the sidecar of a photo.

    Where the photo's own name would be cut, that of another photo may begin alike.
    """
    names = [(photo.name, "")]
    if numbered := re.fullmatch(r"(.*)(\(\d+\))", photo.stem):
        names.append((numbered[1] + photo.suffix, numbered[2]))
    for name, number in names:
        for ending in SERVICE_ENDINGS:
            stem = name + ending
            yield f"{stem}{number}.json"
            if len(name) <= SERVICE_STEM < len(stem):
                yield f"{stem[:SERVICE_STEM]}{number}.json"


def _json(content: bytes | None) -> Any:
    try:
        return json.loads(content) if content else None
    except (ValueError, RecursionError):
        return None


def _remark(entry: dict[str, Any]) -> Remark:
    tags = entry.get("tags")
    felt = entry.get("felt_emotion")
    sha256 = entry.get("sha256")
    is_sum = isinstance(sha256, str) and re.fullmatch(r"[0-9a-f]{64}", sha256)
    return Remark(
        filename=_text(entry.get("filename"), 255),
        note=_text(entry.get("note"), annotations.NOTE_LENGTH),
        tags=tuple(
            _text(tag, annotations.TAG_LENGTH)
            for tag in (tags if isinstance(tags, list) else [])[: annotations.TAGS_A_PHOTO]
        ),
        felt_emotion=felt if isinstance(felt, str) and felt in Emotion.values else "",
        captured_at=_moment(entry.get("captured_at")),
        sha256=str(sha256) if is_sum else "",
    )


def _text(value: object, length: int) -> str:
    """Return text without lone surrogates, which JSON may hold and a database refuses."""
    if not isinstance(value, str):
        return ""
    return value.encode("utf-8", "ignore").decode()[:length]


def _is_id(value: object) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False


def _moment(value: object) -> datetime | None:
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return _plausible(moment) if moment and timezone.is_aware(moment) else None


def _since_1970(value: object) -> datetime | None:
    try:
        return _plausible(datetime.fromtimestamp(int(str(value)), UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _plausible(moment: datetime) -> datetime | None:
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        return None
    is_epoch = utc.date() == datetime(1970, 1, 1, tzinfo=UTC).date()
    return utc if EARLIEST < utc <= timezone.now() and not is_epoch else None
