"""Uploads, and the cards of their results."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from detector.enums import Emotion
from detector.models import Analysis, Photo, User
from detector.tests.stub_analyser import StubAnalyser, face

MakePicture = Callable[..., SimpleUploadedFile]
FETCH = {"X-Requested-With": "fetch"}

pytestmark = pytest.mark.django_db


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_upload_of_several_answers_with_a_card_each(web: Client, picture: MakePicture) -> None:
    files = [picture("a.jpg"), picture("b.jpg"), SimpleUploadedFile("c.jpg", b"no image")]
    response = web.post("/upload/", {"images": files}, headers=FETCH)
    assert response.status_code == 200
    page = text_of(response)
    for analysis in Analysis.objects.all():
        assert f"/analyses/{analysis.pk}/card/" in page
    assert "c.jpg" in page
    assert "not an image we can read" in page


def test_upload_without_scripts(web: Client, picture: MakePicture) -> None:
    response = web.post("/upload/", {"images": [picture()]})
    photo = f"/photos/{Photo.objects.get().pk}/"
    assert response["Location"] == photo
    assert f'<noscript><p><a href="{photo}">Look whether it is there' in text_of(web.get(photo))
    several = web.post("/upload/", {"images": [picture("a.jpg"), picture("b.jpg")]})
    assert several.status_code == 200
    nothing = web.post("/upload/", {}, follow=True)
    assert "Choose at least one photo" in text_of(nothing)


def test_no_photo_gets_into_the_account_of_somebody_else(
    web: Client, owner: User, stranger: User, picture: MakePicture
) -> None:
    form = {"images": [picture()], "person": str(stranger.pk)}
    answer = web.post("/upload/", form, headers=FETCH)
    assert answer.status_code == 409
    assert "Somebody else has logged in" in text_of(answer)
    assert not Photo.objects.exists()
    form = {"images": [picture()], "person": str(owner.pk)}
    assert web.post("/upload/", form, headers=FETCH).status_code == 200


def test_card_asks_again_until_the_analysis_is_finished(
    web: Client,
    picture: MakePicture,
    work_off: Callable[[], list[Analysis]],
    sent: list[UUID],
) -> None:
    web.post("/upload/", {"images": [picture()]}, headers=FETCH)
    analysis = Analysis.objects.get()
    url = f"/analyses/{analysis.pk}/card/"
    assert f'hx-get="{url}?every=1"' in text_of(web.get(url))
    sent.append(analysis.pk)
    work_off()
    card = text_of(web.get(url))
    assert "hx-get" not in card
    assert "Happy" in card


def test_several_faces_are_told_apart_on_the_page(
    web: Client,
    picture: MakePicture,
    analyser: StubAnalyser,
    sent: list[UUID],
    work_off: Callable[[], list[Analysis]],
) -> None:
    analyser.faces = [face(), face(Emotion.SURPRISE, 0.6, index=1)]
    web.post("/upload/", {"images": [picture()]})
    sent.append(Analysis.objects.get().pk)
    work_off()
    page = text_of(web.get(f"/photos/{Photo.objects.get().pk}/"))
    assert "Face 1" in page
    assert "Face 2" in page
