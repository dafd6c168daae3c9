"""Reviews by programs: the next face, its photo, and a verdict."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from detector.enums import Scope
from detector.models import Review, ReviewCase, User
from detector.reviews import consent, verdicts
from detector.tests.conftest import api_client
from detector.tests.people import reviewer_named


def test_a_program_judges_a_face(case: ReviewCase, reviewer_api: APIClient, owner: User) -> None:
    answer = reviewer_api.get("/api/v1/reviews/queue/")
    queue = answer.json()
    assert (queue["left"], queue["case"]["id"]) == (1, str(case.pk))
    for secret in (str(owner.pk), owner.username, str(case.face.analysis_id), "happy"):
        assert secret not in answer.content.decode()
    verdict = {"case": str(case.pk), "verdict": "sad", "seconds": 3.5}
    made = reviewer_api.post("/api/v1/reviews/", verdict, format="json")
    assert made.status_code == 201
    assert made.json()["verdict"] == "sad"
    again = reviewer_api.post("/api/v1/reviews/", verdict, format="json")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "review_not_held")
    assert reviewer_api.get("/api/v1/reviews/queue/").json() == {"left": 0, "case": None}
    listed = reviewer_api.get("/api/v1/reviews/").json()["results"]
    assert [row["case"] for row in listed] == [str(case.pk)]
    assert Review.objects.get().seconds == 3.5


def test_a_photo_is_seen_only_while_its_face_is_held(
    case: ReviewCase, reviewer_api: APIClient
) -> None:
    image = f"/api/v1/reviews/queue/{case.pk}/image/"
    assert reviewer_api.get(image).status_code == 404
    assert reviewer_api.get("/api/v1/reviews/queue/").json()["case"]["image"].endswith(image)
    skip = f"/api/v1/reviews/queue/{case.pk}/skip/"
    other = api_client(reviewer_named("other"), [Scope.REVIEW])
    assert other.get(image).status_code == 404
    assert other.post(skip).status_code == 404
    assert reviewer_api.post(skip).status_code == 204
    assert reviewer_api.get("/api/v1/reviews/queue/").json() == {"left": 0, "case": None}
    assert other.get("/api/v1/reviews/queue/").json()["left"] == 1
    picture = other.get(image)
    assert picture["Content-Type"] == "image/jpeg"
    assert picture["Cache-Control"] == "private, no-store"
    picture.close()


def test_a_face_can_be_withdrawn_while_it_is_given(
    case: ReviewCase, reviewer_api: APIClient, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = verdicts._claim_and_log

    def claim_and_withdraw(*given: Any) -> bool:
        claimed = claim(*given)
        consent.withdraw(owner)
        return claimed

    monkeypatch.setattr(verdicts, "_claim_and_log", claim_and_withdraw)
    given = reviewer_api.get("/api/v1/reviews/queue/").json()["case"]
    assert reviewer_api.get(given["image"]).status_code == 404


@pytest.mark.parametrize(
    ("query", "status"), [("emotion=sad", 200), ("emotion=bored", 400), ("colour=red", 400)]
)
def test_filters_of_the_queue_are_strict(
    case: ReviewCase, reviewer_api: APIClient, query: str, status: int
) -> None:
    answer = reviewer_api.get(f"/api/v1/reviews/queue/?{query}")
    assert answer.status_code == status
    if status == 200:
        assert answer.json() == {"left": 0, "case": None}


def test_a_token_of_someone_who_is_no_reviewer_is_refused(case: ReviewCase, stranger: User) -> None:
    client = api_client(stranger, list(Scope))
    answer = client.get("/api/v1/reviews/queue/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "permission_denied")
    assert verdicts.next_case(reviewer_named("reviewer")) == case


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("since=2026-05-05&until=2026-05-04", "until"),
        ("min_confidence=0.5&max_confidence=0.4", "max_confidence"),
    ],
)
def test_a_span_that_ends_before_it_begins_is_refused(
    reviewer_api: APIClient, query: str, field: str
) -> None:
    refused = reviewer_api.get(f"/api/v1/reviews/queue/?{query}")
    assert refused.status_code == 400
    assert list(refused.json()["error"]["details"]["fields"]) == [field]
