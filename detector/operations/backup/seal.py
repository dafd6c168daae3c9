"""Encrypt and decrypt the files of a backup, by chunks, so that memory does not grow with them.

The passphrase gives a key by scrypt (RFC 7914). Each file has a key of its own by HKDF (RFC 5869)
and a random salt, so no nonce is used twice. Each chunk is sealed by AES-256-GCM: its number, and
whether it is the last one, are the nonce; the name of the file is authenticated with it. So chunks
and files cannot be swapped, cut off or repeated (STREAM, https://eprint.iacr.org/2015/189).
"""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from detector.operations.backup.errors import BackupError

COST: Final = 2**17
"""Scrypt's N, as OWASP advises with r = 8 and p = 1: 128 MiB and about half a second."""
CHUNK: Final = 2**20
TAG: Final = 16
SALT: Final = 32
MAGIC: Final = b"ESB1"


@dataclass(frozen=True)
class Seal:
    """Encrypts with one key."""

    key: bytes

    def encrypted(self, name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the sealed content of a file."""
        salt = secrets.token_bytes(SALT)
        cipher = self._cipher(salt)
        yield MAGIC + salt
        waiting = bytearray()
        number = 0
        for piece in pieces:
            waiting += piece
            while len(waiting) > CHUNK:
                yield cipher.encrypt(_nonce(number), bytes(waiting[:CHUNK]), name.encode())
                del waiting[:CHUNK]
                number += 1
        yield cipher.encrypt(_nonce(number, last=True), bytes(waiting), name.encode())

    def decrypted(self, name: str, file: BinaryIO) -> Iterator[bytes]:
        """Yield the content of a sealed file. Raises BackupError where it was changed."""
        header = file.read(len(MAGIC) + SALT)
        cipher = self._cipher(header[len(MAGIC) :])
        number = 0
        sealed = file.read(CHUNK + TAG)
        while sealed:
            following = file.read(CHUNK + TAG)
            try:
                nonce = _nonce(number, last=not following)
                yield cipher.decrypt(nonce, sealed, name.encode())
            except InvalidTag as error:
                raise BackupError(f"{name} cannot be decrypted: it was changed.") from error
            sealed = following
            number += 1

    def _cipher(self, salt: bytes) -> AESGCM:
        return AESGCM(HKDF(SHA256(), 32, salt, b"emotionsite backup file").derive(self.key))


def passphrase_in(file: Path) -> str:
    """Return the first line of a file. Raises BackupError where there is none."""
    try:
        lines = file.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError(f"The passphrase cannot be read from {file}: {error}") from error
    if not lines or not lines[0].strip():
        raise BackupError(f"The first line of {file} is empty: it must be the passphrase.")
    return lines[0].strip()


def key_from(passphrase: str, salt: bytes, cost: int) -> bytes:
    """Return the key that belongs to a passphrase."""
    return Scrypt(salt, 32, cost, 8, 1).derive(passphrase.encode())


def _nonce(number: int, *, last: bool = False) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
