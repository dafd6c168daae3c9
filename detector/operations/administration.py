"""Actions of administrators on the analyses and videos of others, each recorded in the audit log.

What they queue goes behind the single photos of people, who wait for theirs.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import transaction

from detector.analyses import leases, queueing
from detector.common import audit
from detector.enums import Priority
from detector.models import Analysis, User, Video
from detector.videos import queueing as video_queueing

TargetT = TypeVar("TargetT", Analysis, Video)


def retry(actor: User, analyses: Iterable[Analysis]) -> int:
    """Queue failed analyses again. Return how many."""
    return _each(actor, analyses, "analysis.retried", _retry)


def cancel(actor: User, analyses: Iterable[Analysis]) -> int:
    """Fail analyses that are queued or running. Return how many."""
    return _each(actor, analyses, "analysis.cancelled", leases.cancel)


def analyse_again(actor: User, analyses: Iterable[Analysis]) -> int:
    """Queue a new analysis of these photos. Return how many had none under way."""
    return _each(actor, analyses, "analysis.repeated", _analyse_again)


def retry_videos(actor: User, videos: Iterable[Video]) -> int:
    """Queue what failed of videos again. Return how many videos had failed and have their file."""
    return _each(actor, videos, "video.retried", video_queueing.retry)


def _retry(analysis: Analysis) -> bool:
    # Without its picture there is nothing to analyse.
    return analysis.photo.forgotten_at is None and queueing.retry(analysis, Priority.BATCH)


def _analyse_again(analysis: Analysis) -> bool:
    return queueing.analyse_again(analysis.owner, [analysis.photo_id], Priority.BATCH) > 0


def _each(
    actor: User, targets: Iterable[TargetT], action: str, change: Callable[[TargetT], bool]
) -> int:
    changed = 0
    for target in targets:
        with transaction.atomic():
            if change(target):
                audit.record(actor, action, target)
                changed += 1
    return changed
