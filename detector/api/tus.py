"""Headers of tus 1.0, the protocol of uploads in parts: https://tus.io/protocols/resumable-upload.

The core, and the extensions creation, termination and expiration.
"""

import base64
import binascii
import re
from typing import Final

from django.conf import settings
from django.utils.http import http_date
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request

from detector.models import VideoUpload

VERSION: Final = "1.0.0"
MEDIA_TYPE: Final = "application/offset+octet-stream"
MAX_METADATA: Final = 2000
"""Characters of `Upload-Metadata`: a name of 255 characters takes up to 1,360 of them."""
METADATA: Final = re.compile(
    r"^[A-Za-z0-9_.-]+( [A-Za-z0-9+/]*={0,2})?(, *[A-Za-z0-9_.-]+( [A-Za-z0-9+/]*={0,2})?)*$"
)
MAX_DIGITS: Final = 15
FORGET: Final = {"": None, "yes": True, "no": False}


class UnsupportedVersion(APIException):
    """The caller speaks no version of the protocol that is spoken here."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "unsupported_tus_version"
    default_detail = f"Send `Tus-Resumable: {VERSION}`."


def check_version(request: Request) -> None:
    """Raise UnsupportedVersion unless the call names our version."""
    if request.headers.get("Tus-Resumable") != VERSION:
        raise UnsupportedVersion


def number(request: Request, name: str) -> int:
    """Return the number in a header. Raises ValidationError."""
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise ValidationError({name: ["A whole number of bytes is needed."]})
    return int(text)


def metadata(request: Request) -> str:
    """Return `Upload-Metadata` as it was sent. Raises ValidationError."""
    text = request.headers.get("Upload-Metadata", "")
    if text and (len(text) > MAX_METADATA or not METADATA.match(text)):
        wrong = f"At most {MAX_METADATA} characters: keys with values in Base64."
        raise ValidationError({"Upload-Metadata": [wrong]})
    return text


def filename_of(metadata: str) -> str:
    """Return the value of the key `filename`; empty where there is none. Raises ValidationError."""
    return _value_of("filename", metadata)


def forget_of(metadata: str) -> bool | None:
    """Return whether to keep the timeline alone: `forget` is `yes` or `no`; None without it.

    Raises ValidationError.
    """
    wish = _value_of("forget", metadata)
    if wish not in FORGET:
        raise ValidationError({"Upload-Metadata": ["`forget` is `yes` or `no`."]})
    return FORGET[wish]


def _value_of(wanted: str, metadata: str) -> str:
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == wanted:
            try:
                return base64.b64decode(value, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError) as error:
                wrong = f"The {wanted} is not UTF-8 in Base64."
                raise ValidationError({"Upload-Metadata": [wrong]}) from error
    return ""


def headers_of(upload: VideoUpload, *, may_read: bool = False) -> dict[str, str]:
    """Return the headers about an upload; with `may_read` also what the client had sent."""
    headers = {
        "Upload-Offset": str(upload.offset),
        "Upload-Length": str(upload.length),
        "Upload-Expires": http_date(upload.expires_at.timestamp()),
        "Cache-Control": "no-store",
    }
    if upload.video_id:
        headers["Upload-Video"] = str(upload.video_id)
    if may_read and upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    return headers


def headers_of_server() -> dict[str, str]:
    """Return what this server can do."""
    return {
        "Tus-Version": VERSION,
        "Tus-Extension": "creation,termination,expiration",
        "Tus-Max-Size": str(settings.VIDEO_MAX_BYTES),
    }
