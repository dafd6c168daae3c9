"""Score the faces of live photos with the model versions in the shadow.

It is a sample: a message that the broker loses is not resent.
"""

import logging
from uuid import UUID

from detector.analyses import crops
from detector.enums import Emotion, Status
from detector.exceptions import DetectorError
from detector.models import Analysis, Face, ModelVersion, ShadowFace
from detector.photos import images
from detector.registry import networks
from detector.registry import selectors as model_selectors

logger = logging.getLogger(__name__)


def score(analysis_id: UUID) -> None:
    """Store the predictions of each version in the shadow for one analysis. Idempotent."""
    done = Analysis.objects.filter(pk=analysis_id, status=Status.DONE)
    analysis = done.select_related("photo__owner").first()
    if analysis is None:
        return
    faces = list(analysis.faces.all())
    for version in model_selectors.models_in_shadow():
        try:
            _score(analysis, faces, version)
        except DetectorError as error:
            logger.warning("%s cannot judge %s in the shadow: %s", version, analysis_id, error)


def _score(analysis: Analysis, faces: list[Face], version: ModelVersion) -> None:
    network = networks.network_of(version)
    rgb = images.normalise(analysis.photo, is_first=False)
    found = network.classify_detected(rgb, [crops.detection_of(face) for face in faces])
    opinions = [
        ShadowFace(
            face=face,
            model_version=version,
            emotion=Emotion.values[int(row.argmax())],
            confidence=float(row.max()),
        )
        for face, row in zip(faces, found, strict=True)
    ]
    # The photo may have been erased meanwhile.
    left = set(Face.objects.filter(analysis=analysis).values_list("pk", flat=True))
    kept = [opinion for opinion in opinions if opinion.face_id in left]
    ShadowFace.objects.bulk_create(kept, ignore_conflicts=True)
