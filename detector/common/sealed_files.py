"""Encrypt stored files by chunks, so that any part can be read without the rest.

A file is a header (magic, id of the key, salt) and chunks of 64 KiB, each sealed by AES-256-GCM.
Each file has a key of its own by HKDF (RFC 5869) from the salt, so no nonce is used twice. The
nonce is the number of the chunk and whether it is the last one; the name of the file is
authenticated with it. So chunks and files cannot be swapped, cut off or repeated (STREAM,
https://eprint.iacr.org/2015/189).
"""

import errno
import hashlib
import io
import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC: Final = b"ESF1"
KEY_ID: Final = 8
SALT: Final = 16
HEADER: Final = len(MAGIC) + KEY_ID + SALT
CHUNK: Final = 64 * 2**10
TAG: Final = 16


def key_id(key: bytes) -> bytes:
    """Return what a header calls a key: the start of its digest."""
    return hashlib.sha256(b"emotionsite storage key" + key).digest()[:KEY_ID]


def key_of(header: bytes) -> bytes | None:
    """Return the id of the key of a file by its header; None where the file is not encrypted."""
    if len(header) < HEADER or not header.startswith(MAGIC):
        return None
    return header[len(MAGIC) : len(MAGIC) + KEY_ID]


def sealed(key: bytes, name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the sealed content of a file."""
    salt = secrets.token_bytes(SALT)
    cipher = _cipher(key, salt)
    yield MAGIC + key_id(key) + salt
    waiting, number = bytearray(), 0
    for piece in pieces:
        waiting += piece
        while len(waiting) > CHUNK:
            yield cipher.encrypt(_nonce(number), bytes(waiting[:CHUNK]), name.encode())
            del waiting[:CHUNK]
            number += 1
    yield cipher.encrypt(_nonce(number, last=True), bytes(waiting), name.encode())


def plain_size(size: int) -> int:
    """Return the size of the content of a sealed file of this size."""
    body = size - HEADER
    return max(body - TAG * _chunks(body), 0)


class Reader(io.RawIOBase):
    """Reads the content of a sealed file from any place. Raises OSError where it was changed."""

    def __init__(self, file: IO[bytes], name: str, size: int, keys: Sequence[bytes]) -> None:
        super().__init__()
        self._file, self._name = file, name
        self._chunks = _chunks(size - HEADER)
        self.size = plain_size(size)
        self._at, self._number, self._chunk = 0, -1, b""
        file.seek(0)
        header = file.read(HEADER)
        wanted = key_of(header)
        key = next((key for key in keys if key_id(key) == wanted), None)
        if key is None:
            raise OSError(errno.EBADMSG, "no key of STORAGE_KEYS opens this file", name)
        self._cipher = _cipher(key, header[-SALT:])

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position in the content."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a place of the content."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read what is left of one chunk."""
        if self._at >= self.size:
            # The last chunk of an empty file tells whether it was cut off, too.
            self._open(self._chunks - 1)
            return 0
        number, start = divmod(self._at, CHUNK)
        self._open(number)
        part = self._chunk[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def readall(self) -> bytes:
        """Return the rest, a chunk at a time."""
        parts = []
        while part := self.read(CHUNK):
            parts.append(part)
        return b"".join(parts)

    def close(self) -> None:
        """Close the file beneath, too."""
        self._file.close()
        super().close()

    def _open(self, number: int) -> None:
        """Decrypt a chunk, unless it is the present one."""
        if number == self._number:
            return
        self._file.seek(HEADER + number * (CHUNK + TAG))
        sealed_chunk = self._file.read(CHUNK + TAG)
        nonce = _nonce(number, last=number == self._chunks - 1)
        try:
            self._chunk = self._cipher.decrypt(nonce, sealed_chunk, self._name.encode())
        except (InvalidTag, ValueError) as error:
            raise OSError(errno.EBADMSG, "the stored file was changed", self._name) from error
        self._number = number


def _chunks(body: int) -> int:
    """Return the number of chunks: an empty file has one."""
    return max(-(-body // (CHUNK + TAG)), 1)


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, b"emotionsite stored file").derive(key))


def _nonce(number: int, *, last: bool = False) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
