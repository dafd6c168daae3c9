"""Searches find the same with the index as by reading all texts."""

import unicodedata
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from detector import checks
from detector.accounts import erasure as account_erasure
from detector.common import clock
from detector.models import Analysis, Photo, PhotoTag, PhotoText, User, photo_text_triggers
from detector.photos import annotations, erasure, search, trash
from detector.tests.bad_files import jpeg
from detector.tests.factories import AnalysisFactory, UserFactory

pytestmark = pytest.mark.django_db

LETTERS = "aAbBäÄßıİ1 _%\\\"'*^-.東京🙂\n"
TEXTS = st.text(LETTERS, max_size=8)


def found(owner: User | None, text: str) -> set[Any]:
    return {analysis.photo_id for analysis in Analysis.objects.filter(search.matching(owner, text))}


def read(owner: User, text: str) -> set[Any]:
    """Return what matches by the conditions that the index has to reproduce."""
    tagged = PhotoTag.objects.filter(photo=OuterRef("pk"), name__icontains=text)
    written = Q(note__icontains=text) | Q(filename__icontains=text)
    photos = Photo.objects.filter(written | Exists(tagged), owner=owner)
    return set(photos.values_list("pk", flat=True))


def photo_with(owner: User, filename: str = "a.jpg", note: str = "", *tags: str) -> Photo:
    photo = AnalysisFactory.create(
        photo__owner=owner, photo__filename=filename, photo__note=note
    ).photo
    annotations.annotate(photo, tags=tags)
    return photo


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    photos=st.lists(st.tuples(TEXTS, TEXTS, st.lists(TEXTS, max_size=2)), max_size=3),
    texts=st.lists(st.text(LETTERS, min_size=1, max_size=6), min_size=1, max_size=6),
    most=st.sampled_from([0, 2, 2_000]),
    most_read=st.sampled_from([0, 20_000]),
)
def test_a_search_finds_what_contains_the_text(
    db: None,
    monkeypatch: pytest.MonkeyPatch,
    photos: list[tuple[str, str, list[str]]],
    texts: list[str],
    most: int,
    most_read: int,
) -> None:
    owner, other = UserFactory.create(), UserFactory.create()
    monkeypatch.setattr(search, "MAX_LISTED", most)
    monkeypatch.setattr(search, "MAX_READ", most_read)
    for filename, note, tags in photos:
        for person in (owner, other):
            photo_with(person, filename or "x", note, *tags)
    parts = [photo[0][1:5] for photo in photos if len(photo[0]) > 1]
    parts += [photo[0][-size:] for photo in photos for size in (1, 2) if photo[0]]
    for text in [*texts, *parts]:
        assert found(owner, text) == read(owner, text)


def test_only_the_owners_photos_are_searched(owner: User, stranger: User) -> None:
    mine = photo_with(owner, note="At the beach")
    photo_with(stranger, note="At the beach")
    assert found(owner, "beach") == {mine.pk}
    assert found(None, "beach") == set()


def test_the_words_follow_every_change(owner: User) -> None:
    photo = photo_with(owner, "wedding.jpg", "On the beach", "sea")
    for text in ("wedding", "beach", "sea"):
        assert found(owner, text) == {photo.pk}
    annotations.annotate(photo, note="In the hills", tags=["green"])
    assert [found(owner, text) for text in ("beach", "sea")] == [set(), set()]
    assert found(owner, "hills") == found(owner, "green") == {photo.pk}
    PhotoTag.objects.update(name="meadow")
    Photo.objects.update(filename="walk.jpg")
    assert found(owner, "green") == found(owner, "wedding") == set()
    assert found(owner, "meadow") == found(owner, "walk") == {photo.pk}
    second = photo_with(owner)
    PhotoTag.objects.update(photo=second)
    assert found(owner, "meadow") == {second.pk}
    PhotoTag.objects.all().delete()
    assert found(owner, "meadow") == set()


def test_a_file_of_a_mac_is_found_by_what_keyboards_type(
    owner: User, web: Client, api: APIClient
) -> None:
    decomposed = unicodedata.normalize("NFD", "Café.jpg")
    web.post("/upload/", {"images": SimpleUploadedFile(decomposed, jpeg())})
    photo = Photo.objects.get(owner=owner)
    annotations.annotate(photo, tags=[unicodedata.normalize("NFD", "zoë")])
    for query in ("q=café", f"q={decomposed}", "tag=zoë", f"tag={'zoe' + chr(0x308)}"):
        assert len(api.get(f"/api/v1/analyses/?{query}").json()["results"]) == 1, query


def test_no_text_reaches_across_two_words(owner: User) -> None:
    photo_with(owner, "left", "right", "tag")
    for text in ("leftright", "left\x1fright", "\x1f", "left right", "righttag"):
        assert found(owner, text) == set()


def test_one_and_two_letters_are_found(owner: User) -> None:
    photo = photo_with(owner, "東京.jpg", "Qz")
    for text in ("q", "qZ", "東", "東京", "."):
        assert found(owner, text) == {photo.pk}
    assert found(owner, "xq") == set()


