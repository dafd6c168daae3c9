"""Verdicts: claims, settling of cases, and what is shown and counted then."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from detector.common import clock
from detector.enums import CaseStatus, Emotion, Verdict
from detector.exceptions import DetectorError
from detector.insights import rollups, totals
from detector.models import Analysis, DailyEmotion, Review, ReviewCase, User, WebhookDelivery
from detector.photos import trash
from detector.reviews import cases, verdicts
from detector.reviews import consent as review_consent
from detector.reviews import queue as review_queue
from detector.tests.factories import FaceFactory, UserFactory, WebhookEndpointFactory
from detector.tests.reviews.judging import face_of, judge, reviewers

SURE = {"p_happy": 0.97, "p_neutral": 0.03, "confidence": 0.97}
TORN = {"p_happy": 0.4, "p_disgust": 0.35, "p_neutral": 0.25, "confidence": 0.4}


def counted(owner: User) -> dict[str, tuple[int, int]]:
    rows = DailyEmotion.objects.filter(owner=owner)
    return {row.emotion: (row.faces, row.corrected) for row in rows}


def test_today_begins_with_the_first_of_two_midnights(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Havana summer time ends at one o'clock, and the hour after midnight comes twice."""
    face_of(owner)
    review_consent.agree(owner)
    reviewer = UserFactory.create(time_zone="America/Havana")
    review = judge(reviewer, Verdict.SAD)
    night = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: night)
    counts = []
    for minutes in (60, 91):
        Review.objects.filter(pk=review.pk).update(created_at=night - timedelta(minutes=minutes))
        counts.append(review_queue.judged_today(reviewer))
    assert counts == [1, 0]


def test_only_faces_of_who_agreed_are_seen_and_withdrawal_ends_it(
    owner: User, stranger: User
) -> None:
    face = face_of(owner)
    face_of(stranger)
    reviewer = UserFactory.create()
    assert verdicts.next_case(reviewer) is None
    review_consent.agree(owner)
    case = verdicts.next_case(reviewer)
    assert case is not None
    assert case.face == face
    assert review_consent.withdraw(owner) == 1
    assert verdicts.next_case(reviewer) is None
    assert review_queue.claimed_case(reviewer, case.pk) is None
    with pytest.raises(DetectorError, match="not yours"):
        verdicts.give_verdict(case.pk, reviewer, Verdict.SAD)
    assert not Review.objects.exists()


def test_who_agrees_again_finds_what_was_settled(willing: User) -> None:
    face_of(willing)
    review_consent.agree(willing)
    (reviewer,) = reviewers(1)
    judge(reviewer, Verdict.SAD)
    review_consent.withdraw(willing)
    assert not review_queue.agreed_cases().exists()
    review_consent.agree(willing)
    assert review_queue.agreed_cases().get().final_verdict == Verdict.SAD


def test_the_most_useful_comes_first(willing: User) -> None:
    sure = face_of(willing, **SURE)
    torn = face_of(willing, **TORN)
    wrong = face_of(willing, **SURE)
    verdicts.correct(willing, wrong, Verdict.SAD)
    review_consent.agree(willing)
    order = review_queue.queue_of(UserFactory.create())
    assert [case.face_id for case in order] == [wrong.pk, torn.pk, sure.pk]


def test_no_two_reviewers_hold_the_same_face(willing: User, settings: Settings) -> None:
    settings.REVIEW_DOUBLE_SHARE = 1.0
    face_of(willing)
    face_of(willing)
    review_consent.agree(willing)
    first, second, third = reviewers(3)
    held = [verdicts.next_case(person) for person in (first, second)]
    assert None not in held
    assert held[0] != held[1]
    assert verdicts.next_case(third) is None
    # A second request gets the same face.
    assert verdicts.next_case(first) == held[0]
    ReviewCase.objects.filter(claimed_by=first).update(
        claimed_until=timezone.now() - timedelta(seconds=1)
    )
    assert verdicts.next_case(third) == held[0]
    with pytest.raises(DetectorError, match="not yours"):
        verdicts.give_verdict(held[0].pk, first, Verdict.SAD)  # type: ignore[union-attr]


