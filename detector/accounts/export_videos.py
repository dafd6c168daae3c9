"""Videos in the export of a user: facts and timeline of each, the files, and unfinished uploads."""

import json
from collections.abc import Iterator
from typing import Any

from detector.accounts import export_files
from detector.common.calendar import utc_text
from detector.enums import Status
from detector.models import User, Video
from detector.videos import timeline, uploads


def videos(owner: User) -> Iterator[Video]:
    """Yield an owner's videos, the oldest first, except those in the trash."""
    found = Video.objects.filter(owner=owner, deleted_at=None).select_related("model_version")
    yield from found.order_by("id").iterator(chunk_size=50)


def plain(video: Video) -> dict[str, Any]:
    """Return facts and timeline of a video, plain values for JSON."""
    return {
        "id": str(video.pk),
        "filename": video.filename,
        "sha256": video.sha256,
        "format": video.format,
        "uploaded_at": utc_text(video.uploaded_at),
        "status": video.status,
        "error": video.error_code or None,
        "model": video.model_version.name if video.model_version else None,
        "timeline": timeline.as_dict(video) if video.status == Status.DONE else None,
    }


def texts(owner: User) -> Iterator[str]:
    """Yield the JSON of each video."""
    for video in videos(owner):
        yield json.dumps(plain(video))


def unfinished(owner: User) -> list[dict[str, Any]]:
    """Return the uploads in parts of which parts are missing, the oldest first.

    The parts that are there make no file that could be read.
    """
    return [
        {
            "id": str(upload.pk),
            "filename": upload.filename,
            "length": upload.length,
            "offset": upload.offset,
            "created_at": utc_text(upload.created_at),
            "expires_at": utc_text(upload.expires_at),
        }
        for upload in uploads.unfinished(owner).order_by("id")
    ]


def content(video: Video) -> Iterator[bytes]:
    """Yield the file as it was uploaded; nothing where it was deleted. Raises OSError."""
    if not video.file:
        return
    with video.file.storage.open(str(video.file.name), "rb") as file:
        while piece := file.read(export_files.PIECE):
            yield piece
