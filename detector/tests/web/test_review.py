"""The page of reviewers, without its script, and who gets in."""

from typing import Any

import pytest
from django.test import Client

from detector.enums import Verdict
from detector.models import AuditEntry, Review, ReviewCase, User
from detector.reviews import consent as review_consent
from detector.reviews import verdicts
from detector.tests.factories import FaceFactory, UserFactory
from detector.tests.people import logged_in, reviewer_named

PLACES = ["", "agreement/", "{case}/image/", "undo/", "skipped/", "{case}/verdict/", "{case}/skip/"]


@pytest.mark.parametrize("place", PLACES)
def test_only_reviewers_get_in(case: ReviewCase, web: Client, place: str) -> None:
    url = "/admin/review/" + place.format(case=case.pk)
    method = "get" if place in PLACES[:3] else "post"
    staff = UserFactory.create(is_staff=True)
    former = reviewer_named("former")
    User.objects.filter(pk=former.pk).update(is_staff=False)
    for client in (web, logged_in(staff), logged_in(former)):
        assert getattr(client, method)(url).status_code == 404
    assert getattr(Client(), method)(url)["Location"].startswith("/accounts/login/")
    assert not Review.objects.exists()


def test_a_reviewer_sees_the_face_and_neither_owner_nor_the_models_word(
    case: ReviewCase, reviewer: User, owner: User
) -> None:
    client = logged_in(reviewer)
    page = client.get("/admin/review/").content.decode()
    assert str(case.pk) in page
    photo = case.face.analysis.photo
    for secret in (owner.username, owner.email, photo.filename, str(photo.pk)):
        assert secret not in page
    assert 'aria-current="true"' not in page
    other = logged_in(reviewer_named("other"))
    assert str(case.pk) not in other.get("/admin/review/").content.decode()
    assert other.get(f"/admin/review/{case.pk}/image/").status_code == 404
    # Closed last: that ends the connection to the database, too.
    picture = client.get(f"/admin/review/{case.pk}/image/")
    assert picture["Content-Type"] == "image/jpeg"
    assert picture["Cache-Control"] == "private, no-store"
    picture.close()


def test_a_verdict_without_a_script_leads_back_with_the_filters(
    case: ReviewCase, reviewer: User
) -> None:
    client = logged_in(reviewer)
    client.get("/admin/review/")
    response = client.post(
        f"/admin/review/{case.pk}/verdict/",
        {
            "verdict": "sad",
            "comment": " te\0ars ",
            "seconds": "2.5",
            "query": "emotion=happy&next=x",
        },
    )
    assert response["Location"] == "/admin/review/?emotion=happy"
    review = Review.objects.get()
    assert (review.verdict, review.comment, review.seconds) == (Verdict.SAD, "tears", 2.5)
    again = client.post(f"/admin/review/{case.pk}/verdict/", {"verdict": "sad"}, follow=True)
    assert "not yours to review" in again.content.decode()
    client.post("/admin/review/undo/")
    assert not Review.objects.exists()
    client.post(f"/admin/review/{case.pk}/skip/")
    assert "Bring back what I skipped (1)" in client.get("/admin/review/").content.decode()
    client.post("/admin/review/skipped/")
    assert str(case.pk) in client.get("/admin/review/").content.decode()


def test_a_photo_that_a_reviewer_was_shown_leaves_one_entry(
    case: ReviewCase, reviewer: User
) -> None:
    client = logged_in(reviewer)
    for _ in range(2):
        client.get("/admin/review/")
    picture = client.get(f"/admin/review/{case.pk}/image/")
    client.post(f"/admin/review/{case.pk}/verdict/", {"verdict": "sad"})
    client.post("/admin/review/undo/")
    entry = AuditEntry.objects.get()
    photo = case.face.analysis.photo
    assert (entry.actor, entry.action, entry.target_id) == (reviewer, "photo.viewed", str(photo.pk))
    assert entry.details == {"review": str(case.pk)}
    verdicts.release(reviewer)
    logged_in(reviewer_named("other")).get("/admin/review/")
    assert AuditEntry.objects.about(photo).values_list("actor_name", flat=True)[0] == "other"
    # Closed last: that ends the connection to the database, too.
    picture.close()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("emotion=happy", True),
        ("emotion=sad", False),
        ("min_confidence=0.99", False),
        ("max_confidence=0.99", True),
        ("since=2001-01-01&until=2001-01-02", False),
        ("since=2001-01-01", True),
        # Not valid, so nothing is found and the form says why.
        ("since=2001-01-02&until=2001-01-01", False),
        ("min_confidence=0.5&max_confidence=0.4", False),
        ("batch={batch}", True),
        ("batch=018f0000-0000-7000-8000-000000000000", False),
        ("batch=nonsense", False),
        ("model={model}", True),
        ("model=018f0000-0000-7000-8000-000000000000", False),
    ],
)
def test_filters_of_the_queue(case: ReviewCase, reviewer: User, query: str, found: bool) -> None:
    analysis = case.face.analysis
    query = query.format(batch=analysis.photo.batch, model=analysis.model_version_id)
    page = logged_in(reviewer).get(f"/admin/review/?{query}").content.decode()
    assert (str(case.pk) in page) is found


def test_the_pages_take_as_many_queries_for_many_faces(
    owner: User, reviewer: User, settings: Any, django_assert_max_num_queries: Any
) -> None:
    settings.REVIEW_DOUBLE_SHARE = 0.0
    for _ in range(20):
        FaceFactory.create(analysis__photo__owner=owner)
    review_consent.agree(owner)
    client = logged_in(reviewer)
    with django_assert_max_num_queries(24):
        client.get("/admin/review/")
    for _ in range(10):
        found = verdicts.next_case(reviewer)
        assert found is not None
        verdicts.give_verdict(found.pk, reviewer, Verdict.HAPPY)
    with django_assert_max_num_queries(12):
        page = client.get("/admin/review/agreement/").content.decode()
    assert "Accuracy" in page
    assert "10 are settled" in page
