"""Notes, tags and self-reports."""

from typing import Any

import pytest

from detector.enums import Emotion
from detector.exceptions import DetectorError
from detector.models import Photo, User
from detector.photos import annotations
from detector.tests.factories import PhotoFactory


@pytest.fixture
def photo(owner: User) -> Photo:
    return PhotoFactory.create(owner=owner)


def tags(photo: Photo) -> list[str]:
    return list(photo.tags.values_list("name", flat=True))


def test_only_what_is_given_changes(photo: Photo) -> None:
    annotations.annotate(photo, note="At the\r\nlake ", tags=["Summer", "anna"], felt_emotion="sad")
    assert (photo.note, photo.felt_emotion, tags(photo)) == (
        "At the\nlake", Emotion.SAD, ["Summer", "anna"],
    )  # fmt: skip
    annotations.annotate(photo, felt_emotion="")
    assert (photo.note, photo.felt_emotion, tags(photo)) == (
        "At the\nlake", "", ["Summer", "anna"],
    )  # fmt: skip
    annotations.annotate(photo, tags=["winter", "anna"])
    assert tags(photo) == ["anna", "winter"]


def test_a_tag_is_spelled_as_it_was_first(photo: Photo, owner: User) -> None:
    annotations.annotate(photo, tags=["  New \t York ", "new york", "", " "])
    assert tags(photo) == ["New York"]
    other = PhotoFactory.create(owner=owner)
    annotations.annotate(other, tags=["NEW YORK"])
    assert tags(other) == ["New York"]
    # Another user's spelling does not matter.
    foreign = PhotoFactory.create()
    annotations.annotate(foreign, tags=["new york"])
    assert tags(foreign) == ["new york"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"note": "x" * 2001}, "invalid_note"),
        ({"felt_emotion": "joyful"}, "invalid_emotion"),
        ({"tags": ["x" * 51]}, "invalid_tags"),
        ({"tags": [str(n) for n in range(21)]}, "invalid_tags"),
    ],
)
def test_what_does_not_fit_changes_nothing(
    photo: Photo, changes: dict[str, Any], code: str
) -> None:
    annotations.annotate(photo, note="before", tags=["before"], felt_emotion="happy")
    with pytest.raises(DetectorError) as caught:
        annotations.annotate(photo, **{"note": "after", "felt_emotion": "", **changes})
    assert caught.value.code == code
    photo.refresh_from_db()
    assert (photo.note, photo.felt_emotion, tags(photo)) == ("before", "happy", ["before"])


def test_a_photo_that_is_gone_is_no_error(photo: Photo) -> None:
    Photo.objects.all().delete()
    annotations.annotate(photo, note="too late", tags=["late"])


def test_a_tag_for_many(photo: Photo, owner: User) -> None:
    others = PhotoFactory.create_batch(2, owner=owner)
    foreign = PhotoFactory.create()
    annotations.annotate(photo, tags=["Trip"])
    ids = [photo.pk, foreign.pk, *(other.pk for other in others)]
    assert annotations.add_tags(owner, ids, ["trip "]) == 2
    assert [tags(p) for p in (photo, *others, foreign)] == [["Trip"], ["Trip"], ["Trip"], []]


def test_a_full_photo_takes_no_more_tags(photo: Photo, owner: User) -> None:
    other = PhotoFactory.create(owner=owner)
    annotations.annotate(photo, tags=[str(number) for number in range(20)])
    with pytest.raises(DetectorError, match="at most 20"):
        annotations.add_tags(owner, [other.pk, photo.pk], ["one more"])
    assert tags(other) == []
    with pytest.raises(DetectorError, match="at least one"):
        annotations.add_tags(owner, [other.pk], [" \t"])
