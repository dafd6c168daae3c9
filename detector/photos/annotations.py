"""Annotations of photos by their owner: note, tags, and self-reported emotion."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from detector.common import locks, words
from detector.enums import Emotion
from detector.exceptions import DetectorError
from detector.models import Photo, PhotoTag, User
from detector.photos import selectors as photo_selectors

NOTE_LENGTH = 2000
TAG_LENGTH = 50
TAGS_A_PHOTO = 20


@transaction.atomic
def annotate(
    photo: Photo,
    *,
    note: str | None = None,
    tags: Iterable[str] | None = None,
    felt_emotion: str | None = None,
) -> None:
    """Change the given annotations; an empty value clears, None leaves unchanged.

    Raises DetectorError `invalid_note`, `invalid_tags` or `invalid_emotion`; then nothing is
    changed.
    """
    changes = {}
    if note is not None:
        changes["note"] = clean_note(note)
    if felt_emotion is not None:
        changes["felt_emotion"] = clean_emotion(felt_emotion)
    locked = locks.lock_photos(photo.owner, [photo.pk]).first()
    if locked is None:
        return
    if changes:
        Photo.objects.filter(pk=locked.pk).update(**changes)
    if tags is not None:
        _replace_tags(locked, _unique_tags(locked.owner, tags))
    photo.refresh_from_db()


@transaction.atomic
def add_tags(owner: User, photo_ids: Iterable[UUID], tags: Iterable[str]) -> int:
    """Put tags on an owner's photos. Return how many photos lacked one of them.

    Raises DetectorError `invalid_tags`, also where a photo has the maximum number already; then
    nothing is changed.
    """
    names = _unique_tags(owner, tags)
    if not names:
        raise DetectorError("invalid_tags", "A tag needs at least one letter or digit.")
    added: list[PhotoTag] = []
    photos = locks.lock_photos(owner, photo_ids).filter(deleted_at=None)
    for photo in photos.prefetch_related("tags"):
        present = {tag.name for tag in photo.tags.all()}
        new = [name for name in names if name not in present]
        if new:
            _check_number(len(present) + len(new))
        added += [PhotoTag(photo=photo, owner=owner, name=name) for name in new]
    PhotoTag.objects.bulk_create(added)
    return len({tag.photo_id for tag in added})


def clean_note(text: str) -> str:
    """Return a note as it is stored. Raises DetectorError `invalid_note`."""
    text = words.composed(text).replace("\r\n", "\n").replace("\0", "").strip()
    if len(text) > NOTE_LENGTH:
        raise DetectorError(
            "invalid_note",
            f"A note has at most {NOTE_LENGTH:,} characters.",
            details={"length": len(text), "max_length": NOTE_LENGTH},
        )
    return text


def clean_emotion(emotion: str) -> str:
    """Return a felt emotion, which may be empty. Raises DetectorError `invalid_emotion`."""
    if emotion and emotion not in Emotion.values:
        raise DetectorError(
            "invalid_emotion",
            "Choose one of the seven emotions, or none.",
            details={"known": Emotion.values},
        )
    return emotion


def _unique_tags(owner: User, tags: Iterable[str]) -> list[str]:
    """Return the tags without repeats, ignoring case; known tags keep their first spelling."""
    cleaned = dict.fromkeys(_clean_tag(tag) for tag in tags)
    known = photo_selectors.tag_names_of(owner) if cleaned else []
    spellings = {name.casefold(): name for name in known}
    names: dict[str, str] = {}
    for word in cleaned:
        if word:
            names.setdefault(word.casefold(), spellings.get(word.casefold(), word))
    _check_number(len(names))
    return list(names.values())


def _clean_tag(tag: str) -> str:
    word = " ".join(words.printable(tag, " ").split())
    if len(word) > TAG_LENGTH:
        raise DetectorError(
            "invalid_tags",
            f"A tag has at most {TAG_LENGTH} characters.",
            details={"tag": word, "max_length": TAG_LENGTH},
        )
    return word


def _check_number(tags: int) -> None:
    if tags > TAGS_A_PHOTO:
        raise DetectorError(
            "invalid_tags",
            f"A photo has at most {TAGS_A_PHOTO} tags.",
            details={"max_tags": TAGS_A_PHOTO},
        )


def _replace_tags(photo: Photo, names: list[str]) -> None:
    photo.tags.exclude(name__in=names).delete()
    existing = set(photo.tags.values_list("name", flat=True))
    PhotoTag.objects.bulk_create(
        [
            PhotoTag(photo=photo, owner_id=photo.owner_id, name=name)
            for name in names
            if name not in existing
        ]
    )
