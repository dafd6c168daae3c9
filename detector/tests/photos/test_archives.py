"""ZIPs as operating systems and photo services make them: file names and sidecars."""

import contextlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from unittest import mock
from uuid import uuid4
from zipfile import BadZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from detector.analyses import submission
from detector.enums import Source
from detector.exceptions import DetectorError
from detector.models import Photo, User
from detector.photos import archive_names, archives, remarks
from detector.photos.remarks import NO_REMARK, Remark
from detector.tests.bad_files import archive, jpeg

NAMES = ["Grüße äöü.jpg", "Été à la plage.jpg", "Señor Núñez.jpg", "smørrebrød Ålesund.jpg"]


def submit(owner: User, content: bytes, name: str = "a.zip") -> submission.Submission:
    return submission.submit(owner, [SimpleUploadedFile(name, content)], Source.WEB)


def taken_names(owner: User, content: bytes) -> list[str]:
    result = submit(owner, content)
    assert result.rejected == []
    return [analysis.photo.filename for analysis in result.accepted]


def raw_named(name: bytes, *, system: int = 3, extra: bytes = b"") -> bytes:
    """Return a ZIP with one file of this raw name, without the UTF-8 flag."""
    stand_in = "x" * len(name)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        info = zipfile.ZipInfo(stand_in)
        info.create_system, info.extra = system, extra
        zipped.writestr(info, jpeg())
    return buffer.getvalue().replace(stand_in.encode(), name)


def encodings() -> Iterator[tuple[str, bytes, int]]:
    """Yield each name as these systems' tools encode it, if their code page has its letters."""
    for name in NAMES:
        for page, system in (("utf-8", 3), ("utf-8", 0), ("cp1252", 3), ("cp850", 0), ("cp437", 0)):
            with contextlib.suppress(UnicodeEncodeError):
                yield name, name.encode(page), system


def test_a_colon_leads_outside_only_behind_the_letter_of_a_drive(owner: User) -> None:
    assert taken_names(owner, archive({"5:3 beach.jpg": jpeg()})) == ["5:3 beach.jpg"]
    [rejection] = submit(owner, archive({"C:beach.jpg": jpeg()})).rejected
    assert rejection.error.code == "unsafe_archive"


@pytest.mark.parametrize(("name", "raw", "system"), list(encodings()))
def test_names_without_the_flag(owner: User, name: str, raw: bytes, system: int) -> None:
    assert taken_names(owner, raw_named(raw, system=system)) == [name]


def test_name_in_an_extra_field(owner: User) -> None:
    raw, name = b"Gr__e.jpg\x81", "Grüße 写真.jpg"
    content = struct.pack("<BL", 1, zlib.crc32(raw)) + name.encode()
    extra = struct.pack("<HH", archive_names.UNICODE_PATH, len(content)) + content
    assert taken_names(owner, raw_named(raw, extra=extra)) == [name]


def test_decomposed_letters_are_composed(owner: User) -> None:
    # As macOS writes it: u and a combining diaeresis.
    assert taken_names(owner, archive({"Gru\u0308\u00dfe.jpg": jpeg()})) == ["Grüße.jpg"]


def test_backslashes_lead_into_folders(owner: User) -> None:
    content = archive(
        {"Fotos\\": b"", "Fotos\\Urlaub\\IMG_1.jpg": jpeg(), "Fotos\\Thumbs.db": b"x"}
    )
    assert taken_names(owner, content) == ["IMG_1.jpg"]


