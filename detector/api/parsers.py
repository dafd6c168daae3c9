"""Bodies that the framework does not know."""

import tempfile
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from rest_framework.parsers import DataAndFiles, FileUploadParser

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
