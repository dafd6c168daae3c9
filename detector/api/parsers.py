"""Parsers of request bodies."""

import io
import json
import math
import tempfile
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, DataAndFiles, FileUploadParser, JSONParser

from detector.api import tus
from detector.common.temporary import TemporaryFile
from detector.exceptions import DetectorError

MAX_JSON_BYTES = 2 * 2**20
"""Above what any call needs: the longest live session of the most faces, written with spaces, takes
1.2 MB. A parsed body takes many times as much memory."""
CHUNK = 64 * 2**10


class ImageParser(FileUploadParser):
    """Parses an image that is the whole body; its name comes from `Content-Disposition`, if any."""

    media_type = "image/*"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> "DataAndFiles[Any, Any]":
        """Return the image as the only file of a form.

        Reading stops one byte above the limit: this is enough to tell that it is too large.
        """
        spool = self.spool()
        size = _copy(stream, spool, settings.UPLOAD_MAX_BYTES + 1)
        name = self.get_filename(stream, media_type, parser_context or {}) or "photo"
        file = UploadedFile(spool, name=name, content_type=media_type, size=size)
        return DataAndFiles(QueryDict(), MultiValueDict({"images": [file]}))

    def spool(self) -> Any:
        """Return the file that takes the image; the view closes it."""
        return tempfile.SpooledTemporaryFile(settings.FILE_UPLOAD_MAX_MEMORY_SIZE)


class ImageInMemoryParser(ImageParser):
    """As `ImageParser`, but the image never gets to a disk."""

    def spool(self) -> Any:
        """Return a file in memory."""
        return io.BytesIO()


class InMemoryHandler(MemoryFileUploadHandler):
    """Upload handler that keeps the first file of a form in memory, however large it is.

    Of a file above `UPLOAD_MAX_BYTES` only its size is kept, and of further files their names.
    """

    files = 0

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        """Take every form."""
        self.activated = True

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        self.files += 1
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Keep a part, unless the file is further or too large."""
        if self.files == 1 and start <= settings.UPLOAD_MAX_BYTES:
            self.file.write(raw_data)
        return None


class PartParser(BaseParser):
    """Parses a part of an upload: the whole body, kept in a file that has no name."""

    media_type = tus.MEDIA_TYPE

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> "DataAndFiles[Any, Any]":
        """Return the part as the only file of a form.

        Reading stops one byte above the largest video.
        """
        part = TemporaryFile("part", media_type)
        part.size = _copy(stream, part, settings.VIDEO_MAX_BYTES + 1)
        return DataAndFiles(QueryDict(), MultiValueDict({"part": [part]}))


def _copy(stream: Any, file: Any, limit: int) -> int:
    """Copy at most so many bytes into a file, and return their number.

    An error closes the file, else it is at its beginning.
    """
    left = limit
    try:
        while left and (chunk := stream.read(min(CHUNK, left))):
            file.write(chunk)
            left -= len(chunk)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return limit - left


class StrictJsonParser(JSONParser):
    """Parses JSON without repeated names, NaN, Infinity and unpaired surrogates."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the parsed body.

        Raises ParseError for other JSON, and DetectorError `request_too_large`.
        """
        encoding = (parser_context or {}).get("encoding", settings.DEFAULT_CHARSET)
        content = stream.read(MAX_JSON_BYTES + 1)
        if len(content) > MAX_JSON_BYTES:
            raise DetectorError(
                "request_too_large",
                "The request is too large.",
                details={"max_bytes": MAX_JSON_BYTES},
            )
        try:
            data = json.loads(
                content.decode(encoding),
                object_pairs_hook=_unique_pairs,
                parse_float=_finite,
                parse_constant=_refuse_constant,
            )
            # An unpaired surrogate, such as `\ud800`, can be neither stored nor sent.
            json.dumps(data, ensure_ascii=False).encode()
        except (ValueError, LookupError, RecursionError) as error:
            raise ParseError(f"JSON parse error - {_escape_surrogates(str(error))}") from error
        return data


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is larger than any that can be sent")
    return number


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _escape_surrogates(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()