@pytest.mark.parametrize(
    "name",
    [
        ".", "./.",
        "__MACOSX/a/._IMG_1.jpg", "a/._IMG_1.jpg", "._a", "a/.DS_Store", "a/._.DS_Store",
        "a/@eaDir/IMG_1.jpg/SYNOPHOTO_THUMB_SM.jpg", "a/@eaDir/IMG_1.jpg@SynoEAStream",
        "a/#recycle/IMG_0.jpg", "a/@Recycle/IMG_0.jpg", "a/.@__thumb/defaultIMG_1.jpg",
        "$RECYCLE.BIN/x.jpg", "System Volume Information/x.jpg", "a/.thumbnails/1.jpg",
        "a/Thumbs.db", "a/THUMBS.DB", "a/ehthumbs.db", "a/desktop.ini", "a/Desktop.ini",
        "a/.picasa.ini", "a/Picasa.ini", "a/Icon\r", "a/.nomedia",
        "a/IMG_1.jpg.json", "a/IMG_1.AAE", "a/IMG_1.xmp", "a/metadata.json", "index.html",
        "notes.txt", "a/IMG_1.mov", "a/IMG_1.MP4", "a/IMG_1.jpg.mp4",
    ],
)  # fmt: skip
def test_what_lies_beside_photos_is_skipped(owner: User, name: str) -> None:
    # Some of these are pictures, but not photos.
    assert taken_names(owner, archive({"a/IMG_1.jpg": jpeg(), name: jpeg()})) == ["IMG_1.jpg"]


def test_a_film_of_its_own_is_told_so(owner: User) -> None:
    film = b"\0\0\0\x14ftypqt  " + bytes(100)
    result = submit(owner, archive({"a.jpg": jpeg(), "film.mov": film, "really.jpg": film}))
    assert len(result.accepted) == 1
    assert [r.filename for r in result.rejected] == ["a.zip › film.mov", "a.zip › really.jpg"]
    assert {r.error.code for r in result.rejected} == {"unsupported_format"}
    assert all("film" in r.error.message for r in result.rejected)


def test_only_pictures_count(owner: User, settings: Any) -> None:
    settings.ARCHIVE_MAX_FILES, settings.ARCHIVE_MAX_BYTES = 2, 100_000
    files = {"a.jpg": jpeg(), "b.jpg": jpeg()}
    beside = {f"{name}.json": b"{}" for name in files} | {"film.mp4": bytes(200_000)}
    result = submit(owner, archive(files | beside | {f"{n}.txt": b"x" for n in range(9)}))
    assert len(result.accepted) == 2
    files["c.jpg"] = jpeg()
    assert submit(owner, archive(files)).rejected[0].error.code == "too_many_files"


@pytest.mark.parametrize(
    ("photo", "sidecar"),
    [
        ("p/IMG_1.jpg", "p/IMG_1.jpg.json"),
        ("p/IMG_1.jpg", "p/IMG_1.jpg.supplemental-metadata.json"),
        ("p/IMG_1(2).jpg", "p/IMG_1.jpg(2).json"),
        ("p/IMG_1(2).jpg", "p/IMG_1.jpg.supplemental-metadata(2).json"),
        (
            "Screenshot_20241227_105539_Edge.jpg",
            "Screenshot_20241227_105539_Edge.jpg.supplement.json",
        ),
        (
            "Screenshot_20241227_105539_Edge(1).jpg",
            "Screenshot_20241227_105539_Edge.jpg.supplement(1).json",
        ),
    ],
)
def test_a_photo_service_tells_when_a_photo_was_taken(
    owner: User, photo: str, sidecar: str
) -> None:
    told = json.dumps({"title": "x", "photoTakenTime": {"timestamp": "1620036000"}}).encode()
    submit(owner, archive({photo: jpeg(), sidecar: told}))
    assert Photo.objects.get().captured_at == datetime(2021, 5, 3, 10, tzinfo=UTC)
    assert Photo.objects.get().taken_at == datetime(2021, 5, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "told",
    [
        b"", b"{", b"[]", b"null", b"[" * 100_000, b'{"photoTakenTime": 7}',
        b'{"photoTakenTime": {"timestamp": "0"}}', b'{"photoTakenTime": {"timestamp": "1e99"}}',
        b'{"photoTakenTime": {"timestamp": 99999999999999}}', b'{"photoTakenTime": {}}',
        b'{"photoTakenTime": {"timestamp": -99999999999}}', b"\xff\xfe",
    ],
)  # fmt: skip
def test_nonsense_tells_nothing(owner: User, told: bytes) -> None:
    submit(owner, archive({"a.jpg": jpeg(), "a.jpg.json": told}))
    assert Photo.objects.get().captured_at is None


