"""Which face decides where a photo stands among the most confident."""

import pytest

from detector.enums import Verdict
from detector.models import User
from detector.reviews import verdicts
from detector.tests.factories import FaceFactory
from detector.tests.reviews.judging import face_of

pytestmark = pytest.mark.django_db


def test_what_is_no_face_does_not_make_its_photo_the_most_confident(owner: User) -> None:
    sure = face_of(owner, confidence=0.95)
    unsure = FaceFactory.create(analysis=sure.analysis, index=1, confidence=0.5)
    for face, verdict, best in [
        (sure, Verdict.NOT_A_FACE, 0.5),
        (unsure, Verdict.NOT_A_FACE, 0.0),
        (sure, "", 0.95),
    ]:
        if verdict:
            verdicts.correct(owner, face, verdict)
        else:
            verdicts.take_back_correction(owner, face)
        sure.analysis.refresh_from_db()
        assert sure.analysis.best_confidence == best
