"""Search of the words of photos: file names, notes and tags."""

from itertools import islice
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from detector.models import PhotoText, User, photo_text_triggers
from detector.models.photo_text_triggers import INDEX, SEPARATOR

TRIGRAM: Final = 3
MAX_TRIGRAMS: Final = 50
"""Number of trigrams to look up at most. The text itself is compared anyway."""
MAX_LISTED: Final = 2_000
"""Up to this number, the photos that match are listed. Where more match, a page is full soon."""
STEP_PAGES: Final = 200
"""Number of pages that `forget_erased` writes in one transaction."""
NOTHING: Final = Q(pk__in=[])

MATCHES: Final = f"""
    SELECT words.photo_id FROM {INDEX} CROSS JOIN detector_phototext AS words
        ON words.id = {INDEX}.rowid
    WHERE {INDEX} MATCH %s AND words.owner_id = %s AND words.text LIKE %s ESCAPE '\\'
    LIMIT %s
"""  # noqa: S608
"""The order of the tables is fixed (CROSS JOIN): SQLite has no estimate of what FTS5 finds."""


def matching(owner: User | None, text: str) -> Q:
    """Return the condition for analyses whose photo has this text in file name, note or a tag.

    Upper and lower case are the same, as far as the database knows them. Only an owner's photos
    are searched; without an owner nothing matches.
    """
    if owner is None or SEPARATOR in text:
        return NOTHING
    found = _photos_with(owner, text, MAX_LISTED + 1)
    if len(found) <= MAX_LISTED:
        return Q(photo__in=found)
    words = PhotoText.objects.filter(owner=owner, photo=OuterRef("photo"))
    return Q(Exists(words.filter(text__icontains=text)))


def forget_erased() -> None:
    """Remove what the index on SQLite still holds of erased texts, in steps of some milliseconds.

    FTS5 only notes that a row is gone, until it merges its parts. PostgreSQL does so by itself.
    """
    if connection.vendor != "sqlite" or not photo_text_triggers.has_index(connection):
        return
    statement = f"INSERT INTO {INDEX} ({INDEX}, rank) VALUES ('merge', %s)"  # noqa: S608
    pages = -STEP_PAGES
    with connection.cursor() as cursor:
        while True:
            before = connection.connection.total_changes
            cursor.execute(statement, [pages])
            if connection.connection.total_changes - before < 2:
                return
            pages = STEP_PAGES


def _photos_with(owner: User, text: str, limit: int) -> list[UUID]:
    """Return the ids of an owner's photos with this text, some of them where there are more.

    A text of one or two characters has no trigram: the texts of the owner are read, until there
    are enough.
    """
    if (
        connection.vendor == "sqlite"
        and len(text) >= TRIGRAM
        and photo_text_triggers.has_index(connection)
    ):
        return _found_by_fts(owner, text, limit)
    # PostgreSQL decides itself whether to use the index.
    found = PhotoText.objects.filter(owner=owner, text__icontains=text)
    return list(found.values_list("photo_id", flat=True)[:limit])


def _found_by_fts(owner: User, text: str, limit: int) -> list[UUID]:
    trigrams = dict.fromkeys(text[i : i + TRIGRAM] for i in range(len(text) - TRIGRAM + 1))
    words = [owner.pk.hex[-TRIGRAM:], *islice(trigrams, MAX_TRIGRAMS)]
    query = " AND ".join('"{}"'.format(word.replace('"', '""')) for word in words)
    like = f"%{connection.ops.prep_for_like_query(text)}%"
    with connection.cursor() as cursor:
        cursor.execute(MATCHES, [query, owner.pk.hex, like, limit])
        return [UUID(photo_id) for (photo_id,) in cursor.fetchall()]