def test_nobody_reviews_their_own_face_or_one_face_twice(willing: User, settings: Settings) -> None:
    settings.REVIEW_DOUBLE_SHARE = 1.0
    face_of(willing)
    review_consent.agree(willing)
    assert verdicts.next_case(willing) is None
    (reviewer,) = reviewers(1)
    judge(reviewer, Verdict.SAD)
    assert verdicts.next_case(reviewer) is None


@pytest.mark.parametrize(
    ("votes", "final"),
    [
        (["sad", "sad"], "sad"),
        (["sad", "angry", "angry"], "angry"),
        (["sad", "angry", "fear"], "cannot_tell"),
        (["not_a_face", "happy", "not_a_face"], "not_a_face"),
    ],
)
def test_two_must_agree_else_a_third_decides(
    votes: list[str], final: str, willing: User, settings: Settings
) -> None:
    settings.REVIEW_DOUBLE_SHARE = 1.0
    face = face_of(willing)
    review_consent.agree(willing)
    people = reviewers(4)
    for person, verdict in zip(people, votes, strict=False):
        assert ReviewCase.objects.get().status == CaseStatus.OPEN
        judge(person, verdict)
    case = ReviewCase.objects.get()
    assert (case.status, case.final_verdict) == (CaseStatus.SETTLED, final)
    assert verdicts.next_case(people[3]) is None
    face.refresh_from_db()
    assert face.reviewed_emotion == final


def test_undo_opens_the_case_again_and_gives_the_face_back(willing: User) -> None:
    face = face_of(willing)
    review_consent.agree(willing)
    (reviewer,) = reviewers(1)
    judge(reviewer, Verdict.SAD)
    assert counted(willing) == {"sad": (1, 1)}
    case = verdicts.undo(reviewer)
    assert case is not None
    assert case.face == face
    assert verdicts.next_case(reviewer) == case
    assert counted(willing) == {"happy": (1, 0)}
    assert not Review.objects.exists()
    assert verdicts.undo(reviewer) is None


def test_a_verdict_holds_where_the_photo_is_analysed_again_meanwhile(willing: User) -> None:
    face = face_of(willing)
    review_consent.agree(willing)
    (reviewer,) = reviewers(1)
    held = verdicts.next_case(reviewer)
    assert held is not None
    photo = face.analysis.photo
    rollups.remove(photo)
    later = FaceFactory.create(analysis__photo=photo, analysis__superseded=True, x=face.x + 2)
    Analysis.objects.filter(photo=photo).update(superseded=True)
    Analysis.objects.filter(pk=later.analysis_id).update(superseded=False)
    rollups.add(photo)
    cases.open_for(photo, [later])
    verdicts.give_verdict(held.pk, reviewer, Verdict.SAD)
    later.refresh_from_db()
    assert later.reviewed_emotion == Verdict.SAD
    assert counted(willing) == {"sad": (1, 1)}
    assert not review_queue.agreed_cases().exists(), "nobody is asked again"
    verdicts.undo(reviewer)
    later.refresh_from_db()
    assert later.reviewed_emotion == ""
    assert counted(willing) == {"happy": (1, 0)}
    assert review_queue.agreed_cases().get().face == later


def test_undo_takes_the_face_from_nobody(willing: User, settings: Settings) -> None:
    settings.REVIEW_DOUBLE_SHARE = 1.0
    face_of(willing)
    review_consent.agree(willing)
    first, second = reviewers(2)
    judge(first, Verdict.SAD)
    held = verdicts.next_case(second)
    assert held is not None
    assert verdicts.undo(first) is None
    assert verdicts.next_case(first) is None
    verdicts.give_verdict(held.pk, second, Verdict.SAD)
    assert verdicts.next_case(first) == held


def test_what_is_skipped_goes_to_others(willing: User) -> None:
    face_of(willing)
    review_consent.agree(willing)
    first, second = reviewers(2)
    case = verdicts.next_case(first)
    assert case is not None
    verdicts.skip(case, first)
    assert verdicts.next_case(first) is None
    assert verdicts.next_case(second) == case
    verdicts.release(second)
    verdicts.bring_back_skipped(first)
    assert verdicts.next_case(first) == case


