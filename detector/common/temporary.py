"""Files that wait on a disk without a name: a process that is killed leaves none of them."""

import tempfile
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class TemporaryFile(UploadedFile[Any]):
    """As Django's `TemporaryUploadedFile`, but gone with whoever holds it, however they end."""

    def __init__(self, name: str, content_type: str | None = None, *more: Any) -> None:
        file = tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115
        super().__init__(file, name, content_type, *more)


class TemporaryFileHandler(TemporaryFileUploadHandler):
    """Takes what is too large for memory into a file without a name."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file; what Django's handler would begin has a name."""
        super(TemporaryFileUploadHandler, self).new_file(*args, **kwargs)
        name = self.file_name or ""
        self.file: Any = TemporaryFile(
            name, self.content_type, 0, self.charset, self.content_type_extra
        )

    def upload_interrupted(self) -> None:
        """Let the file go."""
        if hasattr(self, "file"):
            self.file.close()
