"""Owners choose how long photos, videos and live sessions are kept."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from detector.models import Photo, User
from detector.photos import erasure, retention
from detector.tests.factories import (
    AnalysisFactory,
    LiveSessionFactory,
    PhotoFactory,
    VideoFactory,
)

pytestmark = pytest.mark.django_db


def test_retention_erases_what_outlived_its_time(owner: User, stranger: User) -> None:
    now = timezone.now()
    owner.keep_photos_days = 30
    owner.save()
    old = PhotoFactory.create(owner=owner, uploaded_at=now - timedelta(days=31))
    binned = PhotoFactory.create(owner=owner, uploaded_at=old.uploaded_at, deleted_at=now)
    young = PhotoFactory.create(owner=owner, uploaded_at=now - timedelta(days=29))
    theirs = PhotoFactory.create(owner=stranger, uploaded_at=old.uploaded_at)
    assert retention.count_outlived(owner, now) == 2
    assert retention.count_outlived(stranger, now) == 0
    assert retention.erase_outlived(now) == 2
    assert set(Photo.objects.all()) == {young, theirs}
    assert binned not in Photo.objects.all()
    assert retention.erase_outlived(now) == 0


def test_who_keeps_photos_longer_during_a_run_keeps_the_rest(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    owner.keep_photos_days = 30
    owner.save()
    for _ in range(2):
        PhotoFactory.create(owner=owner, uploaded_at=now - timedelta(days=31))

    def erase(photo: Photo) -> None:
        photo.delete()
        User.objects.update(keep_photos_days=None)

    monkeypatch.setattr(erasure, "delete_photo", erase)
    assert retention.erase_outlived(now) == 1
    assert Photo.objects.count() == 1


def test_the_hourly_command_honours_retention(
    owner: User, capsys: pytest.CaptureFixture[str]
) -> None:
    User.objects.filter(pk=owner.pk).update(keep_photos_days=30)
    PhotoFactory.create(owner=owner, uploaded_at=timezone.now() - timedelta(days=31))
    call_command("purge_expired")
    assert capsys.readouterr().out == "1 photos, 0 videos and 0 live sessions erased\n"
    assert not Photo.objects.exists()


def test_retention_is_set_and_its_consequence_said(web: Client, owner: User) -> None:
    AnalysisFactory.create(photo__owner=owner)
    VideoFactory.create(owner=owner)
    for _ in range(2):
        LiveSessionFactory.create(owner=owner, started_at=timezone.now() - timedelta(days=91))
    page = web.post("/settings/retention/", {"days": "90"}, follow=True)
    assert "older than that: 1 photo, 1 video, 2 live sessions." in page.content.decode()
    assert User.objects.get(pk=owner.pk).keep_photos_days == 90
    web.post("/settings/retention/", {"days": ""})
    assert User.objects.get(pk=owner.pk).keep_photos_days is None
    assert web.post("/settings/retention/", {"days": "1"}).status_code == 200


# --- The end of an account
