"""Search of the words of photos: file names, notes and tags."""

from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from detector.models import PhotoText, User, photo_text_triggers
from detector.models.photo_text_triggers import INDEX, PAIRS, SEPARATOR, TERMS

TRIGRAM: Final = 3
MAX_TRIGRAMS: Final = 50
"""Number of trigrams to look up at most. The text itself is compared anyway."""
MAX_LISTED: Final = 2_000
"""Up to this number, the photos that match are listed. Where more match, a page is full soon."""
STEP_PAGES: Final = 200
"""Number of pages that `forget_erased` writes in one transaction."""
MAX_READ: Final = 10_000
"""Number of texts that are read for one or two characters before an index is asked: what is in one
text of five is found enough times by then."""
LAST: Final = chr(0x10FFFF)
NOTHING: Final = Q(pk__in=[])

MATCHES: Final = f"""
    SELECT words.photo_id FROM {INDEX} CROSS JOIN detector_phototext AS words
        ON words.id = {INDEX}.rowid
    WHERE {INDEX} MATCH %s AND words.owner_id = %s AND words.text LIKE %s ESCAPE '\\'
    LIMIT %s
"""  # noqa: S608
"""The order of the tables is fixed (CROSS JOIN): SQLite has no estimate of what FTS5 finds."""
AMONG_SOME: Final = {
    "postgresql": """
        SELECT photo_id FROM (
            SELECT photo_id, text FROM detector_phototext WHERE owner_id = %s LIMIT %s
        ) AS first WHERE upper(text) LIKE upper(%s) LIMIT %s
    """,
    "sqlite": """
        SELECT photo_id FROM (
            SELECT photo_id, text FROM detector_phototext WHERE owner_id = %s LIMIT %s
        ) WHERE text LIKE %s ESCAPE '\\' LIMIT %s
    """,
}
WITH_PAIR: Final = f"""
    SELECT photo_id FROM detector_phototext
    WHERE {PAIRS}(text) @> ARRAY[left(upper(%s), 2)]
        AND owner_id = %s AND upper(text) LIKE upper(%s)
    LIMIT %s
"""  # noqa: S608
BEGINNING_WITH: Final = f"SELECT term FROM {TERMS} WHERE term >= %s AND term < %s"  # noqa: S608


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
    """Return the ids of an owner's photos with this text, some of them where there are more."""
    is_short = len(text) < TRIGRAM
    like = f"%{connection.ops.prep_for_like_query(text)}%"
    if is_short:
        found = _asked(AMONG_SOME[connection.vendor], [_key(owner), MAX_READ, like, limit])
        there_are_more = PhotoText.objects.filter(owner=owner)[MAX_READ : MAX_READ + 1].exists()
        if len(found) == limit or not there_are_more:
            return found
    if (is_short or connection.vendor == "sqlite") and photo_text_triggers.has_index(connection):
        if connection.vendor != "sqlite":
            return _asked(WITH_PAIR, [text, _key(owner), like, limit])
        terms = _terms(text)
        if terms is not None:
            return _found_by_fts(owner, terms, like, limit)
    # PostgreSQL decides itself whether to use the index of trigrams.
    texts = PhotoText.objects.filter(owner=owner, text__icontains=text)
    return list(texts.values_list("photo_id", flat=True)[:limit])


def _asked(statement: str, values: list[Any]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [UUID(str(photo_id)) for (photo_id,) in cursor.fetchall()]


def _key(owner: User) -> str:
    """Return the id of an owner as the database has it."""
    return owner.pk.hex if connection.vendor == "sqlite" else str(owner.pk)


def _terms(text: str) -> str | None:
    """Return the query of FTS5 for all trigrams of a text, or for any that begins with it.

    Empty where none does. None where these cannot be told: FTS5 lists its trigrams in lower case of
    its own kind.
    """
    if len(text) >= TRIGRAM:
        trigrams = dict.fromkeys(text[i : i + TRIGRAM] for i in range(len(text) - TRIGRAM + 1))
        return " AND ".join(map(_quoted, islice(trigrams, MAX_TRIGRAMS)))
    if not text.isascii() and text.lower() != text.upper():
        return None
    with connection.cursor() as cursor:
        cursor.execute(BEGINNING_WITH, [text.lower(), text.lower() + LAST])
        found = [_quoted(term) for (term,) in cursor.fetchall()]
    return " OR ".join(found)


def _quoted(term: str) -> str:
    return '"{}"'.format(term.replace('"', '""'))


def _found_by_fts(owner: User, terms: str, like: str, limit: int) -> list[UUID]:
    if not terms:
        return []
    query = f"{_quoted(owner.pk.hex[-TRIGRAM:])} AND ({terms})"
    return _asked(MATCHES, [query, _key(owner), like, limit])
