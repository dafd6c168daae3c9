"""Bodies that the framework does not know."""

import json
import tempfile
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from rest_framework.exceptions import ParseError
from rest_framework.parsers import DataAndFiles, FileUploadParser, JSONParser

from detector.exceptions import DetectorError

MAX_JSON_BYTES = 2**20
"""Far above what any call needs; the parsed body is many times as large."""
CHUNK = 64 * 2**10


class ImageParser(FileUploadParser):
    """An image as the whole body; its name comes from `Content-Disposition`, if it has one."""

    media_type = "image/*"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> "DataAndFiles[Any, Any]":
        """The image as if it had been the only one of a form.

        One byte above the limit is enough to say that it is too large.
        """
        spool = tempfile.SpooledTemporaryFile(settings.FILE_UPLOAD_MAX_MEMORY_SIZE)  # noqa: SIM115  the view closes it
        left = settings.UPLOAD_MAX_BYTES + 1
        try:
            while left and (chunk := stream.read(min(CHUNK, left))):
                spool.write(chunk)
                left -= len(chunk)
        except BaseException:
            spool.close()
            raise
        size = spool.tell()
        spool.seek(0)
        name = self.get_filename(stream, media_type, parser_context or {}) or "photo"
        file = UploadedFile(spool, name=name, content_type=media_type, size=size)
        return DataAndFiles(QueryDict(), MultiValueDict({"images": [file]}))


class StrictJsonParser(JSONParser):
    """JSON that says each thing once, in text that can be kept and sent on."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Raises ParseError for what is no such JSON, DetectorError for what is too much of it."""
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
                object_pairs_hook=_without_repetition,
                parse_constant=_refuse_constant,
            )
            # Half a character, such as `\ud800`, can be neither stored nor answered.
            json.dumps(data, ensure_ascii=False).encode()
        except (ValueError, LookupError, RecursionError) as error:
            raise ParseError(f"JSON parse error - {_without_halves(str(error))}") from error
        return data


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _without_halves(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()
