"""Leases of analyses: claim, complete and fail, by `detector.common.leases`."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from detector.analyses import forgetting, line
from detector.common import clock
from detector.common import leases as common
from detector.common.leases import (
    LONGEST_WAIT,
    WORKER_LOST,
    LeaseLostError,
    claim_next,
    claim_read,
    renew,
    work_on,
)
from detector.enums import UNDER_WAY, Status
from detector.exceptions import DetectorError
from detector.models import Analysis, ModelVersion
from detector.webhooks import endpoints

__all__ = [
    "LONGEST_WAIT", "LeaseLostError", "cancel", "claim", "claim_next", "claim_read", "complete",
    "fail", "release_abandoned", "renew", "work_on",
]  # fmt: skip

CANCELLED = DetectorError(
    "cancelled", "Those who run the site cancelled this analysis.", details={}
)


def claim(analysis_id: UUID) -> Analysis | None:
    """Claim a due or abandoned analysis and return it; None if there is nothing to do."""
    rows = Analysis.objects.filter(pk=analysis_id, attempt__lt=settings.ANALYSIS_MAX_ATTEMPTS)
    analysis = line.read(rows)
    return analysis if analysis is not None and claim_read(analysis) else None


def complete(
    analysis: Analysis,
    *,
    model: ModelVersion,
    timings_ms: dict[str, float],
    best_confidence: float = 0.0,
) -> None:
    """Set the analysis to done. Raises LeaseLostError where the lease is lost."""
    common.update(
        analysis,
        status=Status.DONE,
        model_version=model,
        timings_ms=timings_ms,
        best_confidence=best_confidence,
        finished_at=clock.moment(),
        lease_expires_at=None,
    )
    analysis.status, analysis.model_version = Status.DONE, model


def fail(analysis: Analysis, error: DetectorError) -> None:
    """Set the analysis to failed, or queue it again where a retry may help.

    An attempt that failed because of an outage does not count. What is queued again joins the line
    anew: else an owner's failures would all go before the photos of others. Raises LeaseLostError.
    """
    changes = common.retry_after(analysis, error)
    if changes is not None:
        changes["turn"] = line.place(analysis.owner_id, analysis.priority)
        common.update(analysis, **changes)
        return
    with transaction.atomic():
        photo = forgetting.lock(analysis.photo_id)
        common.update(
            analysis,
            status=Status.FAILED,
            error_code=error.code,
            error_message=error.message,
            finished_at=clock.now(),
            lease_expires_at=None,
        )
        endpoints.record(analysis.pk)
        if photo is not None:
            forgetting.forget(photo)


def release_abandoned() -> int:
    """Queue analyses of lost workers again, or fail those with too many attempts.

    Return how many there were.
    """
    now = clock.now()
    lost, spent = common.abandoned(Analysis.objects.all(), now)
    failed = sum(_give_up(pk, now) for pk in list(spent.values_list("pk", flat=True)))
    return failed + common.queue_again(lost, now)


def cancel(analysis: Analysis) -> bool:
    """Fail an analysis that is queued or running. Return whether it was.

    A worker that runs it finds that its lease is lost.
    """
    return _end(analysis.pk, Q(status__in=UNDER_WAY), CANCELLED)


def _give_up(analysis_id: UUID, now: datetime) -> bool:
    """Fail an abandoned analysis, unless it was finished meanwhile. Return whether it failed."""
    abandoned = Q(status=Status.RUNNING, lease_expires_at__lt=now) | Q(status=Status.QUEUED)
    return _end(analysis_id, abandoned, WORKER_LOST)


@transaction.atomic
def _end(analysis_id: UUID, condition: Q, error: DetectorError) -> bool:
    photo_ids = Analysis.objects.filter(pk=analysis_id).values_list("photo_id", flat=True)
    photo = next((found for pk in photo_ids if (found := forgetting.lock(pk))), None)
    failed = Analysis.objects.filter(condition, pk=analysis_id).update(
        status=Status.FAILED,
        error_code=error.code,
        error_message=error.message,
        finished_at=clock.now(),
        lease_expires_at=None,
    )
    if failed:
        endpoints.record(analysis_id)
        if photo is not None:
            forgetting.forget(photo)
    return failed > 0
