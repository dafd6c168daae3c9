"""The list that a person comes from: kept on the way into a photo, to its neighbours, and back."""

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from detector.models import Photo, PhotoTag, User
from detector.tests.factories import FaceFactory

pytestmark = pytest.mark.django_db


def text_of(response: Any) -> str:
    return str(response.content.decode())


@pytest.fixture
def photos(owner: User) -> list[Photo]:
    """Create photos by upload: happy, sad, happy, sad, happy, with falling confidence."""
    return [
        FaceFactory.create(
            analysis__photo__owner=owner,
            emotion=["happy", "sad"][n % 2],
            confidence=0.9 - n / 10,
        ).analysis.photo
        for n in range(5)
    ]


def links(web: Client, photo: Photo, query: str) -> tuple[UUID | None, UUID | None]:
    context = web.get(f"/photos/{photo.pk}/{query}").context
    return context["before"], context["after"]


def test_neighbours_are_those_of_the_list(web: Client, photos: list[Photo]) -> None:
    first, second, third, fourth, last = (photo.pk for photo in photos)
    assert links(web, photos[2], "") == (fourth, second)
    assert links(web, photos[2], "?emotion=happy") == (last, first)
    assert links(web, photos[2], "?emotion=happy&sort=oldest") == (first, last)
    assert links(web, photos[2], "?sort=unsure") == (fourth, second)
    # Also of a photo that is no longer in it.
    assert links(web, photos[1], "?emotion=happy") == (third, first)
    assert links(web, photos[2], "?emotion=nothing") == (None, None)


def test_the_list_is_kept_on_the_way_and_back(web: Client, photos: list[Photo]) -> None:
    query = "?emotion=happy&amp;sort=oldest"
    history = text_of(web.get("/history/?emotion=happy&sort=oldest&evil=1&before=x"))
    assert f'href="/photos/{photos[2].pk}/{query}"' in history
    assert "evil" not in history.split("history-grid")[1]
    page = text_of(web.get(f"/photos/{photos[2].pk}/?emotion=happy&sort=oldest&evil=1"))
    assert f'href="/history/{query}"' in page
    assert f'href="/photos/{photos[4].pk}/{query}"' in page
    item = text_of(web.get(f"/history/{photos[2].pk}/item/?emotion=happy&sort=oldest"))
    assert f'href="/photos/{photos[2].pk}/{query}"' in item


def test_what_is_done_to_a_photo_leads_back_to_the_list(web: Client, photos: list[Photo]) -> None:
    page = f"/photos/{photos[2].pk}/"
    headers = {"Referer": f"http://testserver{page}?emotion=happy"}
    for action in ("notes", "analyse-again", "retry"):
        answer = web.post(f"{page}{action}/", headers=headers)
        assert answer["Location"] == f"{page}?emotion=happy"
    corrected = web.post(f"{page}faces/0/correction/", {"verdict": "sad"}, headers=headers)
    assert corrected["Location"] == f"{page}?emotion=happy#face-1"
    assert web.post(f"{page}delete/", headers=headers)["Location"] == "/history/?emotion=happy"


@pytest.mark.parametrize("tag", ["", " "])
def test_a_tag_that_is_refused_keeps_what_was_chosen(
    web: Client, photos: list[Photo], tag: str
) -> None:
    chosen = [str(photo.pk) for photo in photos[1:3]]
    form = {"photo": chosen, "action": "tag", "tag": tag, "query": "sort=oldest"}
    page = text_of(web.post("/history/several/", form, follow=True))
    assert page.count(" checked>") == 2
    assert all(f'value="{photo_id}" form="several" checked>' in page for photo_id in chosen)
    assert "A tag needs at least one letter or digit." in page
    assert not PhotoTag.objects.exists()
    # It is said once.
    assert " checked>" not in text_of(web.get("/history/"))


def test_who_chooses_too_many_is_told_so(web: Client) -> None:
    form = {"photo": [str(n) for n in range(1001)], "action": "delete"}
    answer = web.post("/history/several/", form)
    assert answer.status_code == 400
    assert "Choose fewer than 1,000." in text_of(answer)
    assert "At most 100 files at once." in text_of(web.get("/upload/"))


def test_a_correction_has_no_figure_of_the_models(web: Client, photos: list[Photo]) -> None:
    page = f"/photos/{photos[0].pk}/"
    for verdict, words in (("sad", "Sad, corrected"), ("not_a_face", "Not a face, corrected")):
        web.post(f"{page}faces/0/correction/", {"verdict": verdict})
        assert words in text_of(web.get("/history/"))
        photo = text_of(web.get(page))
        assert f"Face 1: {words.lower()}" in photo
        title = photo.split('class="face-title"')[1].split("</h3>")[0]
        assert ", corrected" in title
        assert "%" not in title
    web.post(f"{page}faces/0/correction/", {"verdict": "happy"})
    assert "Face 1: happy, 90 %, confirmed" in text_of(web.get(page))
