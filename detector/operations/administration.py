"""What those who run the site do to the work of others; each thing done is in the audit log."""

from collections.abc import Callable, Iterable

from django.db import transaction

from detector.analyses import leases, submission
from detector.common import audit
from detector.models import Analysis, User


def retry(actor: User, analyses: Iterable[Analysis]) -> int:
    """Queue those that failed again; how many."""
    return _each(actor, analyses, "analysis.retried", submission.retry)


def cancel(actor: User, analyses: Iterable[Analysis]) -> int:
    """End those that are queued or running, as failed; how many."""
    return _each(actor, analyses, "analysis.cancelled", leases.cancel)


def analyse_again(actor: User, analyses: Iterable[Analysis]) -> int:
    """Look anew at the photos of these analyses; how many were not looked at already."""
    return _each(actor, analyses, "analysis.repeated", _analyse_again)


def _analyse_again(analysis: Analysis) -> bool:
    return submission.analyse_again(analysis.owner, [analysis.photo_id]) > 0


def _each(
    actor: User, analyses: Iterable[Analysis], action: str, change: Callable[[Analysis], bool]
) -> int:
    changed = 0
    for analysis in analyses:
        with transaction.atomic():
            if change(analysis):
                audit.record(actor, action, analysis)
                changed += 1
    return changed
