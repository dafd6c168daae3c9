"""The work on one photo: claim, normalise, detect and classify, complete or fail."""

import logging
import time
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.db import Error, transaction

from detector.analyses import leases, matching
from detector.common import storage
from detector.common.outages import drop_dead_connection, outage_in
from detector.exceptions import DetectorError
from detector.insights import rollups
from detector.models import Analysis, Face, Photo
from detector.photos import images
from detector.registry import networks
from detector.reviews import cases
from detector.webhooks import endpoints
from ml.types import FaceAnalysis

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = (0.5, 1, 2, 4, 8)
"""Pauses before the database is tried again; together less than a lease."""

TIMED_OUT = DetectorError("timed_out", "The analysis took too long.", permanent=False)
UNEXPECTED = DetectorError(
    "internal_error", "Something went wrong on our side while analysing.", permanent=False
)


def run(analysis_id: UUID) -> None:
    """Analyse a photo unless someone else does or did; safe to call any number of times."""
    analysis = leases.claim(analysis_id)
    if analysis is None:
        logger.info("Analysis %s needs no work now", analysis_id)
        return
    try:
        _run_claimed(analysis)
    except leases.LeaseLostError:
        logger.warning("Analysis %s was taken over or deleted meanwhile", analysis_id)


def _run_claimed(analysis: Analysis) -> None:
    try:
        with leases.kept(analysis):
            _analyse(analysis)
    except leases.LeaseLostError:
        raise
    except DetectorError as error:
        if storage.is_single_file_error(error):
            logger.exception("Analysis %s cannot reach its files", analysis.pk)
            error = UNEXPECTED
        _put_back(analysis, error)
    except SoftTimeLimitExceeded:
        logger.warning("Analysis %s ran into the time limit", analysis.pk)
        _put_back(analysis, TIMED_OUT)
    except Exception as error:
        # Whatever it was, the row must not stay running: it is logged and tried again.
        logger.exception("Analysis %s failed unexpectedly", analysis.pk)
        outage = None if storage.is_single_file_error(error) else outage_in(error)
        _put_back(analysis, outage or UNEXPECTED)


def _put_back(analysis: Analysis, error: DetectorError) -> None:
    """Write down how it went wrong, as soon as the database takes it.

    One that stays away longer finds that the lease ran out.
    """
    for wait in PATIENCE_SECONDS:
        try:
            return leases.fail(analysis, error)
        except Error as away:
            if outage_in(away) is None:
                raise
            logger.warning("Analysis %s cannot be put back yet: %s", analysis.pk, away)
        drop_dead_connection()
        time.sleep(wait)
    return leases.fail(analysis, error)


def _analyse(analysis: Analysis) -> None:
    timings: dict[str, float] = {}

    def stage_done(stage: str, milliseconds: float) -> None:
        timings[stage] = round(milliseconds, 1)

    began = time.perf_counter()
    rgb = images.normalise(analysis.photo)
    stage_done("normalise", 1000 * (time.perf_counter() - began))
    analyser = networks.analyser()
    found = analyser.analyse(rgb, on_stage=stage_done)
    version = networks.version_of(analyser)
    with transaction.atomic():
        # The photo's row is locked first, as deletion does, so that neither waits for the other.
        photo = (
            Photo.objects.select_for_update(of=("self",))
            .select_related("owner")
            .filter(pk=analysis.photo_id)
            .first()
        )
        if photo is None:
            raise leases.LeaseLostError(analysis.pk)
        best = max((face.confidence for face in found), default=0.0)
        leases.complete(analysis, model=version, timings_ms=timings, best_confidence=best)
        faces = [_row(analysis, face) for face in found]
        settled: list[Face] = []
        if analysis.superseded:
            settled = _keep_verdicts(photo, faces)
            _make_current(analysis, photo)
        faces = Face.objects.bulk_create(faces)
        # In the bin it counts nowhere; its faces are counted when it comes back.
        if photo.deleted_at is None:
            rollups.add(photo)
        cases.open_for(photo, [face for face in faces if face not in settled])
        endpoints.record(analysis.pk)


def _keep_verdicts(photo: Photo, faces: list[Face]) -> list[Face]:
    """Show of each face what people said of it before; those that reviewers are done with.

    The verdicts themselves stay with the reading that they were given on.
    """
    earlier = rollups.counted_faces(photo).select_related("review_case")
    settled = []
    for face, known in zip(faces, matching.same_faces(list(earlier), faces), strict=True):
        if known is not None:
            face.reviewed_emotion = known.reviewed_emotion
            if cases.is_decided(known):
                settled.append(face)
    return settled


def _make_current(renewal: Analysis, photo: Photo) -> None:
    """Let a renewal take the place of the result that stood until now."""
    if photo.deleted_at is None:
        rollups.remove(photo)
    Analysis.objects.filter(photo=photo, superseded=False).update(superseded=True)
    Analysis.objects.filter(pk=renewal.pk).update(superseded=False)


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
