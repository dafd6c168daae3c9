"""Request fine-tunes, which a worker of the queue `background` runs."""

from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from detector.common import audit, dispatch
from detector.common.dispatch import TaskName
from detector.enums import FineTuneStatus
from detector.exceptions import DetectorError
from detector.learning import runner
from detector.models import FineTune, ModelVersion, ReviewedExport, User
from detector.registry import selectors as model_selectors


def check(reviewed: ReviewedExport) -> ModelVersion:
    """Return the active version, which a fine-tune would start from.

    Raises DetectorError where the data are not on this host or no version is active yet.
    """
    if not settings.TRAINING_DATA or not Path(settings.TRAINING_DATA).is_file():
        raise DetectorError(
            "no_training_data", "TRAINING_DATA does not name the base data that fine-tuning needs."
        )
    if not Path(reviewed.path).is_file():
        raise DetectorError("no_reviewed_data", f"{reviewed} is not at {reviewed.path}.")
    base = model_selectors.active_model()
    if base is None:
        raise DetectorError("no_model", "No version serves yet: start a worker first.")
    return base


def request(reviewed: ReviewedExport, actor: User | None) -> FineTune:
    """Queue a fine-tune of the active version on these faces. Raises DetectorError."""
    base = check(reviewed)
    with transaction.atomic():
        row = FineTune.objects.create(
            name=_free_name(base.name), base=base, reviewed=reviewed, started_by=actor
        )
        audit.record(actor, "finetune.requested", row, base=base.name, reviewed=reviewed.name)
        transaction.on_commit(lambda: dispatch.send(TaskName.FINE_TUNE, row.pk), robust=True)
    return row


def cancel(row: FineTune, actor: User | None) -> bool:
    """Cancel a fine-tune. Return whether it was queued or running."""
    with transaction.atomic():
        cancelled = runner.end(row, FineTuneStatus.CANCELLED)
        if cancelled:
            audit.record(actor, "finetune.cancelled", row)
    return cancelled


def sweep() -> None:
    """Fail runs of lost workers, and start the next one."""
    runner.fail_silent()
    running = FineTune.objects.filter(status=FineTuneStatus.RUNNING)
    if not running.exists():
        waiting = FineTune.objects.filter(status=FineTuneStatus.QUEUED).order_by("id").first()
        # Messages of another kind may wait in the same queue, so one more of it does no harm.
        if waiting is not None and dispatch.lacking(TaskName.FINE_TUNE, dispatch.RESEND_BATCH):
            dispatch.send(TaskName.FINE_TUNE, waiting.pk)


def _free_name(base: str) -> str:
    """Return an unused name of base, day and number: `v4-2026-06-01`, `v4-2026-06-01-2`."""
    stem = f"{base.split('-')[0]}-{timezone.now():%Y-%m-%d}"
    names = set(FineTune.objects.filter(name__startswith=stem).values_list("name", flat=True))
    number = 1
    while (name := stem if number == 1 else f"{stem}-{number}") in names:
        number += 1
    return name
