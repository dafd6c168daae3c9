"""Distinct values of a column, read from an index."""

import pytest
from django.utils import timezone

from detector.common.distinct import distinct_values
from detector.models import Photo, PhotoTag, User
from detector.photos import selectors as photo_selectors
from detector.tests.factories import PhotoFactory, UserFactory

pytestmark = pytest.mark.django_db


def _tag(owner: User, *names: str) -> Photo:
    photo = PhotoFactory.create(owner=owner)
    for name in names:
        PhotoTag.objects.create(photo=photo, owner=owner, name=name)
    return photo


def test_tags_are_named_once_and_in_order(owner: User) -> None:
    _tag(owner, "sea", "beach")
    _tag(owner, "sea", "100 %", "'; DROP TABLE")
    _tag(UserFactory.create(), "another's")
    thrown_away = _tag(owner, "beach", "bin")
    Photo.objects.filter(pk=thrown_away.pk).update(deleted_at=timezone.now())
    assert photo_selectors.tag_names_of(owner) == sorted(["100 %", "'; DROP TABLE", "beach", "sea"])


def test_nothing_has_no_values(owner: User) -> None:
    assert distinct_values(PhotoTag.objects.filter(owner=owner), "name") == []
