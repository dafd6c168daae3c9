"""Draw heat maps of faces in a worker."""

import io
import logging
from uuid import UUID

from django.core.files.base import ContentFile
from django.db.models import F
from PIL import Image

from detector.analyses import crops
from detector.common import storage
from detector.common.outages import outage_in
from detector.exceptions import DetectorError
from detector.models import Explanation
from detector.photos import images
from detector.registry import networks

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
QUALITY = 88

UNEXPECTED = DetectorError("internal_error", "The picture could not be drawn.")
MODEL_REPLACED = DetectorError(
    "model_replaced",
    "This result comes from an earlier model. Analyse the photo again to see where the model "
    "looks now.",
)


def draw(explanation_id: UUID) -> None:
    """Draw a heat map, unless there is one already. Idempotent.

    There is no lease: two workers that draw the same one waste a tenth of a second, and the first
    picture counts.
    """
    waiting = Explanation.objects.filter(pk=explanation_id, picture="", error_code="")
    if not waiting.update(attempt=F("attempt") + 1):
        logger.info("Explanation %s needs no work now", explanation_id)
        return
    explanation = waiting.select_related("face__analysis__photo__owner").first()
    if explanation is None:
        return
    try:
        _draw(explanation)
    except Exception as error:
        _end(explanation, error)


def _draw(explanation: Explanation) -> None:
    # A face that kills the worker each time must not be retried for ever.
    if explanation.attempt > MAX_ATTEMPTS:
        raise UNEXPECTED
    face = explanation.face
    analyser = networks.analyser()
    if networks.version_of(analyser) != face.analysis.model_version:
        raise MODEL_REPLACED
    rgb = images.normalise(face.analysis.photo, is_first=False)
    picture = Image.fromarray(analyser.heat_map(rgb, crops.detection_of(face), face.emotion))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=QUALITY)
    storage.save(explanation.picture, ContentFile(buffer.getvalue()))
    name = str(explanation.picture.name)
    counted = Explanation.objects.filter(pk=explanation.pk, picture="").update(
        picture=name, error_code="", error_message=""
    )
    if not counted:
        images.delete_files([name])


def _end(explanation: Explanation, error: Exception) -> None:
    outage = outage_in(error)
    if outage is not None and storage.is_single_file_error(error):
        # The attempt counts, and the sweep resends it up to MAX_ATTEMPTS.
        logger.error("Explanation %s cannot reach its files", explanation.pk, exc_info=error)
    elif outage is not None:
        # Undo the attempt: the sweep resends it after the outage.
        logger.warning("Explanation %s waits: %s", explanation.pk, outage.code)
        Explanation.objects.filter(pk=explanation.pk).update(attempt=F("attempt") - 1)
    elif isinstance(error, DetectorError):
        _fail(explanation, error)
    else:
        logger.error("Explanation %s failed unexpectedly", explanation.pk, exc_info=error)
        _fail(explanation, UNEXPECTED)


def _fail(explanation: Explanation, error: DetectorError) -> None:
    Explanation.objects.filter(pk=explanation.pk, picture="").update(
        error_code=error.code, error_message=error.message
    )