@pytest.mark.parametrize("text", ["qz", "東京", "q", "東"])
def test_a_rare_word_of_two_letters_is_found_in_an_index(
    owner: User, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    photo = photo_with(owner, "東京.jpg", "A qz")
    monkeypatch.setattr(search, "MAX_READ", 0)
    with CaptureQueriesContext(connection) as asked:
        assert search._photos_with(owner, text, 10) == [photo.pk]
    index = {"sqlite": "detector_phototext_index MATCH", "postgresql": "photo_text_pairs(text) @>"}
    assert index[connection.vendor] in asked[-1]["sql"]
    if connection.vendor == "postgresql":
        values: list[Any] = [text, owner.pk, f"%{text}%", 10]
        with connection.cursor() as cursor:
            # Else that of the owner is good enough for one text.
            cursor.execute("DROP INDEX photo_text_by_owner; SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {search.WITH_PAIR}", values)
            assert "detector_phototext_index_pairs" in str(cursor.fetchall())


def test_the_list_does_not_show_what_is_in_the_bin(owner: User, api: APIClient) -> None:
    photo = photo_with(owner, note="At the beach")
    listed = lambda: api.get("/api/v1/analyses/?q=beach").json()["results"]  # noqa: E731
    assert len(listed()) == 1
    trash.discard(owner, [photo.pk])
    assert listed() == []
    trash.restore(owner, [photo.pk])
    assert len(listed()) == 1


def test_pages_of_a_search_follow_each_other(
    owner: User, api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [str(photo_with(owner, note=f"beach {n}").pk) for n in range(5)]
    photo_with(owner, note="hills")
    for most in (0, 100):
        monkeypatch.setattr(search, "MAX_LISTED", most)
        ids, url = [], "/api/v1/analyses/?q=BEACH&page_size=2"
        while url:
            page = api.get(url).json()
            ids += [item["id"] for item in page["results"]]
            url = page["next"]
        photos = dict(Analysis.objects.values_list("pk", "photo_id"))
        names = {str(pk): str(photo_id) for pk, photo_id in photos.items()}
        assert [names[pk] for pk in ids] == wanted[::-1]


def leaves() -> list[bytes]:
    """Return the pages of the index on SQLite: https://www.sqlite.org/fts5.html#the_data_table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT block FROM detector_phototext_index_data WHERE id > 10 ORDER BY id")
        return [bytes(block) for (block,) in cursor.fetchall()]


@pytest.mark.skipif("connection.vendor != 'sqlite'")
@pytest.mark.django_db(transaction=True)
def test_nothing_of_an_erased_text_stays_in_the_index(owner: User) -> None:
    photo_with(owner, note="At the beach")
    search.forget_erased()
    before = leaves()
    # FTS5 itself merges four parts.
    erasure.delete_photo(photo_with(owner, note="Unforgettable"))
    assert leaves() != before
    search.forget_erased()
    assert leaves() == before
    assert len(found(owner, "beach")) == 1


@pytest.mark.skipif("connection.vendor != 'sqlite'")
@pytest.mark.django_db(transaction=True)
def test_no_erased_word_waits_for_the_hourly_job(owner: User, stranger: User) -> None:
    search.forget_erased()
    empty = leaves()
    photo_with(stranger, note="Unforgettable")
    account_erasure.erase_account(stranger)
    assert leaves() == empty
    photo = photo_with(owner, note="Outlived")
    Photo.objects.filter(pk=photo.pk).update(deleted_at=clock.now() - timedelta(days=999))
    call_command("purge_expired")
    assert leaves() == empty


def test_an_erased_account_leaves_no_words(owner: User) -> None:
    photo_with(owner, "secret.jpg", "words", "tag")
    erasure.delete_account(owner)
    assert not PhotoText.objects.exists()


class TestWithoutIndex:
    """A database that cannot have the index finds the same, and the checks say so."""

    @pytest.fixture(autouse=True)
    def _no_index(self, owner: User) -> None:
        with connection.cursor() as cursor:
            for statement in photo_text_triggers.DROP_INDEX[connection.vendor]:
                cursor.execute(statement.format(index=photo_text_triggers.INDEX))

    def test_searches_find_the_same(self, owner: User) -> None:
        photo = photo_with(owner, note="At the beach")
        assert found(owner, "beach") == {photo.pk}
        annotations.annotate(photo, note="")
        assert found(owner, "beach") == set()

    def test_the_checks_say_so(self) -> None:
        [warning] = checks.searches_have_an_index(None, databases=["default"])
        assert warning.id == "detector.W006"


@pytest.mark.django_db(transaction=True)
def test_the_index_can_be_created_later(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = photo_with(owner, note="At the beach")
    assert checks.searches_have_an_index(None, databases=["default"]) == []
    with connection.schema_editor() as editor:
        photo_text_triggers.drop_index(editor)
    create = photo_text_triggers.CREATE_INDEX
    impossible = {
        "postgresql": ("CREATE EXTENSION no_such_extension", *create["postgresql"][1:]),
        "sqlite": ("CREATE VIRTUAL TABLE {index} USING fts9(text)", *create["sqlite"][1:]),
    }
    with monkeypatch.context() as patch:
        patch.setattr(photo_text_triggers, "CREATE_INDEX", impossible)
        with pytest.raises(CommandError):
            call_command("create_search_index")
    assert not photo_text_triggers.has_index(connection)
    call_command("create_search_index")
    assert photo_text_triggers.has_index(connection)
    assert found(owner, "beach") == {photo.pk}
