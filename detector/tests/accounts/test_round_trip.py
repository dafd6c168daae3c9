"""Uploading an export restores its photos and their annotations."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import ExifTags, Image

from detector.accounts import export
from detector.analyses import submission
from detector.enums import Emotion, Source
from detector.models import Analysis, Photo, PhotoTag, User
from detector.photos import annotations, trash
from detector.tests.bad_files import archive, jpeg

TAKEN = datetime(2021, 5, 3, 12, 0, 0, 250_000, tzinfo=UTC)
Work = Callable[[], list[Analysis]]


def dated() -> bytes:
    exif = Image.Exif()
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = "2021:05:03 14:00:00"
    details[ExifTags.Base.SubsecTimeOriginal] = "25"
    details[ExifTags.Base.OffsetTimeOriginal] = "+02:00"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    buffer = io.BytesIO()
    Image.effect_noise((64, 48), 40).convert("RGB").save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def upload(owner: User, name: str, content: bytes) -> submission.Submission:
    return submission.submit(owner, [SimpleUploadedFile(name, content)], Source.WEB)


def exported(owner: User) -> bytes:
    return b"".join(export.zip_pieces(owner, bom=True))


@pytest.fixture
def history(
    owner: User, work_off: Work, sent: Any, django_capture_on_commit_callbacks: Any
) -> Photo:
    with django_capture_on_commit_callbacks(execute=True):
        upload(owner, "Grüße.jpg", dated())
        upload(owner, "undated.jpg", jpeg())
    work_off()
    photo = Photo.objects.get(filename="Grüße.jpg")
    annotations.annotate(
        photo, note="=1+1\nAt the lake 🌊", tags=["lake", "Sömmer"], felt_emotion=Emotion.SAD
    )
    return photo


def written(photo: Photo) -> tuple[Any, ...]:
    tags = sorted(photo.tags.values_list("name", flat=True))
    return photo.filename, photo.note, tags, photo.felt_emotion, photo.captured_at, photo.taken_at


def test_pictures_keep_when_they_were_taken_and_nothing_else(history: Photo, owner: User) -> None:
    with zipfile.ZipFile(io.BytesIO(exported(owner))) as zipped:
        assert zipped.testzip() is None
        dates = []
        for name in zipped.namelist():
            if name.endswith(".jpg"):
                content = zipped.read(name)
                exif = Image.open(io.BytesIO(content)).getexif()
                assert not exif.get_ifd(ExifTags.IFD.GPSInfo)
                details = exif.get_ifd(ExifTags.IFD.Exif)
                dates.append(details.get(ExifTags.Base.DateTimeOriginal))
        assert history.captured_at is not None
        local = history.captured_at.astimezone(owner.zone)
        assert set(dates) == {local.strftime("%Y:%m:%d %H:%M:%S"), None}


def test_everything_comes_back_with_another_person(
    history: Photo,
    owner: User,
    stranger: User,
    work_off: Work,
    django_capture_on_commit_callbacks: Any,
) -> None:
    content = exported(owner)
    with django_capture_on_commit_callbacks(execute=True):
        result = upload(stranger, "emotionsite.zip", content)
    assert result.rejected == []
    assert len(result.accepted) == 2
    before = [written(photo) for photo in Photo.objects.filter(owner=stranger, note__gt="")]
    work_off()
    copy = Photo.objects.get(owner=stranger, filename="Grüße.jpg")
    assert written(copy) == written(history)
    assert history.captured_at == TAKEN
    assert before == [written(copy)]
    assert set(PhotoTag.objects.filter(photo=copy).values_list("owner", flat=True)) == {stranger.pk}
    undated = Photo.objects.get(owner=stranger, filename="undated.jpg")
    assert (undated.captured_at, undated.note, undated.felt_emotion) == (None, "", "")
    # Upload both again: nothing is duplicated.
    again = upload(stranger, "emotionsite.zip", content)
    assert len(again.duplicates) == 2
    assert len(upload(stranger, "copy.zip", exported(stranger)).duplicates) == 2
    assert Photo.objects.filter(owner=stranger).count() == 2


def test_what_is_there_already_is_not_doubled_and_not_changed(history: Photo, owner: User) -> None:
    content = exported(owner)
    annotations.annotate(history, note="newer", tags=[])
    result = upload(owner, "emotionsite.zip", content)
    assert len(result.duplicates) == len(result.accepted) == 2
    history.refresh_from_db()
    assert history.note == "newer"
    assert Photo.objects.count() == 2


def test_what_lies_in_the_bin_comes_out_of_it(history: Photo, owner: User) -> None:
    content = exported(owner)
    trash.discard(owner, [history.pk])
    upload(owner, "emotionsite.zip", content)
    history.refresh_from_db()
    assert history.deleted_at is None
    assert Photo.objects.count() == 2


def test_packed_again_in_a_folder(history: Photo, owner: User, stranger: User) -> None:
    with zipfile.ZipFile(io.BytesIO(exported(owner))) as zipped:
        files = {f"My export\\{name}": zipped.read(name) for name in zipped.namelist()}
    upload(stranger, "again.zip", archive(files))
    assert Photo.objects.get(owner=stranger, filename="Grüße.jpg").note == history.note


ID = "01890a5d-ac96-774b-bcce-b302099a8057"


def doctored(**values: Any) -> bytes:
    entry = {"photo": ID, "filename": "a.jpg", **values}
    texts = json.dumps({"analyses": [entry]}).encode()
    return archive({"analyses.json": texts, f"images/{ID}.jpg": jpeg()})


@pytest.mark.parametrize(
    "values",
    [
        {"note": "x" * 5000},
        {"note": ["a"], "tags": "lake", "felt_emotion": 3, "captured_at": 7, "filename": None},
        {"note": "\ud800\0", "filename": "\ud800", "tags": ["\ud800", "\0"]},
        {"tags": ["x" * 90] * 50 + [None, {}]},
        {"tags": [f"tag {number}" for number in range(50)]},
        {"felt_emotion": "furious"},
        {"captured_at": "yesterday"},
        {"captured_at": "0001-01-01T00:00:00+14:00"},
        {"captured_at": "9999-12-31T23:59:59-12:00"},
        {"captured_at": "2021-13-45T00:00:00Z"},
        {"captured_at": "2021-05-03T12:00:00"},
        {"sha256": "x", "id": ID, "owner": 1, "source": "web", "status": "done"},
        {"filename": "../../etc/passwd\n" + "x" * 500},
    ],
)
def test_what_it_says_is_not_believed(owner: User, values: dict[str, Any]) -> None:
    result = upload(owner, "a.zip", doctored(**values))
    assert result.rejected == []
    photo = Photo.objects.get()
    assert len(photo.note) <= annotations.NOTE_LENGTH
    assert photo.tags.count() <= annotations.TAGS_A_PHOTO
    assert photo.felt_emotion == ""
    assert photo.captured_at is None
    assert len(photo.filename) <= 255
    assert photo.source == Source.ARCHIVE


def test_a_moment_to_come_is_none(owner: User) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    upload(owner, "a.zip", doctored(captured_at=tomorrow.isoformat()))
    assert Photo.objects.get().captured_at is None


@pytest.mark.parametrize(
    "texts",
    [b"", b"{", b"[]", b"[" * 100_000, b'{"analyses": 3}', b'{"analyses": [3, {}, null]}',
     b'{"analyses": [{"photo": "../x"}]}', b'{"analyses": [{"photo": {}}]}', b"\xff", b"9" * 9999],
)  # fmt: skip
def test_what_cannot_be_read_is_passed_over(owner: User, texts: bytes) -> None:
    content = archive({"analyses.json": texts, f"images/{ID}.jpg": jpeg()})
    assert len(upload(owner, "a.zip", content).accepted) == 1


def test_what_is_too_long_is_not_unpacked(owner: User) -> None:
    texts = json.dumps({"analyses": [{"photo": ID, "note": "x" * 9 * 2**20}]}).encode()
    content = archive({"analyses.json": texts, f"images/{ID}.jpg": jpeg()})
    upload(owner, "a.zip", content)
    assert Photo.objects.get().note == ""


def test_ids_and_sums_of_another_person_mean_nothing(
    history: Photo, owner: User, stranger: User
) -> None:
    result = upload(stranger, "a.zip", doctored(sha256=history.sha256, photo=ID))
    assert [analysis.owner for analysis in result.accepted] == [stranger]
    assert result.duplicates == set()
    entry = {"photo": str(history.pk), "note": "mine"}
    texts = json.dumps({"analyses": [entry]}).encode()
    content = archive({"analyses.json": texts, f"images/{history.pk}.jpg": jpeg()})
    upload(stranger, "b.zip", content)
    history.refresh_from_db()
    assert "lake" in history.note


def test_nothing_half_written_stays(
    owner: User, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("no more room")

    monkeypatch.setattr(annotations, "annotate", fail)
    with pytest.raises(RuntimeError, match="no more room"):
        upload(owner, "a.zip", doctored(note="x"))
    assert not Photo.objects.exists()
    stored = [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]
    assert stored == []
