"""Pictures of an analysis."""

import io
from datetime import timedelta
from unittest.mock import patch
from uuid import UUID

import numpy as np
import pytest
from django.test import TestCase
from django.utils import timezone
from PIL import Image, ImageDraw
from rest_framework.test import APIClient

from detector.analyses import heat_maps, renderings
from detector.enums import Emotion, Status
from detector.models import Analysis, Explanation, Face, User
from detector.tests.factories import AnalysisFactory, FaceFactory

pytestmark = pytest.mark.django_db


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def test_annotated_is_as_large_as_the_photo(analysed: Analysis, api: APIClient) -> None:
    response = api.get(f"/api/v1/analyses/{analysed.pk}/annotated/")
    assert response["Content-Type"] == "image/jpeg"
    assert opened(response.content).size == (analysed.photo.width, analysed.photo.height)


@pytest.mark.parametrize("emotion", [Emotion.HAPPY, Emotion.SAD])
def test_box_has_the_colour_of_the_emotion(analysed: Analysis, emotion: Emotion) -> None:
    face = FaceFactory.build(
        x=100, y=100, width=200, height=240, emotion=emotion, effective_emotion=emotion
    )
    with patch.object(renderings, "_opened", return_value=Image.new("RGB", (640, 480), "white")):
        picture = opened(renderings.annotated(analysed.photo, [face]))
    seen = picture.getpixel((200, 339))
    wanted = tuple(bytes.fromhex(renderings.COLOURS[emotion][1:]))
    assert isinstance(seen, tuple)
    assert all(abs(a - b) < 60 for a, b in zip(seen, wanted, strict=True))


def test_marks_of_a_panorama_leave_its_faces_free(analysed: Analysis) -> None:
    face = FaceFactory.build(x=100, y=60, width=80, height=100, effective_emotion=Emotion.HAPPY)
    with patch.object(renderings, "_opened", return_value=Image.new("RGB", (4000, 200), "white")):
        picture = opened(renderings.annotated(analysed.photo, [face]))
    assert np.asarray(picture.crop((108, 68, 172, 152))).min() > 200


@pytest.mark.parametrize(
    ("said", "words"), [("", "1 happy 90%"), ("happy", "1 happy 90%"), ("sad", "1 sad, corrected")]
)
def test_no_figure_of_the_models_beside_a_correction(
    analysed: Analysis, said: str, words: str
) -> None:
    analysed.faces.update(reviewed_emotion=said, confidence=0.9, uncertain=False)
    with patch.object(ImageDraw.ImageDraw, "text") as text:
        renderings.annotated(analysed.photo, analysed.faces.all())
    assert text.call_args.args[1] == words


def test_no_face_is_called_certain_in_a_picture(analysed: Analysis) -> None:
    analysed.faces.update(confidence=0.997, uncertain=False)
    with patch.object(ImageDraw.ImageDraw, "text") as text:
        renderings.annotated(analysed.photo, analysed.faces.all())
    assert text.call_args.args[1] == "1 happy >99%"


def test_crop_is_a_square_around_the_face(analysed: Analysis, api: APIClient) -> None:
    response = api.get(f"/api/v1/analyses/{analysed.pk}/faces/0/crop/")
    assert opened(response.content).size == (36, 36)


def test_crop_of_a_large_face_is_made_smaller(analysed: Analysis) -> None:
    face = Face(x=-10, y=-10, width=900, height=700)
    assert opened(renderings.crop(analysed.photo, face)).size == (512, 512)


@pytest.mark.parametrize("path", ["annotated/", "faces/0/crop/"])
def test_made_picture_is_not_made_twice(analysed: Analysis, api: APIClient, path: str) -> None:
    url = f"/api/v1/analyses/{analysed.pk}/{path}"
    first = api.get(url)
    assert first["Cache-Control"] == "private, no-cache"
    with patch.object(renderings, "_opened") as opened_again:
        again = api.get(url, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    opened_again.assert_not_called()


@pytest.mark.parametrize("path", ["annotated/", "faces/0/crop/"])
def test_no_picture_before_the_analysis_is_done(owner: User, api: APIClient, path: str) -> None:
    waiting = AnalysisFactory.create(
        photo__owner=owner, status=Status.QUEUED, finished_at=None, model_version=None
    )
    assert api.get(f"/api/v1/analyses/{waiting.pk}/{path}").status_code == 404


@pytest.mark.parametrize("index", ["1", "70000", "99999999999999999999"])
def test_no_crop_of_a_face_that_is_not_there(
    analysed: Analysis, api: APIClient, index: str
) -> None:
    assert api.get(f"/api/v1/analyses/{analysed.pk}/faces/{index}/crop/").status_code == 404


def test_explanation_is_drawn_when_asked_for(
    analysed: Analysis, api: APIClient, explain_sent: list[UUID]
) -> None:
    url = f"/api/v1/analyses/{analysed.pk}/faces/0/explanation/"
    with TestCase.captureOnCommitCallbacks(execute=True):
        waiting = api.get(url)
    assert (waiting.status_code, waiting.json()) == (202, {"status": "waiting"})
    assert waiting["Retry-After"] == "1"
    [asked] = explain_sent
    heat_maps.draw(asked)
    picture = api.get(url)
    assert opened(picture.getvalue()).size == (240, 240)
    assert api.get(url, headers={"If-None-Match": picture["ETag"]}).status_code == 304


def test_failed_explanation_is_told_and_tried_again_later(
    analysed: Analysis, api: APIClient
) -> None:
    url = f"/api/v1/analyses/{analysed.pk}/faces/0/explanation/"
    api.get(url)
    Explanation.objects.update(error_code="model_replaced", error_message="An earlier model.")
    error = api.get(url)
    assert (error.status_code, error.json()["error"]["code"]) == (409, "explanation_failed")
    assert error.json()["error"]["details"] == {"reason": "model_replaced"}
    Explanation.objects.update(requested_at=timezone.now() - timedelta(minutes=2))
    assert api.get(url).status_code == 202
