"""The search of an erasure for faces in data sets for training."""

from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from detector.accounts import erasure, receipts, traces
from detector.accounts.identity import identity_of
from detector.learning import dataset
from detector.models import Analysis, Review, ReviewedExport, User
from detector.reviews import consent as review_consent
from detector.reviews import verdicts
from detector.tests.factories import AnalysisFactory, FaceFactory

pytestmark = pytest.mark.django_db


def test_a_judged_face_is_found_after_another_analysis_and_told_where_it_cannot_be_cut(
    analysed: Analysis, owner: User, tmp_path: Path
) -> None:
    ReviewedExport.objects.create(
        name="set", path=str(tmp_path / "set.npz"), sha256="0" * 64, faces=1
    )
    face = analysed.faces.get()
    verdicts.correct(owner, face, "sad")
    [before] = identity_of(owner).crops
    # The next network saw it a little elsewhere, and the owner's word went along.
    renewed = AnalysisFactory.create(photo=analysed.photo, superseded=True)
    Analysis.objects.filter(pk=analysed.pk).update(superseded=True)
    Analysis.objects.filter(pk=renewed.pk).update(superseded=False)
    Review.objects.update(face=FaceFactory.create(analysis=renewed, x=face.x + 3))
    identity = identity_of(owner)
    assert before in identity.crops
    assert "reviewed data" not in traces.search(identity).not_searched
    default_storage.delete(str(analysed.photo.image.name))
    assert "reviewed data" in traces.search(identity_of(owner)).not_searched


def test_a_full_search_finds_a_face_whose_correction_was_taken_back(
    analysed: Analysis, owner: User, tmp_path: Path
) -> None:
    face = analysed.faces.get()
    review_consent.agree(owner)
    verdicts.correct(owner, face, "sad")
    made = dataset.export(tmp_path / "set.npz", actor=None)
    verdicts.take_back_correction(owner, face)
    receipt = receipts.verify(erasure.erase_account(owner, full_search=True))
    assert receipt["search"]["reviewed_data"] == {made.name: 1}
