"""Invalid uploads have an error message and leave nothing behind."""

import html
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from detector.analyses import submission
from detector.enums import Source
from detector.models import Analysis, Photo, User
from detector.tests.bad_files import CASES, archive, bomb, jpeg, long_gif

FETCH = {"X-Requested-With": "fetch"}

BAD = pytest.mark.parametrize(("name", "content", "code"), CASES.values(), ids=list(CASES))
Content = Callable[[], bytes]


def stored_files() -> list[Path]:
    return [path for path in Path(django_settings.MEDIA_ROOT).rglob("*") if path.is_file()]


@pytest.fixture(autouse=True)
def _own_temporary_files(settings: Any, tmp_path: Path) -> None:
    folder = tmp_path / "uploading"
    folder.mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = folder


def nothing_left(tmp_path: Path) -> bool:
    return (
        not Photo.objects.exists()
        and not Analysis.objects.exists()
        and stored_files() == []
        and not any((tmp_path / "uploading").iterdir())
    )


@BAD
def test_the_api_refuses_it(
    api: APIClient, tmp_path: Path, name: str, content: Content, code: str
) -> None:
    files = {"images": [SimpleUploadedFile(name, content())]}
    response = api.post("/api/v1/analyses/", files, format="multipart")
    assert (response.status_code, response.json()["error"]["code"]) == (400, code)
    assert nothing_left(tmp_path)


@BAD
def test_the_page_has_a_sentence_for_it(
    web: Client, tmp_path: Path, name: str, content: Content, code: str
) -> None:
    response = web.post(
        "/upload/", {"images": [SimpleUploadedFile(name, content())]}, headers=FETCH
    )
    page = html.unescape(response.content.decode())
    assert SENTENCES[code] in page
    assert nothing_left(tmp_path)


SENTENCES = {
    "unsupported_format": "not an image we can read",
    "corrupt_image": "The image is damaged or incomplete.",
    "image_too_large": "The image has more than 65 megapixels.",
    "file_too_large": "The file is larger than 50 MB.",
    "too_many_frames": "The animation has more than 1,000 frames.",
    "empty_file": "The file is empty.",
    "name_too_long": "The name of a file is too long.",
    "archive_too_large": "The archive unpacks to far more than photos do",
    "too_many_files": "The archive holds more than 200 files.",
    "unsafe_archive": "The archive names files outside of itself",
    "nested_archive": "An archive inside an archive is not opened.",
    "no_photo_in_archive": "There is no photo in this archive.",
    "locked_file": "The file is locked with a password.",
    "corrupt_archive": "The archive is damaged or incomplete.",
    "unsupported_compression": "The file is compressed in a way that we do not read.",
}


def test_every_code_has_a_sentence_of_its_own() -> None:
    assert {code for *_, code in CASES.values()} == SENTENCES.keys()
    assert len(set(SENTENCES.values())) == len(SENTENCES)


def test_photos_of_an_archive_each_have_their_result(owner: User) -> None:
    first, second = jpeg(), jpeg()
    content = archive(
        {
            "holiday/a.jpg": first,
            "holiday/": b"",
            "holiday/b.jpg": second,
            "holiday/again.jpg": first,
            "holiday/notes.doc": b"not a photo",
            "holiday/more.zip": archive({"c.jpg": jpeg()}),
            "holiday/.DS_Store": b"junk",
            "__MACOSX/holiday/._a.jpg": b"junk",
        }
    )
    file = SimpleUploadedFile("holiday.zip", content)
    result = submission.submit(owner, [file, SimpleUploadedFile("d.jpg", jpeg())], Source.WEB)
    assert [a.photo.filename for a in result.accepted] == ["a.jpg", "b.jpg", "a.jpg", "d.jpg"]
    assert len(result.duplicates) == 1
    assert [(r.filename, r.error.code) for r in result.rejected] == [
        ("holiday.zip › notes.doc", "unsupported_format"),
        ("holiday.zip › more.zip", "nested_archive"),
    ]
    sources = Photo.objects.order_by("filename").values_list("filename", "source")
    assert list(sources) == [("a.jpg", "archive"), ("b.jpg", "archive"), ("d.jpg", "web")]
    assert len(stored_files()) == 3


def test_limits_of_archives_come_from_the_settings(owner: User, settings: Any) -> None:
    content = archive({"a.jpg": jpeg(), "b.jpg": jpeg()})

    def code() -> str:
        file = SimpleUploadedFile("a.zip", content)
        return submission.submit(owner, [file], Source.WEB).rejected[0].error.code

    settings.ARCHIVE_MAX_FILES = 1
    assert code() == "too_many_files"
    settings.ARCHIVE_MAX_FILES, settings.ARCHIVE_MAX_BYTES = 2, 1000
    assert code() == "archive_too_large"


def test_a_bomb_takes_no_memory(owner: User) -> None:
    file = SimpleUploadedFile("bomb.zip", bomb())
    tracemalloc.start()
    submission.submit(owner, [file], Source.WEB)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 2**20


def test_a_short_animation_is_its_first_frame(owner: User) -> None:
    file = SimpleUploadedFile("short.gif", long_gif(frames=1000))
    assert len(submission.submit(owner, [file], Source.WEB).accepted) == 1


def test_too_many_files_at_once_are_told_so(web: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    files = [SimpleUploadedFile("a.jpg", b"x") for _ in range(3)]
    response = web.post("/upload/", {"images": files})
    assert response.status_code == 400
    assert "files at once" in response.content.decode()
