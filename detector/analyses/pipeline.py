"""Analyse one photo: claim, normalise, detect and classify, complete or fail."""

import logging
import time
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from detector.analyses import forgetting, leases, line, matching
from detector.common import locks, trace
from detector.insights import rollups
from detector.models import Analysis, Face, ModelVersion, Photo
from detector.photos import images
from detector.registry import networks
from detector.reviews import cases
from detector.webhooks import endpoints
from ml import memory
from ml.types import FaceAnalysis

logger = logging.getLogger(__name__)


def run(analysis_id: UUID) -> None:
    """Analyse a photo, unless another worker does or did. Idempotent."""
    analysis = leases.claim(analysis_id)
    if analysis is None:
        logger.info("Analysis %s needs no work now", analysis_id)
    else:
        _run_claimed(analysis)


def run_next() -> UUID | None:
    """Analyse the photo whose turn it is. Return its analysis; None where none is due."""
    chosen = leases.claim_next(line.next_due)
    if chosen is None:
        return None
    _run_claimed(chosen)
    return chosen.pk


def _run_claimed(analysis: Analysis) -> None:
    with trace.analysis(analysis.pk):
        try:
            leases.work_on(
                analysis, lambda: _analyse(analysis), lambda error: leases.fail(analysis, error)
            )
        finally:
            memory.give_back(analysis.photo.width * analysis.photo.height)


def _analyse(analysis: Analysis) -> None:
    timings: dict[str, float] = {}

    def stage_done(stage: str, milliseconds: float) -> None:
        timings[stage] = round(milliseconds, 1)

    began = time.perf_counter()
    rgb = images.normalise(analysis.photo, is_first=not analysis.superseded)
    stage_done("normalise", 1000 * (time.perf_counter() - began))
    analyser = networks.analyser()
    found = analyser.analyse(rgb, on_stage=stage_done)
    _store(analysis, found, networks.version_of(analyser), timings)
    logger.info("Analysis %s is done: %d faces", analysis.pk, len(found))


@transaction.atomic
def _store(
    analysis: Analysis,
    found: Sequence[FaceAnalysis],
    model: ModelVersion,
    timings: dict[str, float],
) -> None:
    """Complete the analysis and store its faces with all that follows from them."""
    # Lock the photo first, as deletion does, to avoid a deadlock.
    photo = locks.lock_photo_and_owner(analysis.photo_id)
    if photo is None:
        raise leases.LeaseLostError(analysis.pk)
    best = max((face.confidence for face in found), default=0.0)
    leases.complete(analysis, model=model, timings_ms=timings, best_confidence=best)
    faces = [_row(analysis, face) for face in found]
    known: dict[int, Face] = {}
    if analysis.superseded:
        known = _carry_verdicts_over(photo, faces)
        _make_current(analysis, photo, faces)
    settled = {index for index, face in known.items() if cases.is_decided(face)}
    faces = Face.objects.bulk_create(faces)
    cases.move_words_of_owner((known[face.index], face) for face in faces if face.index in known)
    # A photo in the trash is counted when it is restored.
    if photo.deleted_at is None:
        rollups.add_new(photo, model, faces)
    cases.open_for(photo, [face for face in faces if face.index not in settled])
    endpoints.record_done(analysis, faces)
    if photo.forget and photo.forgotten_at is None:
        forgetting.forget(photo)


def _carry_verdicts_over(photo: Photo, faces: list[Face]) -> dict[int, Face]:
    """Copy people's verdicts from the earlier faces. Return these by the index of the new ones."""
    earlier = list(rollups.counted_faces(photo).select_related("review_case"))
    pairs = zip(faces, matching.same_faces(earlier, faces), strict=True)
    found = {face.index: known for face, known in pairs if known is not None}
    for face in faces:
        if face.index in found:
            face.reviewed_emotion = found[face.index].reviewed_emotion
    return found


def _make_current(renewal: Analysis, photo: Photo, faces: list[Face]) -> None:
    """Make a renewal the current analysis in place of the earlier one, with the verdicts on it."""
    best = max((face.confidence for face in faces if not face.is_dismissed), default=0.0)
    if photo.deleted_at is None:
        rollups.remove(photo)
    Analysis.objects.filter(photo=photo, superseded=False).update(superseded=True)
    Analysis.objects.filter(pk=renewal.pk).update(superseded=False, best_confidence=best)


def _row(analysis: Analysis, face: FaceAnalysis) -> Face:
    plain = face.as_dict()
    return Face(
        analysis=analysis,
        index=face.index,
        x=face.box.x,
        y=face.box.y,
        width=face.box.width,
        height=face.box.height,
        landmarks=plain["landmarks"],
        detection_score=face.detection_score,
        quality=plain["quality"],
        emotion=face.emotion,
        confidence=face.confidence,
        uncertain=face.uncertain,
        **{
            Face.PROBABILITY_FIELDS[emotion]: face.probabilities[emotion.value]
            for emotion in Face.PROBABILITY_FIELDS
        },
    )
