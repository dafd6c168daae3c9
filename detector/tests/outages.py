"""Helpers for tests of outages."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from detector.models import Explanation, Photo

MakePicture = Callable[..., SimpleUploadedFile]
URL = "/api/v1/analyses/"
HTMX = {"HX-Request": "true"}
FAULTS = [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO]


def files() -> set[str]:
    root = Path(settings.MEDIA_ROOT)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def named() -> set[str]:
    """Return the files that rows refer to."""
    photos = Photo.objects.values_list("upload", "image", "thumbnail")
    heat = Explanation.objects.values_list("picture", flat=True)
    return {name for names in photos for name in names if name} | {name for name in heat if name}


def assert_unavailable(response: Any, code: str) -> None:
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert response.json()["error"]["code"] == code