def test_the_owner_has_the_last_word_on_what_is_shown(willing: User) -> None:
    face = face_of(willing)
    review_consent.agree(willing)
    verdicts.correct(willing, face, Verdict.ANGRY)
    verdicts.correct(willing, face, Verdict.FEAR)
    assert counted(willing) == {"fear": (1, 1)}
    (reviewer,) = reviewers(1)
    judge(reviewer, Verdict.SAD)
    face.refresh_from_db()
    assert (face.reviewed_emotion, face.effective_emotion) == ("fear", "fear")
    assert ReviewCase.objects.get().final_verdict == "sad"
    verdicts.take_back_correction(willing, face)
    assert counted(willing) == {"sad": (1, 1)}


def test_no_face_counts_nowhere_and_who_cannot_tell_leaves_the_models_word(owner: User) -> None:
    face = face_of(owner)
    verdicts.correct(owner, face, Verdict.NOT_A_FACE)
    summary = totals.summary(owner)
    assert (summary.photos, summary.faces, summary.without_face) == (1, 0, 1)
    verdicts.correct(owner, face, Verdict.CANNOT_TELL)
    assert counted(owner) == {"happy": (1, 0)}


def test_statistics_made_anew_say_the_same(owner: User) -> None:
    faces = [face_of(owner, uncertain=True, **TORN) for _ in range(3)]
    verdicts.correct(owner, faces[0], Verdict.DISGUST)
    verdicts.correct(owner, faces[1], Verdict.NOT_A_FACE)
    fields = ("emotion", "faces", "corrected", "uncertain", "confidence_sum")
    expected = [
        (Emotion.DISGUST, 1, 1, 0, pytest.approx(0.35)),
        (Emotion.HAPPY, 1, 0, 1, pytest.approx(0.4)),
    ]
    assert list(DailyEmotion.objects.values_list(*fields)) == expected
    rollups.rebuild(owner)
    assert list(DailyEmotion.objects.values_list(*fields)) == expected


def test_what_lies_in_the_bin_is_not_reviewed_and_stays_uncounted(willing: User) -> None:
    face = face_of(willing)
    review_consent.agree(willing)
    (reviewer,) = reviewers(1)
    case = verdicts.next_case(reviewer)
    assert case is not None
    trash.discard(willing, [face.analysis.photo_id])
    assert verdicts.next_case(reviewer) is None
    verdicts.give_verdict(case.pk, reviewer, Verdict.SAD)
    assert counted(willing) == {}
    trash.restore(willing, [face.analysis.photo_id])
    assert counted(willing) == {"sad": (1, 1)}


def test_strangers_correct_nothing(owner: User, stranger: User) -> None:
    face = face_of(owner)
    with pytest.raises(DetectorError, match="not yours"):
        verdicts.correct(stranger, face, Verdict.SAD)
    with pytest.raises(DetectorError, match="not yours"):
        verdicts.take_back_correction(stranger, face)
    assert not Review.objects.exists()


def test_the_owner_is_told_of_a_review_and_not_by_whom(
    willing: User,
    stranger: User,
    deliver_sent: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    face = face_of(willing)
    review_consent.agree(willing)
    WebhookEndpointFactory.create(owner=willing)
    WebhookEndpointFactory.create(owner=stranger)
    (reviewer,) = reviewers(1)
    with django_capture_on_commit_callbacks(execute=True):
        review = judge(reviewer, Verdict.SAD)
    delivery = WebhookDelivery.objects.get()
    assert deliver_sent == [delivery.pk]
    assert delivery.endpoint.owner == willing
    assert delivery.event == "review.created"
    assert delivery.subject == review.pk
    assert f'"analysis":"{face.analysis_id}"' in delivery.payload
    assert '"reviewed_emotion":"sad"' in delivery.payload
    assert str(reviewer.pk) not in delivery.payload
    assert reviewer.username not in delivery.payload
