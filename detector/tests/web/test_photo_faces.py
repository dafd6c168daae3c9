"""Check what the page of a photo says of its faces."""

from typing import Any

import pytest
from django.test import Client

from detector.enums import Emotion, QualityFlag, Status
from detector.models import Analysis, User
from detector.photos import selectors as photo_selectors
from detector.templatetags.pictures import ADVICE, UNREADABLE
from detector.tests.factories import AnalysisFactory, FaceFactory
from ml import quality

pytestmark = pytest.mark.django_db


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_photo_page_shows_faces_with_all_probabilities(
    web: Client, analysed: Analysis, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(12):
        page = text_of(web.get(f"/photos/{analysed.photo_id}/"))
    assert f"/photos/{analysed.photo_id}/image/" in page
    for emotion in Emotion:
        assert emotion.label in page
    assert "90 %" in page
    assert "stub" in page
    assert "hx-get" not in page


def test_uncertain_face_is_called_so(web: Client, analysed: Analysis) -> None:
    url = f"/photos/{analysed.photo_id}/"
    assert "ncertain" not in text_of(web.get(url))
    analysed.faces.update(uncertain=True)
    assert "ncertain" in text_of(web.get(url))


def test_photo_without_a_face(web: Client, analysed: Analysis) -> None:
    analysed.faces.all().delete()
    assert "No face" in text_of(web.get(f"/photos/{analysed.photo_id}/"))


def test_failed_photo_tells_why_and_can_be_tried_again(web: Client, owner: User) -> None:
    failed = AnalysisFactory.create(
        photo__owner=owner, status=Status.FAILED, error_code="timed_out",
        error_message="The analysis took too long.", model_version=None,
    )  # fmt: skip
    url = f"/photos/{failed.photo_id}/"
    assert "The analysis took too long." in text_of(web.get(url))
    assert web.post(f"{url}retry/")["Location"] == url
    failed.refresh_from_db()
    assert failed.status == Status.QUEUED


def test_deleting_a_photo(web: Client, analysed: Analysis) -> None:
    response = web.post(f"/photos/{analysed.photo_id}/delete/", follow=True)
    assert "was deleted" in text_of(response)
    assert not photo_selectors.photos_of(analysed.photo.owner).exists()


def test_deleting_needs_a_post(web: Client, analysed: Analysis) -> None:
    page = f"/photos/{analysed.photo_id}/"
    assert web.get(f"{page}delete/")["Location"] == page
    assert photo_selectors.photos_of(analysed.photo.owner).exists()


def test_photo_page_advises_where_a_flag_is_set(owner: User, client: Client) -> None:
    face = FaceFactory.create(
        analysis__photo__owner=owner, quality={"face_size": 20.0, "flags": ["small", "turned"]}
    )
    client.force_login(owner)
    page = client.get(f"/photos/{face.analysis.photo_id}/").content.decode()
    assert "very small in the photo" in page
    assert "turned to the side" in page
    assert "is blurred" not in page


def test_every_flag_of_the_network_has_its_advice() -> None:
    assert set(QualityFlag.values) == set(quality.FLAGS)
    assert set(ADVICE) == set(QualityFlag)
    assert set(UNREADABLE) == quality.UNREADABLE


@pytest.mark.parametrize("flag", sorted(UNREADABLE))
def test_a_face_that_cannot_be_read_is_a_guess_whatever_its_confidence(
    owner: User, client: Client, flag: QualityFlag
) -> None:
    face = FaceFactory.create(
        analysis__photo__owner=owner, uncertain=True, quality={"flags": [flag.value]}
    )
    client.force_login(owner)
    page = client.get(f"/photos/{face.analysis.photo_id}/").content.decode()
    assert ADVICE[flag] in page
    assert "Read this one as a guess." in page
    assert "No expression stands out" not in page
