"""The folder of a backup: its files, their checksums, and the manifest that completes it.

    manifest.json            written last: what was backed up, and the checksum of each part
    encryption.json          salt and cost of the key, where the backup is encrypted
    rows/MODEL.jsonl         one row a line (`backup.rows`)
    files.jsonl              name, SHA-256 and bytes of each stored file
    files/storage/NAME       the stored files by name; files/models/NAME: the weights of models
    keys/secret_key          the key that the installation made for itself, if it did

Checksums are of the files as they are in the folder, so that they can be verified without the
passphrase. The manifest has a checksum of its own, keyed where the backup is encrypted.
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from detector.operations.backup import seal as backup_seal
from detector.operations.backup.errors import BackupError
from detector.operations.backup.seal import Seal

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
ENCRYPTION: Final = "encryption.json"
FILES: Final = "files.jsonl"
PIECE: Final = 2**20


@dataclass(frozen=True)
class Part:
    """Checksum and size of a file in the folder."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Folder:
    """A backup's folder, and the seal of its files where they are encrypted."""

    path: Path
    seal: Seal | None = None

    def write(self, name: str, pieces: Iterable[bytes]) -> Part:
        """Write a file so that it is there as a whole or not at all."""
        target = self.place_of(name)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        digest, size = hashlib.sha256(), 0
        try:
            with open(part, "wb", opener=_private) as file:
                for piece in self.seal.encrypted(name, pieces) if self.seal else pieces:
                    digest.update(piece)
                    size += file.write(piece)
        except Exception:
            part.unlink(missing_ok=True)
            raise
        part.replace(target)
        return Part(digest.hexdigest(), size)

    def read(self, name: str) -> Iterator[bytes]:
        """Yield the content of a file, decrypted."""
        with self.place_of(name).open("rb") as file:
            if self.seal:
                yield from self.seal.decrypted(name, file)
                return
            while piece := file.read(PIECE):
                yield piece

    def lines(self, name: str) -> Iterator[Any]:
        """Yield the values of a file of JSON lines."""
        rest = b""
        for piece in self.read(name):
            *lines, rest = (rest + piece).split(b"\n")
            yield from map(json.loads, lines)
        if rest:
            raise BackupError(f"{name} ends in the middle of a line.")

    def verify(self, name: str, expected: Part) -> None:
        """Raise BackupError unless the file is there as it was written."""
        try:
            found = self.part(name)
        except FileNotFoundError as error:
            raise BackupError(f"{name} is missing from the backup.") from error
        if found != expected:
            raise BackupError(f"{name} is damaged: its checksum is not that of the manifest.")

    def part(self, name: str) -> Part:
        """Return the checksum and size of a file as it is now."""
        with self.place_of(name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return Part(digest, file.tell())

    def place_of(self, name: str) -> Path:
        """Return the path of a file. Raises BackupError for a name that leads elsewhere."""
        # An empty part, too: what follows "files/models//" would be a path from the root.
        if {"", ".", ".."} & set(name.split("/")):
            raise BackupError(f"{name!r} is not the name of a file in a backup.")
        return self.path / name

    def has_manifest(self) -> bool:
        """Return whether the backup is complete."""
        return (self.path / MANIFEST).exists()

    def complete(self, manifest: dict[str, Any]) -> None:
        """Write the manifest: from now on this is a backup, also after a loss of power."""
        os.sync()
        signed = manifest | {"checksum": self._checksum(manifest)}
        content = json.dumps(signed, indent=1, ensure_ascii=False).encode()
        Folder(self.path).write(MANIFEST, [content])
        os.sync()

    def manifest(self) -> dict[str, Any]:
        """Return the manifest. Raises BackupError where it is missing, damaged or not ours."""
        if not self.has_manifest():
            raise BackupError(f"{self.path} has no {MANIFEST}: the backup was not completed.")
        try:
            signed = json.loads((self.path / MANIFEST).read_bytes())
            checksum = signed.pop("checksum")
        except (ValueError, KeyError, AttributeError) as error:
            raise BackupError(f"{MANIFEST} is damaged.") from error
        if not hmac.compare_digest(str(checksum), self._checksum(signed)):
            reason = "the passphrase is wrong, or it is damaged" if self.seal else "it is damaged"
            raise BackupError(f"{MANIFEST} cannot be trusted: {reason}.")
        if signed.get("format") != FORMAT:
            raise BackupError(f"The backup has format {signed.get('format')}, not {FORMAT}.")
        return dict(signed)

    def _checksum(self, manifest: dict[str, Any]) -> str:
        content = json.dumps(manifest, sort_keys=True).encode()
        if self.seal:
            return hmac.digest(self.seal.key, content, "sha256").hex()
        return hashlib.sha256(content).hexdigest()


def begun(path: Path, passphrase: str | None) -> Folder:
    """Return the folder of a new backup, or of one that was interrupted."""
    if (path / MANIFEST).exists():
        raise BackupError(f"{path} holds a complete backup already.")
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = path / ENCRYPTION
    unknown = {entry.name for entry in path.iterdir()} - {
        ENCRYPTION, f".{ENCRYPTION}.part", ".progress.sqlite3", ".progress.sqlite3-journal",
        "rows", "files", "keys", FILES, f".{FILES}.part", f".{MANIFEST}.part",
    }  # fmt: skip
    if unknown:
        raise BackupError(f"{path} holds other files, such as {min(unknown)}.")
    if passphrase is None:
        if file.exists():
            raise BackupError(f"{path} was begun with encryption: give the same passphrase.")
        return Folder(path)
    if not file.exists():
        if any(path.iterdir()):
            raise BackupError(f"{path} was begun without encryption.")
        salt = secrets.token_bytes(16).hex()
        known: dict[str, Any] = {"salt": salt, "cost": backup_seal.COST}
        key = backup_seal.key_from(passphrase, bytes.fromhex(salt), backup_seal.COST)
        known["check"] = _check_of(key)
        Folder(path).write(ENCRYPTION, [json.dumps(known).encode()])
    return opened(path, passphrase)


def opened(path: Path, passphrase: str | None) -> Folder:
    """Return the folder of an existing backup, ready to be read."""
    file = path / ENCRYPTION
    if not file.exists():
        if passphrase is not None and Folder(path).has_manifest():
            # Else a forged folder could take the place of an encrypted one.
            raise BackupError("The backup is not encrypted: leave --passphrase-file out.")
        return Folder(path)
    if passphrase is None:
        raise BackupError("The backup is encrypted: --passphrase-file is needed.")
    try:
        known = json.loads(file.read_bytes())
        salt, cost, check = bytes.fromhex(known["salt"]), int(known["cost"]), str(known["check"])
        key = backup_seal.key_from(passphrase, salt, cost)
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{ENCRYPTION} is damaged.") from error
    if not hmac.compare_digest(check, _check_of(key)):
        raise BackupError("The passphrase is not that of the backup.")
    return Folder(path, Seal(key))


def _check_of(key: bytes) -> str:
    return hmac.digest(key, b"emotionsite backup", "sha256").hex()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
