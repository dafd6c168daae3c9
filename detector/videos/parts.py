"""Files of uploads that are under way: one for each part, so that any storage can hold them.

No file is ever written to twice. A part counts once its row is there; a file without one is
removed like any other orphan.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from detector.common import storage
from detector.common.temporary import TemporaryFile
from detector.exceptions import DetectorError
from detector.models import VideoUpload, VideoUploadPart
from detector.photos import images

PIECE = 2**20
LOST = DetectorError("file_missing", "A part of the upload is gone. Upload the file anew.")


def store(upload: VideoUpload, offset: int, content: "UploadedFile[Any]") -> VideoUploadPart:
    """Store the file of a part. Return its row, which is not saved yet."""
    part = VideoUploadPart(upload=upload, offset=offset)
    storage.save(part.file, content)
    return part


def remove(part: VideoUploadPart) -> None:
    """Delete the file of a part whose row was not saved."""
    images.delete_files([str(part.file.name)])


@contextmanager
def whole(
    upload: VideoUpload, last: "UploadedFile[Any]", name: str
) -> Iterator["UploadedFile[Any]"]:
    """Yield the whole file: all parts, and the last one. Raises DetectorError `file_missing`.

    It has no name in the file system, so it is gone with the process.
    """
    with TemporaryFile(name) as file:
        for part in upload.parts.order_by("offset"):
            try:
                with storage.translate_errors(), part.file.open("rb") as stored:
                    _copy(stored, file)
            except FileNotFoundError as error:
                raise LOST from error
        _copy(last, file)
        file.size = file.tell()
        file.seek(0)
        yield file


def _copy(source: Any, target: Any) -> None:
    with storage.translate_errors():
        for piece in source.chunks(PIECE):
            target.write(piece)
