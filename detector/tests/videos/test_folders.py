"""Photos and videos of a folder, by `manage.py analyse_folder`."""

import io
import os
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from detector.enums import Source
from detector.models import Photo, User, Video
from detector.tests.bad_files import jpeg
from detector.tests.videos.films import film


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two photos, one of them in a ZIP, a video, and what is neither."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("me.jpg", jpeg("blue"))
        out.writestr("notes.doc", "no photo")
    files = {
        "beach/me.jpg": jpeg(),
        "beach/walk": film(1).read(),
        "beach/broken.mp4": b"%PDF-1.7",
        "beach/.hidden.txt": b"no photo",
        ".cache/me.jpg": jpeg("green"),
        "all.zip": archive.getvalue(),
        "notes.txt": b"no photo",
    }
    folder = tmp_path / "holiday"
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_photos_and_videos_of_a_folder_are_accepted(
    owner: User, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="Some files were refused"):
        call_command("analyse_folder", str(folder), user=owner.username)
    lines = capsys.readouterr().out.splitlines()
    assert [line.rpartition(":")[0] for line in lines[:3]] == [
        "all.zip › notes.doc: unsupported_format: This is not an image we can read",
        "beach/broken.mp4: document_file",
        "notes.txt: unsupported_format: This is not an image we can read",
    ]
    assert lines[3:] == [
        "2 photos and 1 videos accepted, 0 known before, 3 refused",
        "  2 unsupported_format",
        "  1 document_file",
    ]
    assert set(Photo.objects.values_list("owner", "source")) == {
        (owner.pk, Source.API), (owner.pk, Source.ARCHIVE),
    }  # fmt: skip
    assert Photo.objects.values("batch").distinct().count() == 1
    assert Video.objects.get().filename == "walk"

    (folder / "notes.txt").unlink()
    (folder / "all.zip").unlink()
    (folder / "beach/broken.mp4").unlink()
    call_command("analyse_folder", str(folder), user=owner.username)
    assert capsys.readouterr().out == "0 photos and 0 videos accepted, 2 known before, 0 refused\n"


def test_what_is_no_folder_is_an_error(owner: User, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is not a folder"):
        call_command("analyse_folder", str(tmp_path / "no"), user=owner.username)


def test_names_that_are_no_text_stop_no_other(
    owner: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Disks of old systems have names in their own code pages."""
    for name, content in ((b"\xfcber.jpg", jpeg()), (b"\xfcber.txt", b"no photo")):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(content)
    with pytest.raises(CommandError):
        call_command("analyse_folder", str(tmp_path), user=owner.username)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("\N{REPLACEMENT CHARACTER}ber.txt: unsupported_format: ")
    assert lines[1] == "1 photos and 0 videos accepted, 0 known before, 1 refused"
