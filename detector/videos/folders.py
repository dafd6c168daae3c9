"""Submit the photos and videos of a folder on this host, each to where it belongs."""

import mimetypes
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile

from detector.analyses import submission as photo_submission
from detector.enums import Source
from detector.exceptions import DetectorError
from detector.models import User
from detector.models.ids import new_id
from detector.photos import images
from detector.videos import submission
from ml.videos import kinds


@dataclass(frozen=True)
class Outcome:
    """Tells what became of one file. `rejected` has (name, error): a ZIP may have several."""

    path: Path
    photos: int = 0
    videos: int = 0
    known: int = 0
    rejected: tuple[tuple[str, DetectorError], ...] = ()


def files_of(folder: Path) -> list[Path]:
    """Return the files of a folder and its subfolders, in order. Hidden ones are left out."""
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in names if not name.startswith(".")]
    return sorted(path for path in found if path.is_file())


def submit(owner: User, folder: Path) -> Iterator[Outcome]:
    """Submit each photo, ZIP of photos and video. Yield the outcomes. A bad file stops no other.

    All photos form one batch. What the owner has already is not stored twice, so a run that was
    interrupted can be repeated.
    """
    batch = new_id()
    for path in files_of(folder):
        # Names on a disk need not be text.
        name = os.fsencode(path.relative_to(folder)).decode("utf-8", "replace")
        try:
            with path.open("rb") as file:
                yield _submit(owner, path, file, name, batch)
        except DetectorError as error:
            yield Outcome(path, rejected=((name, error),))
        except OSError as error:
            message = f"The file cannot be read: {error.strerror}."
            yield Outcome(path, rejected=((name, DetectorError("unreadable_file", message)),))


def _submit(owner: User, path: Path, file: BinaryIO, name: str, batch: UUID) -> Outcome:
    upload: UploadedFile[Any] = UploadedFile(file, path.name, size=os.fstat(file.fileno()).st_size)
    if _is_video(path, file):
        _, is_new = submission.submit(owner, upload)
        return Outcome(path, videos=int(is_new), known=int(not is_new))
    done = photo_submission.submit(owner, [upload], Source.API, batch)
    photos = len(done.new)
    # The name of a file in a ZIP begins with that of the ZIP.
    own = images.short_name(path.name)
    rejected = tuple(
        (name + rejection.filename.removeprefix(own), rejection.error)
        if rejection.filename.startswith(own)
        else (f"{name}: {rejection.filename}", rejection.error)
        for rejection in done.rejected
    )
    known = len(done.accepted) - photos
    return Outcome(path, photos=photos, known=known, rejected=rejected)


def _is_video(path: Path, file: BinaryIO) -> bool:
    """Return whether a file is to be judged as a video: by its content, or else by its name."""
    head = file.read(kinds.HEAD_BYTES)
    file.seek(0)
    if kinds.container_of(head) is not None:
        return True
    return (mimetypes.guess_type(path.name)[0] or "").startswith("video/")
