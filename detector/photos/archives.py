"""Unpack photos from a ZIP archive, one at a time.

Archives are untrusted. The directory is checked before anything is unpacked, no file is ever
written under a name from the archive, and no more is unpacked than the directory announces.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from detector.common import storage
from detector.common.temporary import TemporaryFile
from detector.exceptions import DetectorError
from detector.photos import archive_names, images, remarks

SIGNATURES: Final = (b"PK\x03\x04", b"PK\x05\x06")
"""First bytes of a ZIP: those of a file entry, or of an empty archive."""

DIRECTORY_BYTES: Final = 512 * 2**10
"""Maximum size of the directory. `zipfile` reads it at once and creates an object for each entry,
so a longer one is refused before it is read. 200 photos take about 20 KB."""

HARMLESS_BYTES: Final = 16 * 2**20
MAX_RATIO: Final = 50
"""Photos hardly compress, but blank scans do. An archive counts as a zip bomb where it unpacks to
more than `HARMLESS_BYTES` and its compression ratio is above `MAX_RATIO`."""

SIDECAR_BYTES: Final = 16 * 2**20
"""Unpacked size of all sidecars read from one archive; those beyond it are ignored."""

CHUNK: Final = 64 * 2**10
DRIVE: Final = re.compile("[A-Za-z]:")
"""Beginning of a path on Windows. Other names may have a colon: on a Mac it shows as a slash."""

READ_COMPRESSIONS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
READING_ERRORS: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError)

CORRUPT = DetectorError("corrupt_archive", "The archive is damaged or incomplete.")
UNSAFE = DetectorError(
    "unsafe_archive", "The archive names files outside of itself, so it was not opened."
)
BOMB = DetectorError(
    "archive_too_large", "The archive unpacks to far more than photos do, so it was not opened."
)
NESTED = DetectorError("nested_archive", "An archive inside an archive is not opened.")
LOCKED = DetectorError("locked_file", "The file is locked with a password.")
FOREIGN = DetectorError(
    "unsupported_compression", "The file is compressed in a way that we do not read."
)
VIDEO = DetectorError(
    "unsupported_format", "This is a film, not a photo: use a single picture of it."
)
NO_PHOTO = DetectorError("no_photo_in_archive", "There is no photo in this archive.")


def is_archive(file: "UploadedFile[Any]") -> bool:
    """Return whether a file is a ZIP archive, by its content."""
    file.seek(0)
    start = file.read(4)
    file.seek(0)
    return start in SIGNATURES


class Archive:
    """An archive whose directory passed all checks.

    The constructor raises DetectorError where the archive is damaged, has paths that lead outside,
    or is too large; nothing is unpacked then.
    """

    def __init__(self, file: "UploadedFile[Any]") -> None:
        self.name = images.short_name(file.name or "archive")
        try:
            self._zip = zipfile.ZipFile(cast(BinaryIO, _BoundedReads(file)))
        except (*READING_ERRORS, NotImplementedError) as error:
            raise CORRUPT from error
        named = [(entry, archive_names.readable_name(entry)) for entry in self._zip.infolist()]
        if any(_leads_outside(entry, path) for entry, path in named):
            raise UNSAFE
        named = [(entry, path) for entry, path in named if not archive_names.is_junk(path)]
        self._paths = {id(entry): path for entry, path in named}
        paths = [path for _, path in named]
        videos = archive_names.live_videos(paths) | archive_names.own_videos(paths)
        self._sidecars = {path: entry for entry, path in named if archive_names.is_sidecar(path)}
        self.members = [
            entry for entry, path in named if path not in self._sidecars and path not in videos
        ]
        self._check_amounts(file.size or 0)
        self._sidecar_bytes = SIDECAR_BYTES
        self._remarks = remarks.Remarks(self._text_of, map(self._path, self.members))

    def _check_amounts(self, packed: int) -> None:
        """Check number and size of the photos; sidecars and videos do not count."""
        photos = [
            member for member in self.members if not archive_names.is_video(self._path(member))
        ]
        if len(photos) > settings.ARCHIVE_MAX_FILES:
            raise _too_many_files()
        unpacked = sum(member.file_size for member in photos)
        if unpacked > settings.ARCHIVE_MAX_BYTES:
            raise BOMB
        if unpacked > max(HARMLESS_BYTES, MAX_RATIO * packed):
            raise BOMB

    def name_of(self, member: zipfile.ZipInfo) -> str:
        """Return a name for people: the archive and the file in it."""
        return images.short_name(f"{self.name} › {PurePosixPath(self._path(member)).name}")

    def remark_on(self, member: zipfile.ZipInfo) -> remarks.Remark:
        """Return the metadata of a photo from other files of the archive."""
        return self._remarks.on(self._path(member))

    def _path(self, member: zipfile.ZipInfo) -> str:
        return self._paths[id(member)]

    def _text_of(self, path: str, max_bytes: int) -> bytes | None:
        """Return the content of a sidecar; None where it is missing, too large or unreadable."""
        entry = self._sidecars.get(path)
        if entry is None or entry.file_size > min(max_bytes, self._sidecar_bytes):
            return None
        if entry.flag_bits & 1 or entry.compress_type not in READ_COMPRESSIONS:
            return None
        self._sidecar_bytes -= entry.file_size
        try:
            return self._zip.read(entry)
        except (*READING_ERRORS, RuntimeError):
            return None

    @contextmanager
    def unpacked(self, member: zipfile.ZipInfo) -> "Iterator[UploadedFile[Any]]":
        """Unpack one file as an upload, and remove it at the end.

        Raises DetectorError where it is encrypted, too large, damaged, or an archive itself, and
        where the disk is full.
        """
        if member.flag_bits & 1:
            raise LOCKED
        # Other methods may expand a few bytes to any amount of memory before we can stop them.
        if member.compress_type not in READ_COMPRESSIONS:
            raise FOREIGN
        if archive_names.is_video(self._path(member)):
            raise VIDEO
        images.check_size(member.file_size)
        name = PurePosixPath(self._path(member)).name
        with storage.translate_errors(), TemporaryFile(name, "", member.file_size) as file:
            self._copy(member, file)
            if is_archive(file):
                raise NESTED
            yield file

    def _copy(self, member: zipfile.ZipInfo, file: "UploadedFile[Any]") -> None:
        for piece in self._pieces(member):
            file.write(piece)
        file.flush()

    def _pieces(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        """Unpack in pieces. `zipfile` stops at the announced size and verifies the CRC."""
        try:
            with self._zip.open(member) as source:
                while piece := source.read(CHUNK):
                    yield piece
        except (*READING_ERRORS, RuntimeError) as error:
            raise CORRUPT from error


class _BoundedReads:
    """A file that refuses to be read in large pieces."""

    def __init__(self, file: "UploadedFile[Any]") -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= DIRECTORY_BYTES:
            size = DIRECTORY_BYTES + 1
        content = cast(bytes, self._file.read(size))
        if len(content) > DIRECTORY_BYTES:
            raise _too_many_files()
        return content

    def seek(self, offset: int, whence: int = 0) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def seekable(self) -> bool:
        return True


def _too_many_files() -> DetectorError:
    limit = settings.ARCHIVE_MAX_FILES
    text = f"The archive holds more than {limit:,} files."
    return DetectorError("too_many_files", text, details={"max_files": limit})


def _leads_outside(entry: zipfile.ZipInfo, path: str) -> bool:
    return any(
        name.startswith("/") or DRIVE.match(name) or ".." in name.split("/")
        for name in (entry.orig_filename.replace("\\", "/"), path)
    )
