"""Shadow scoring, with the committed weights."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from detector.analyses import submission
from detector.enums import Source
from detector.learning import shadow
from detector.models import Analysis, Face, ShadowFace, User
from detector.registry import networks, promotion
from detector.registry import selectors as model_selectors
from detector.registry.networks import analyser as real_analyser
from detector.tasks import analyse
from detector.tests import tiny_version
from detector.tests.e2e import pictures

pytestmark = [pytest.mark.django_db, pytest.mark.weights]


def test_a_version_in_the_shadow_judges_what_is_shown(
    owner: User,
    background_sent: list[UUID],
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    tmp_path: Path,
) -> None:
    settings.MODELS_FOLDER, settings.MODEL_VERSION = tmp_path, None
    monkeypatch.setattr(networks, "analyser", real_analyser)
    promotion.choose_default()
    candidate = promotion.register(tiny_version.make(tmp_path).version)
    promotion.set_shadow(candidate, True, owner)
    photos = [
        SimpleUploadedFile(name, pictures.jpeg(image))
        for name, image in (("a.jpg", pictures.astronaut()), ("b.jpg", pictures.coffee()))
    ]
    for analysis in submission.submit(owner, photos, Source.WEB).accepted:
        analyse(str(analysis.pk))
    # In a photo without a face there is nothing to score.
    face = Face.objects.get()
    assert background_sent == [face.analysis_id]
    for _ in range(2):
        shadow.score(face.analysis_id)
    opinion = ShadowFace.objects.get()
    assert (opinion.face, opinion.model_version) == (face, candidate)
    assert opinion.emotion == face.emotion == "happy"
    # The prediction of another network, which users do not see.
    assert opinion.confidence != face.confidence
    assert face.analysis.model_version == model_selectors.active_model()
    agreement = model_selectors.shadow_agreement(candidate)
    assert (agreement.faces, agreement.same) == (1, 1)
    promotion.set_shadow(candidate, False, owner)
    background_sent.clear()
    analyse(str(Analysis.objects.latest("id").pk))
    assert background_sent == []
