"""Finding photos again, and doing something to several of them."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from detector.analyses.filters import AnalysisFilter
from detector.common import keyset
from detector.enums import Emotion, Status
from detector.insights import rollups
from detector.models import Analysis, Face, Photo, PhotoTag, User
from detector.photos import annotations
from detector.tests.factories import (
    MOMENT,
    AnalysisFactory,
    FaceFactory,
    ModelVersionFactory,
    PhotoFactory,
)
from detector.web.listing import LABELS, ORDERS

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def add(owner: User, number: int) -> None:
    """Add photos of one face, a statement for each table."""
    model = ModelVersionFactory.create()
    photos, analyses, faces = [], [], []
    for i in range(number):
        # Each value twice: equal ones must not fall between two pages.
        taken = MOMENT - timedelta(days=i * 7 % number // 2)
        sure = 0.5 + (i * 3 % number // 2) / (2 * number)
        photo = PhotoFactory.build(owner=owner, taken_at=taken, image="none.jpg")
        analysis = AnalysisFactory.build(
            photo=photo, owner=owner, model_version=model, best_confidence=sure
        )
        emotion = list(Emotion)[i % 7]
        photos.append(photo)
        analyses.append(analysis)
        faces.append(FaceFactory.build(analysis=analysis, confidence=sure, emotion=emotion))
    Photo.objects.bulk_create(photos)
    Analysis.objects.bulk_create(analyses)
    Face.objects.bulk_create(faces)


def walk(web: Client, query: str, direction: str) -> list[UUID]:
    found: list[UUID] = []
    address: str | None = query
    while address:
        page = web.get("/history/" + address)
        items = [analysis.photo_id for analysis in page.context["page"].items]
        found = found + items if direction == "older_url" else items + found
        address = page.context[direction]
    return found


def test_every_order_shows_each_photo_once(web: Client, owner: User) -> None:
    add(owner, 60)
    analyses = {analysis.photo_id: analysis for analysis in Analysis.objects.all()}
    values = {
        None: lambda photo_id: photo_id,
        "photo__taken_at": lambda photo_id: analyses[photo_id].photo.taken_at,
        "best_confidence": lambda photo_id: analyses[photo_id].faces.get().confidence,
    }
    for sort, order in ORDERS.items():
        forth = walk(web, f"?sort={sort}", "older_url")
        assert len(forth) == len(set(forth)) == 60, sort
        found = [values[order.field](photo_id) for photo_id in forth]
        assert found == sorted(found, reverse=order.descending), sort
        last = web.get("/history/" + f"?sort={sort}")
        for _ in range(2):
            last = web.get("/history/" + last.context["older_url"])
        assert walk(web, last.context["newer_url"], "newer_url") == forth[:48], sort


@pytest.mark.parametrize("sort", ORDERS)
def test_photos_that_go_between_two_pages_move_nothing(web: Client, owner: User, sort: str) -> None:
    add(owner, 30)
    first = web.get(f"/history/?sort={sort}")
    in_order = walk(web, f"?sort={sort}", "older_url")
    Photo.objects.filter(pk__in=in_order[20:26]).delete()
    assert walk(web, first.context["older_url"], "older_url") == in_order[26:]


def test_dates_hide_no_photo_however_few_are_looked_at_first(
    web: Client, owner: User, stranger: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(owner, 60)
    add(stranger, 10)
    shown = Photo.objects.filter(owner=owner, analyses__faces__emotion__in=["happy"])
    ids = list(shown.order_by("id").values_list("id", flat=True))
    Photo.objects.exclude(pk__in=ids[1:-1]).update(taken_at=datetime(2025, 1, 1, tzinfo=UTC))
    for candidates, sort in product([2, 20, 500], ["newest", "oldest"]):
        monkeypatch.setattr(keyset, "MAX_CANDIDATES", candidates)
        forth = walk(web, f"?sort={sort}&emotion=happy&from=2026-01-01", "older_url")
        assert forth == (ids[1:-1] if sort == "oldest" else ids[-2:0:-1]), candidates
        wide = walk(web, f"?sort={sort}&from=2024-01-01", "older_url")
        assert len(wide) == len(set(wide)) == 60, candidates


def test_photos_of_other_dates_are_passed_over_in_an_index(owner: User, stranger: User) -> None:
    query = {"from": "2026-01-01", "to": "2026-02-01"}
    request = RequestFactory().get("/")
    request.user = owner
    chosen = AnalysisFilter(query, queryset=Analysis.objects.all(), request=request)
    candidates = chosen.photos_of_dates()
    assert candidates is not None
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Else no index is worth it for an empty table.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
            # Photos of someone else, which an index that knows no owner would have to read.
            AnalysisFactory.create_batch(100, photo__owner=stranger)
            cursor.execute("ANALYZE detector_photo")
    plan = candidates.order_by("-id").values_list("id")[:501].explain()
    assert re.search("(COVERING INDEX|Index Only Scan using) photo_history_dates", plan), plan
    assert "TEMP B-TREE" not in plan


def test_every_order_has_a_name() -> None:
    assert LABELS.keys() == ORDERS.keys()


def test_a_page_that_scrolls_on_gets_photos_alone(web: Client, owner: User) -> None:
    add(owner, 30)
    whole = web.get("/history/")
    more = web.get("/history/" + whole.context["older_url"], headers=HTMX).content.decode()
    assert more.count("history-entry") == 6
    assert "<html" not in more
    assert 'rel="next"' not in more


def test_words_are_found_in_notes_tags_and_file_names(web: Client, owner: User) -> None:
    first, second, _ = (AnalysisFactory.create(photo__owner=owner).photo for _ in range(3))
    Photo.objects.filter(pk=first.pk).update(note="On the BEACH, 100 %")
    PhotoTag.objects.create(photo=second, owner=owner, name="beach")
    assert set(walk(web, "?q=beach", "older_url")) == {first.pk, second.pk}
    Photo.objects.filter(pk=first.pk).update(filename="Wedding 12.jpg")
    assert walk(web, "?q=wedding", "older_url") == [first.pk]
    assert walk(web, "?q=100 %25", "older_url") == [first.pk]
    assert walk(web, "?tag=beach", "older_url") == [second.pk]


def test_a_waiting_photo_asks_for_itself_until_it_is_done(web: Client, owner: User) -> None:
    waiting = AnalysisFactory.create(
        photo__owner=owner, status=Status.QUEUED, finished_at=None, model_version=None
    )
    address = f"/history/{waiting.photo_id}/item/"
    assert address in web.get("/history/").content.decode()
    assert "every 2s" in web.get(address).content.decode()
    # HTMX keeps the box where the entry is replaced, so what was chosen stays so.
    box = f'<input type="checkbox" id="pick-{waiting.photo_id}" hx-preserve '
    for page in ("/history/", address):
        assert box in web.get(page).content.decode()
    done = AnalysisFactory.create(photo__owner=owner)
    assert "hx-get" not in web.get(f"/history/{done.photo_id}/item/").content.decode()


def several(web: Client, action: str, photos: list[Photo], **data: str) -> Any:
    form = {"action": action, "photo": [str(photo.pk) for photo in photos], **data}
    return web.post("/history/several/", form)


@pytest.fixture
def photos(owner: User) -> list[Photo]:
    faces = [FaceFactory.create(analysis__photo__owner=owner) for _ in range(3)]
    rollups.rebuild(owner)
    return [face.analysis.photo for face in faces]


def test_several_are_tagged_and_one_is_back_where_one_was(web: Client, photos: list[Photo]) -> None:
    query = "emotion=happy&sort=taken&before=x&evil=1"
    answer = several(web, "tag", photos[:2], tag="Sea", query=query)
    assert answer["Location"] == "/history/?emotion=happy&sort=taken"
    assert PhotoTag.objects.filter(name="Sea").count() == 2
    page = web.get(several(web, "tag", photos, tag="sea, sun,")["Location"]).content.decode()
    assert "3 photos tagged “sea, sun" in page
    assert sorted(photos[2].tags.values_list("name", flat=True)) == ["Sea", "sun"]
    page = web.get(several(web, "tag", photos, tag="sea")["Location"]).content.decode()
    assert "All of them had “sea” already." in page
    annotations.annotate(photos[0], tags=["Rome, Italy"])
    several(web, "tag", photos[2:], tag="Rome, Italy")
    assert photos[2].tags.filter(name="Rome, Italy").exists()


def test_several_are_deleted_and_brought_back(web: Client, photos: list[Photo]) -> None:
    page = web.get(several(web, "delete", photos[:2])["Location"]).content.decode()
    assert Photo.objects.filter(deleted_at=None).get() == photos[2]
    assert "2 photos deleted" in page
    assert "Undo" in page
    # The page in another tab still shows all three.
    page = web.get(several(web, "delete", photos)["Location"]).content.decode()
    assert "1 photo deleted" in page
    assert page.count('type="hidden" name="photo"') == 1
    page = web.get(several(web, "delete", photos)["Location"]).content.decode()
    assert "not there any more" in page
    assert "Undo" not in page


def test_several_are_analysed_again(web: Client, photos: list[Photo]) -> None:
    several(web, "again", photos[1:])
    assert Analysis.objects.filter(status=Status.QUEUED).count() == 2
    page = web.get(several(web, "again", photos)["Location"]).content.decode()
    assert "1 photo will be analysed again." in page
    assert "the picture is gone: 2 photos." in page
    page = web.get(several(web, "again", photos)["Location"]).content.decode()
    assert "will be analysed again." not in page
    assert "the picture is gone: 3 photos." in page
    web.post("/history/several/", {"action": "delete", "photo": [str(p.pk) for p in photos]})
    web.get("/history/")
    for action in ("again", "tag"):
        page = web.get(several(web, action, photos, tag="sea")["Location"]).content.decode()
        assert "What you chose is not there any more." in page
        assert "0 photos" not in page


def test_what_is_exported_is_text_and_ones_own(
    web: Client, photos: list[Photo], stranger: User
) -> None:
    Photo.objects.filter(pk=photos[0].pk).update(note="=HYPERLINK(1)")
    foreign = AnalysisFactory.create(photo__owner=stranger).photo
    answer = several(web, "export", [photos[0], foreign])
    [line] = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (line["photo"], line["note"]) == (str(photos[0].pk), "'=HYPERLINK(1)")
    assert (line["emotion"], line["model"]) == ("happy", "test")


@pytest.mark.parametrize("action", ["tag", "delete", "again"])
def test_nothing_happens_to_photos_of_others(web: Client, stranger: User, action: str) -> None:
    foreign = FaceFactory.create(analysis__photo__owner=stranger).analysis
    several(web, action, [foreign.photo], tag="mine")
    foreign.refresh_from_db()
    assert not foreign.superseded
    assert Photo.objects.get(deleted_at=None) == foreign.photo
    assert not PhotoTag.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "/history/",
        "/history/?emotion=happy&q=a&from=2020-01-01",
        "/history/?sort=sure",
        "/insights/",
    ],
)
def test_queries_do_not_grow_with_the_data(web: Client, owner: User, address: str) -> None:
    counts = []
    for more in (10, 190):
        add(owner, more)
        rollups.rebuild(owner)
        with CaptureQueriesContext(connection) as queries:
            assert web.get(address).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
