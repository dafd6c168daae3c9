"""The owner's side of reviews: correcting a face, and letting reviewers help or not."""

import re
from typing import Any

import pytest
from django.test import Client

from detector.analyses import selectors
from detector.enums import Verdict
from detector.insights import totals
from detector.models import Analysis, Review, ReviewCase, User
from detector.photos import erasure
from detector.tests.conftest import api_client


def test_an_owner_corrects_a_face_and_sees_it_everywhere(
    analysed: Analysis, owner: User, web: Client
) -> None:
    address = f"/photos/{analysed.photo_id}/faces/0/correction/"
    response = web.post(address, {"verdict": "sad"})
    assert response["Location"] == f"/photos/{analysed.photo_id}/#face-1"
    page = web.get(f"/photos/{analysed.photo_id}/").content.decode()
    assert re.search(r"Sad<span[^>]*>, corrected</span>", page)
    assert "The model read happy" in page
    assert "1 face: sad" in page
    assert Review.objects.get().verdict == Verdict.SAD
    assert analysed.photo.filename in web.get("/history/?emotion=sad").content.decode()
    assert analysed.photo.filename not in web.get("/history/?emotion=happy").content.decode()
    api = api_client(owner).get(f"/api/v1/analyses/{analysed.pk}/").json()
    assert api["dominant_emotion"] == "sad"
    face = api["faces"][0]
    assert (face["emotion"], face["reviewed_emotion"]) == ("happy", "sad")
    summary = api_client(owner).get("/api/v1/stats/summary/").json()
    assert (summary["corrected"], summary["emotions"]["sad"]["faces"]) == (1, 1)
    insights = web.get("/insights/").content.decode()
    # One face makes no share.
    assert re.search(r"Corrected faces</dt><dd>–</dd><dd[^>]*>1 of 1", insights)


def test_a_correction_is_taken_back_by_saying_nothing(analysed: Analysis, web: Client) -> None:
    address = f"/photos/{analysed.photo_id}/faces/0/correction/"
    web.post(address, {"verdict": "not_a_face"})
    assert totals.summary(analysed.photo.owner).faces == 0
    answer = web.post(address, {"verdict": ""}, headers={"HX-Request": "true"})
    assert "Happy" in answer.content.decode()
    assert totals.summary(analysed.photo.owner).faces == 1
    web.post(address, {"verdict": "bored"})
    assert not Review.objects.exists()


@pytest.mark.parametrize("verdict", ["sad", ""])
def test_a_face_that_is_erased_meanwhile_is_not_found(
    verdict: str, analysed: Analysis, web: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = selectors.face_of

    def found_and_erased(*args: Any) -> Any:
        face = find(*args)
        erasure.delete_photo(analysed.photo)
        return face

    monkeypatch.setattr(selectors, "face_of", found_and_erased)
    address = f"/photos/{analysed.photo_id}/faces/0/correction/"
    assert web.post(address, {"verdict": verdict}).status_code == 404


def test_reviews_are_asked_for_apart_and_can_be_ended(
    analysed: Analysis, owner: User, web: Client
) -> None:
    page = web.get("/settings/")
    assert "No reviewer sees your photos." in page.content.decode()
    version = page.context["review_version"]
    assert f'name="version" value="{version}"' in page.content.decode()
    web.post("/settings/reviews/", {"agree": "yes", "version": version})
    assert User.objects.get(pk=owner.pk).agrees_to_review
    assert ReviewCase.objects.count() == 1
    web.post("/settings/reviews/", {"agree": "no"})
    assert not User.objects.get(pk=owner.pk).agrees_to_review
    assert not ReviewCase.objects.exists()


def test_sign_up_asks_and_takes_no_answer_for_a_no(client: Client, db: None) -> None:
    page = client.get("/accounts/signup/").content.decode()
    assert re.search(r"<input[^>]*name=.review_consent.[^>]*>", page)
    assert not re.search(r"<input[^>]*name=.review_consent.[^>]*checked", page)
    form = {"password1": "correct horse battery", "password2": "correct horse battery"}
    for name, more in (("no", {}), ("yes", {"review_consent": "on"})):
        client.post(
            "/accounts/signup/", {**form, "email": f"{name}@example.com", "consent": "on", **more}
        )
        client.logout()
    agreed = User.objects.order_by("email").values_list("email", "review_consent_version")
    assert [(email, bool(version)) for email, version in agreed] == [
        ("no@example.com", False),
        ("yes@example.com", True),
    ]
