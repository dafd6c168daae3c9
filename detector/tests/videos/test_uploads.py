"""Uploads of videos in parts: how they end, and that nothing is left of those that do not."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.signals import post_delete
from pytest_django.fixtures import Settings

from detector.common import clock
from detector.exceptions import DetectorError
from detector.models import User, Video, VideoUpload
from detector.photos import erasure as photo_erasure
from detector.photos import orphans, quotas
from detector.tests.photos.test_orphans import age, stored
from detector.tests.videos.films import film
from detector.videos import erasure, parts, submission, uploads
from ml.tests.videos import making


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MIN_PART_BYTES", 10)


@pytest.fixture(scope="module")
def content() -> bytes:
    return film(1).read()


def part(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("part", content)


def begun(owner: User, content: bytes, sent: int = 100) -> VideoUpload:
    """Return an upload of which `sent` bytes are there."""
    upload = uploads.begin(owner, filename="walk.mp4", length=len(content))
    return uploads.append(upload, 0, part(content[:sent]))


def code_of(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(DetectorError) as caught:
        call(*arguments, **named)
    return caught.value.code


def test_parts_become_the_video_that_was_sent(
    owner: User, content: bytes, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        upload = begun(owner, content)
        upload = uploads.append(upload, 100, part(content[100:1000]))
        assert len(stored()) == 2
        done = uploads.append(upload, 1000, part(content[1000:]))
    video = Video.objects.get()
    assert (done.video, done.offset, video.filename) == (video, len(content), "walk.mp4")
    with video.file.open() as file:
        assert file.read() == content
    assert stored() == {str(video.file.name)}
    # Who did not get the answer sends the last part again, or asks with an empty one.
    assert uploads.append(done, len(content), part(b"")).video == video
    assert code_of(uploads.append, done, 1000, part(content[1000:])) == "wrong_offset"


def test_two_last_parts_make_one_video(owner: User, content: bytes) -> None:
    upload = begun(owner, content)
    again = VideoUpload.objects.get(pk=upload.pk)
    first = uploads.append(upload, 100, part(content[100:]))
    # The other request read the row before the first one had ended, and the parts after it.
    assert code_of(uploads.append, again, 100, part(content[100:])) == "wrong_offset"
    again.refresh_from_db()
    assert first.video == again.video == Video.objects.get()


def test_parts_that_go_while_they_are_read_are_not_lost(
    owner: User, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begun(owner, content)
    other = VideoUpload.objects.get(pk=upload.pk)
    whole = parts.whole

    def overtaken(*arguments: Any) -> Any:
        monkeypatch.setattr(parts, "whole", whole)
        uploads.append(other, 100, part(content[100:]))
        raise parts.LOST

    monkeypatch.setattr(parts, "whole", overtaken)
    assert code_of(uploads.append, upload, 100, part(content[100:])) == "wrong_offset"
    upload.refresh_from_db()
    assert upload.video == Video.objects.get()


def test_of_two_parts_for_one_place_one_is_kept(owner: User, content: bytes) -> None:
    upload = begun(owner, content)
    late = VideoUpload.objects.get(pk=upload.pk)
    uploads.append(upload, 100, part(content[100:200]))
    assert code_of(uploads.append, late, 100, part(b"something else")) == "wrong_offset"
    late.refresh_from_db()
    assert (late.offset, late.parts.count(), len(stored())) == (200, 2, 2)


def test_a_part_that_comes_after_the_upload_was_discarded_leaves_nothing(
    owner: User, content: bytes, django_capture_on_commit_callbacks: Any
) -> None:
    upload = begun(owner, content)
    with django_capture_on_commit_callbacks(execute=True):
        uploads.discard(VideoUpload.objects.get(pk=upload.pk))
    assert code_of(uploads.append, upload, 100, part(content[100:200])) == "wrong_offset"
    assert not stored()


def test_a_file_that_is_no_video_leaves_nothing(
    owner: User, django_capture_on_commit_callbacks: Any
) -> None:
    bad = making.truncated()
    with django_capture_on_commit_callbacks(execute=True):
        upload = begun(owner, bad)
        assert code_of(uploads.append, upload, 100, part(bad[100:])) == "video_truncated"
    assert not VideoUpload.objects.exists()
    assert not stored()


def test_what_may_pass_keeps_the_parts(
    owner: User, content: bytes, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    def busy(*_: Any, **__: Any) -> None:
        raise DetectorError("busy", "Try again.", permanent=False)

    upload = begun(owner, content)
    with monkeypatch.context() as patch:
        patch.setattr(submission, "submit", busy)
        assert code_of(uploads.append, upload, 100, part(content[100:])) == "busy"
    settings.QUOTA_BYTES = 1
    assert code_of(uploads.append, upload, 100, part(content[100:])) == "quota_exceeded"
    settings.QUOTA_BYTES = 10**9
    assert uploads.append(upload, 100, part(content[100:])).video == Video.objects.get()


def test_a_lost_part_ends_the_upload(owner: User, content: bytes) -> None:
    upload = begun(owner, content)
    lost = upload.parts.get()
    lost.file.storage.delete(str(lost.file.name))
    assert code_of(uploads.append, upload, 100, part(content[100:])) == "file_missing"
    assert not VideoUpload.objects.exists()


def test_parts_have_a_least_and_a_largest_size(owner: User, content: bytes) -> None:
    upload = begun(owner, content)
    assert code_of(uploads.append, upload, 100, part(b"few")) == "part_too_small"
    assert code_of(uploads.append, upload, 100, part(content)) == "part_too_long"
    assert code_of(uploads.append, upload, 90, part(content[90:])) == "wrong_offset"


def test_the_quota_counts_what_is_under_way(owner: User, settings: Settings) -> None:
    settings.VIDEO_UPLOADS_AT_ONCE, settings.QUOTA_BYTES = 2, 100
    assert code_of(uploads.begin, owner, filename="", length=0) == "empty_file"
    settings.VIDEO_MAX_BYTES = 90
    assert code_of(uploads.begin, owner, filename="", length=91) == "upload_too_large"
    uploads.begin(owner, filename="", length=60)
    assert code_of(uploads.begin, owner, filename="", length=41) == "quota_exceeded"
    second = uploads.begin(owner, filename="", length=40)
    assert code_of(uploads.begin, owner, filename="", length=0) == "empty_file"
    assert code_of(uploads.begin, owner, filename="", length=1) == "too_many_uploads"
    uploads.discard(second)
    settings.QUOTA_VIDEOS = 1
    assert code_of(uploads.begin, owner, filename="", length=1) == "quota_exceeded"
    photo_erasure.delete_account(owner)
    assert code_of(quotas.check_video_upload, owner, 1) == "account_gone"


def test_an_upload_that_is_left_alone_expires(
    owner: User, content: bytes, django_capture_on_commit_callbacks: Any
) -> None:
    upload = begun(owner, content)
    assert uploads.discard_expired() == 0
    VideoUpload.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert uploads.upload_of(owner, upload.pk) is None
    with django_capture_on_commit_callbacks(execute=True):
        assert uploads.discard_expired() == 1
    assert not stored()


def test_parts_are_no_orphans_and_go_with_the_account(
    owner: User, content: bytes, django_capture_on_commit_callbacks: Any
) -> None:
    begun(owner, content)
    age(hours=2)
    assert orphans.remove_orphans() == 0
    with django_capture_on_commit_callbacks(execute=True):
        photo_erasure.delete_account(owner)
    assert not VideoUpload.objects.exists()
    assert not stored()


def test_a_part_that_cannot_be_stored_changes_nothing(
    owner: User, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begun(owner, content)
    removed: list[str] = []
    monkeypatch.setattr(
        "detector.videos.uploads._expiry", lambda: (_ for _ in ()).throw(RuntimeError("died"))
    )
    monkeypatch.setattr(parts, "remove", lambda each: removed.append(str(each.file.name)))
    with pytest.raises(RuntimeError):
        uploads.append(upload, 100, part(content[100:200]))
    upload.refresh_from_db()
    assert (upload.offset, len(removed)) == (100, 1)


def test_an_erased_video_takes_its_upload_along(owner: User, content: bytes) -> None:
    done = uploads.append(begun(owner, content), 100, part(content[100:]))
    erasure.delete_video(Video.objects.get())
    assert uploads.upload_of(owner, done.pk) is None


def test_an_upload_whose_part_comes_while_others_expire_goes_on(
    owner: User, content: bytes
) -> None:
    ids = {begun(owner, content).pk, begun(owner, content).pk}
    VideoUpload.objects.update(expires_at=clock.now() - timedelta(seconds=1))

    def part_comes(instance: VideoUpload, **_: Any) -> None:
        others = VideoUpload.objects.exclude(pk=instance.pk)
        others.update(expires_at=clock.now() + timedelta(hours=1))

    post_delete.connect(part_comes, sender=VideoUpload)
    try:
        assert uploads.discard_expired() == 1
    finally:
        post_delete.disconnect(part_comes, sender=VideoUpload)
    assert VideoUpload.objects.get().pk in ids
