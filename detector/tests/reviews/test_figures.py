"""The figures of reviewers and of the model."""

from uuid import UUID

from pytest_django.fixtures import Settings

from detector.enums import Verdict
from detector.models import Analysis, Review, User
from detector.reviews import consent as review_consent
from detector.reviews import figures, verdicts
from detector.reviews import queue as review_queue
from detector.tests.reviews.judging import face_of, judge, reviewers


def test_agreement_of_those_who_left_is_that_of_their_first_two_verdicts(
    willing: User, settings: Settings
) -> None:
    settings.REVIEW_DOUBLE_SHARE = 1.0
    people = reviewers(3)
    for votes in (["sad", "happy", "sad"], ["happy", "sad", "sad"]):
        face_of(willing)
        review_consent.agree(willing)
        for person, verdict in zip(people, votes, strict=True):
            judge(person, verdict)
    # The host that stored the first of them has a clock that runs ahead, and so have its ids.
    early = Review.objects.order_by("created_at").first()
    assert early is not None
    Review.objects.filter(pk=early.pk).update(id=UUID(int=2**128 - 1))
    for person in people:
        person.is_being_erased = True
        person.delete()
    found = figures.agreement()
    # Each gave two labels once, and they never agreed.
    assert found.cohen is not None
    assert (found.doubles, found.cohen.value) == (2, -1.0)
    ((one, other, kappa),) = found.pairs
    assert (one, other, kappa.value) == ("Former reviewers", "Former reviewers", -1.0)


def test_figures_stay_when_another_model_reads_the_photos(willing: User) -> None:
    face = face_of(willing)
    review_consent.agree(willing)
    (reviewer,) = reviewers(1)
    judge(reviewer, Verdict.SAD)
    Analysis.objects.update(superseded=True)
    model_id = face.analysis.model_version_id
    assert figures.agreement().reviews == 1
    assert figures.of_model().settled == figures.of_model(model_id).settled == 1
    assert [model.pk for model in review_queue.models_reviewed()] == [model_id]
    # But nobody is asked about a face that is no longer shown, and who withdraws is in no figure.
    face_of(willing)
    review_consent.agree(willing)
    Analysis.objects.update(superseded=True)
    assert verdicts.next_case(reviewer) is None
    review_consent.withdraw(willing)
    assert figures.agreement().reviews == figures.of_model().settled == 0
