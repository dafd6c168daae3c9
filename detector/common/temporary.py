"""Temporary files without a name: a killed process leaves none behind."""

import tempfile
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class TemporaryFile(UploadedFile[Any]):
    """As Django's `TemporaryUploadedFile`, but without a name in the file system."""

    def __init__(self, name: str, content_type: str | None = None, *more: Any) -> None:
        file = tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115
        super().__init__(file, name, content_type, *more)


class TemporaryFileHandler(TemporaryFileUploadHandler):
    """Upload handler that streams large files into a `TemporaryFile`."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file. Skips the parent's method, which would create a named file."""
        super(TemporaryFileUploadHandler, self).new_file(*args, **kwargs)
        name = self.file_name or ""
        self.file: Any = TemporaryFile(
            name, self.content_type, 0, self.charset, self.content_type_extra
        )

    def upload_interrupted(self) -> None:
        """Close the file, which removes it."""
        if hasattr(self, "file"):
            self.file.close()
