"""Keep files in an object store that speaks S3, in a private bucket.

An object is written by one request, so it is there whole or not at all. Errors of the store become
the OSErrors of a disk, so the rest of the platform needs to know of one kind of outage only.
"""

import errno
import io
import posixpath
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO, Any, Final, cast

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from django.core.files.base import File
from storages.backends.s3 import S3Storage
from storages.utils import clean_name, get_available_overwrite_name

BLOCK: Final = 8 * 2**20
"""Bytes that one request reads. Most photos need one request, a video some dozens."""
CONNECT_SECONDS: Final = 2
ATTEMPTS: Final = 2
FULL_CODES: Final = frozenset(
    {"XMinioStorageFull", "InsufficientStorage", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded"}
)
MISSING_CODES: Final = frozenset({"NoSuchKey", "404", "NotFound"})
BROKEN_BODY: Final = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)
"""A response that ends early. botocore repeats requests, but not the reading of their bodies."""
FIRST_ERROR_OF_SERVERS: Final = 500
INSUFFICIENT_STORAGE, PRECONDITION_FAILED = 507, 412
CONTENT_TYPE: Final = "application/octet-stream"
"""Of all objects: only our own answers, which say the real one, show them to anybody."""


class ObjectStore(S3Storage):
    """A storage whose errors are those of a disk, and whose files have no public URL."""

    def __init__(self, *, timeout: float, **options: Any) -> None:
        super().__init__(
            **options,
            client_config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                connect_timeout=CONNECT_SECONDS,
                read_timeout=timeout,
                retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                # Signatures protect the content; many stores do not know the newer checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        self._client: Any = None
        self._making = threading.Lock()

    @property
    def client(self) -> Any:
        """The client of all threads; to make one takes a tenth of a second."""
        with self._making:
            if self._client is None:
                self._client = boto3.session.Session().client(
                    "s3",
                    aws_access_key_id=self.access_key or None,
                    aws_secret_access_key=self.secret_key or None,
                    region_name=self.region_name,
                    endpoint_url=self.endpoint_url,
                    config=self.client_config,
                )
            return self._client

    def url(self, name: str | None, *_: Any, **__: Any) -> str:
        """Raise ValueError: only views that check the owner send files."""
        raise ValueError("Stored files have no URL.")

    def exists(self, name: str) -> bool:
        """Return whether there is a file of this name."""
        try:
            self._head(name)
        except FileNotFoundError:
            return False
        return True

    def size(self, name: str) -> int:
        """Return the bytes of a file. Raises FileNotFoundError."""
        return int(self._head(name)["ContentLength"])

    def get_modified_time(self, name: str) -> datetime:
        """Return when a file was stored, by the store's clock. Raises FileNotFoundError."""
        moment: datetime = self._head(name)["LastModified"]
        return moment

    def delete(self, name: str) -> None:
        """Delete a file, if it is there."""
        with self._translated(name):
            self.client.delete_object(**self._object(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Return the names of the folders and of the files in a folder."""
        prefix = f"{self._key(path)}/".lstrip("/")
        folders, files = [], []
        for page in self._pages(Prefix=prefix, Delimiter="/"):
            folders += [one["Prefix"][len(prefix) : -1] for one in page.get("CommonPrefixes", ())]
            files += [one["Key"][len(prefix) :] for one in page.get("Contents", ())]
        return folders, files

    def dated(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """Yield name and time of everything in and below a folder, a thousand a request."""
        start = len(self._key("") + "/") if self.location else 0
        for page in self._pages(Prefix=f"{self._key(folder)}/".lstrip("/")):
            for one in page.get("Contents", ()):
                yield one["Key"][start:], one["LastModified"]

    def read_part(self, name: str, start: int, end: int) -> tuple[bytes, int]:
        """Return the bytes from `start` to before `end`, and the size of the whole file.

        Raises FileNotFoundError where there is no such file.
        """
        asked = {**self._object(name), "Range": f"bytes={start}-{end - 1}"}
        with self._translated(name):
            for attempt in range(ATTEMPTS):
                try:
                    got = self.client.get_object(**asked)
                    return got["Body"].read(), int(got["ContentRange"].rpartition("/")[2])
                except BROKEN_BODY:
                    if attempt == ATTEMPTS - 1:
                        raise
                except ClientError as error:
                    if error.response["Error"].get("Code") != "InvalidRange":
                        raise
                    return b"", self.size(name)
        raise AssertionError("unreachable")

    def create_bucket(self) -> bool:
        """Create the bucket where there is none. Return whether it did."""
        with self._translated(""):
            try:
                self.client.head_bucket(Bucket=self.bucket_name)
            except ClientError as error:
                if _status(error) != 404:
                    raise
                self.client.create_bucket(Bucket=self.bucket_name)
                return True
        return False

    def keeps_versions(self) -> bool:
        """Return whether the bucket keeps what is deleted, as earlier versions of objects."""
        with self._translated(""):
            found = self.client.get_bucket_versioning(Bucket=self.bucket_name)
        return "Status" in found  # `Suspended`, too, keeps those of before.

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":
        if mode != "rb":
            raise ValueError("Stored files are read as bytes and saved whole.")
        return File(cast(IO[Any], RemoteFile(self, name)), name)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Return the name itself: whether it is taken, the store says when it saves."""
        return str(get_available_overwrite_name(clean_name(name), max_length))

    def _save(self, name: str, content: "File[Any]") -> str:
        """Save under a name, or another one where it is taken. Nothing is written over."""
        root, suffix = posixpath.splitext(str(clean_name(name)))
        while not self._put(name, content):
            name = self.get_alternative_name(root, suffix)
        return str(clean_name(name))

    def _put(self, name: str, content: "File[Any]") -> bool:
        """Write an object. Return False where there is one of this name."""
        content.seek(0)
        with self._translated(name):
            try:
                self.client.put_object(
                    **self._object(name), Body=content, ContentType=CONTENT_TYPE, IfNoneMatch="*"
                )
            except ClientError as error:
                if _status(error) != PRECONDITION_FAILED:
                    raise
                return False
        return True

    def _head(self, name: str) -> Any:
        with self._translated(name):
            return self.client.head_object(**self._object(name))

    def _pages(self, **asked: str) -> Iterator[Any]:
        with self._translated(""):
            pages = self.client.get_paginator("list_objects_v2")
            yield from pages.paginate(Bucket=self.bucket_name, **asked)

    def _key(self, name: str) -> str:
        return str(self._normalize_name(clean_name(name))).strip("/")

    def _object(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket_name, "Key": self._key(name)}

    @contextmanager
    def _translated(self, name: str) -> Iterator[None]:
        """Raise errors of the store as OSErrors: a missing file, a full store, or an outage."""
        try:
            yield
        except ClientError as error:
            if name and error.response["Error"].get("Code") in MISSING_CODES:
                self._check_bucket()
                raise FileNotFoundError(errno.ENOENT, "No such object", name) from error
            raise OSError(_errno(error), str(error)) from error
        except HTTPClientError as error:
            raise OSError(errno.ENOTCONN, str(error)) from error
        except BotoCoreError as error:
            raise OSError(errno.EIO, str(error)) from error

    def _check_bucket(self) -> None:
        """Raise OSError where the whole bucket is missing: then a missing file is not lost."""
        with self._translated(""):
            self.client.head_bucket(Bucket=self.bucket_name)


class RemoteFile(io.BufferedIOBase):
    """A stored object, read by blocks as they are needed. The first is read at once."""

    def __init__(self, store: ObjectStore, name: str) -> None:
        self._store, self._stored_name = store, name
        self._position = self._block_start = 0
        self._block, self.size = store.read_part(name, 0, BLOCK)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position. Nothing is read yet."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        """Return so many bytes, or all that are left."""
        wanted = self.size if size is None or size < 0 else self._position + size
        pieces = []
        while self._position < min(wanted, self.size):
            piece = self._from_block(wanted)
            self._position += len(piece)
            pieces.append(piece)
        return b"".join(pieces)

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer. Return how many bytes it got."""
        view = memoryview(buffer).cast("B")
        content = self.read(len(view))
        view[: len(content)] = content
        return len(content)

    def _from_block(self, wanted: int) -> bytes:
        start = self._position - self._block_start
        if not 0 <= start < len(self._block):
            end = self._position + BLOCK
            self._block, _ = self._store.read_part(self._stored_name, self._position, end)
            if not self._block:
                raise OSError(errno.EIO, "The object became shorter")
            self._block_start, start = self._position, 0
        return self._block[start : wanted - self._block_start]


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _errno(error: ClientError) -> int:
    """Return the number of the error that a disk would have."""
    status = _status(error)
    if error.response["Error"].get("Code") in FULL_CODES or status == INSUFFICIENT_STORAGE:
        return errno.ENOSPC
    if status >= FIRST_ERROR_OF_SERVERS or status in (404, 429):
        return errno.ENOTCONN
    return errno.EIO