def test_a_film_beside_a_photo_of_another_folder_is_told(owner: User) -> None:
    result = submit(owner, archive({"a/1.jpg": jpeg(), "b/1.mov": b"film"}))
    assert len(result.rejected) == 1


def export_of(photo: str, size: int) -> bytes:
    entries: list[object] = [{"photo": photo, "note": "x"}]
    entries += [{"photo": str(uuid4()), "note": "of no picture here"} for _ in range(9)]
    return json.dumps({"analyses": entries}).encode().ljust(size)


def remarks_in(content: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Remark], int]:
    """Return the remark on each photo, and how many bytes were unpacked for it."""
    unpacked: list[bytes] = []
    read = zipfile.ZipFile.read

    def count(zipped: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
        unpacked.append(read(zipped, entry))
        return unpacked[-1]

    monkeypatch.setattr(zipfile.ZipFile, "read", count)
    opened = archives.Archive(SimpleUploadedFile("a.zip", content))
    found = [opened.remark_on(member) for member in opened.members]
    assert len(opened._remarks._exports) <= len(found)
    assert sum(map(len, opened._remarks._exports.values())) <= len(found)
    return found, sum(map(len, unpacked))


def test_exports_in_many_folders_are_no_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "SIDECAR_BYTES", 2**20)
    monkeypatch.setattr(remarks, "MAX_EXPORT_BYTES", 2**18)
    files = {}
    for folder in range(50):
        photo = str(uuid4())
        files[f"{folder}/images/{photo}.jpg"] = b"photo"
        files[f"{folder}/analyses.json"] = export_of(photo, 2**18)
    found, unpacked = remarks_in(archive(files), monkeypatch)
    assert [remark.note for remark in found] == ["x"] * 4 + [""] * 46
    assert unpacked == archives.SIDECAR_BYTES


def test_a_sidecar_that_breaks_off_was_unpacked_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archives, "SIDECAR_BYTES", 2 * 2**10)
    told = json.dumps({"photoTakenTime": {"timestamp": "1620036000"}}).encode().ljust(2**10)
    content = archive({f"{n}.jpg{end}": told for n in range(6) for end in ("", ".json")})
    monkeypatch.setattr(zipfile.ZipExtFile, "_update_crc", mock.Mock(side_effect=BadZipFile))
    opened = archives.Archive(SimpleUploadedFile("a.zip", content))
    assert [opened.remark_on(member) for member in opened.members] == [NO_REMARK] * 6
    assert opened._sidecar_bytes == 0


def test_what_a_service_says_of_a_photo_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    told = json.dumps({"photoTakenTime": {"timestamp": "1620036000"}}).encode()
    files = {"a.jpg": b"photo", "a.jpg.json": told.ljust(65 * 2**10)}
    assert remarks_in(archive(files), monkeypatch) == ([NO_REMARK], 0)
    files["a.jpg.json"] = told.ljust(64 * 2**10)
    found, _ = remarks_in(archive(files), monkeypatch)
    assert found[0].captured_at is not None


def test_too_many_files_means_pictures_and_not_what_lies_beside_them(settings: Any) -> None:
    settings.ARCHIVE_MAX_FILES = 200

    def opened(photos: int) -> archives.Archive:
        files = {f"p/{n}.jpg{end}": b"x" for n in range(photos) for end in ("", ".json")}
        return archives.Archive(SimpleUploadedFile("a.zip", archive(files)))

    assert len(opened(200).members) == 200
    with pytest.raises(DetectorError) as refused:
        opened(300)
    assert (refused.value.code, refused.value.details) == ("too_many_files", {"max_files": 200})
