"""Runs fine-tunes: the worker's side. Training is a process of its own and says how far it is."""

import json
import logging
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from detector.enums import FineTuneStatus
from detector.exceptions import DetectorError
from detector.models import FineTune, ModelVersion
from detector.services import promotion

logger = logging.getLogger(__name__)

LOG_LINES: Final = 40
NICENESS: Final = 15
"""Photos go first, wherever both want a processor."""
PASSED_ON: Final = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "OMP_NUM_THREADS")
"""What training sees of the environment: it needs none of the platform's secrets."""


def run(fine_tune_id: UUID) -> None:
    """Make the candidate of a queued row, unless another runs; safe to call any number of times."""
    row = _claim(fine_tune_id)
    if row is None:
        logger.info("Fine-tune %s needs no work now", fine_tune_id)
        return
    try:
        _run(row)
    except SoftTimeLimitExceeded:
        end(row, FineTuneStatus.FAILED, "It took too long.")
    except Exception:
        logger.exception("Fine-tune %s failed unexpectedly", row)
        end(row, FineTuneStatus.FAILED, "Something went wrong on our side.")


def end(
    row: FineTune, status: FineTuneStatus, error: str = "", result: ModelVersion | None = None
) -> bool:
    """Move an open row to its end; whether it was still open."""
    open_row = FineTune.objects.filter(pk=row.pk).filter(
        status__in=[FineTuneStatus.QUEUED, FineTuneStatus.RUNNING]
    )
    changes: dict[str, object] = {
        "error_message": error[:500],
        "result": result,
        "finished_at": timezone.now(),
    }
    if status == FineTuneStatus.DONE:
        changes["progress"] = 1.0
    return bool(open_row.update(status=status, **changes))


def give_up_silent() -> int:
    """End runs whose worker was lost; how many."""
    since = timezone.now() - timedelta(seconds=settings.FINE_TUNE_SILENCE)
    silent = FineTune.objects.filter(status=FineTuneStatus.RUNNING, heard_at__lt=since)
    return sum(end(row, FineTuneStatus.FAILED, "It was interrupted.") for row in silent)


def command(row: FineTune) -> list[str]:
    """What is run; it knows nothing of the platform."""
    options = {
        "--reviewed": row.reviewed.path,
        "--reviewed-id": row.reviewed.name,
        "--data": settings.TRAINING_DATA,
        "--base": row.base.name,
        "--name": row.name,
        "--out": str(settings.MODELS_FOLDER),
    }
    words = [word for pair in options.items() for word in pair]
    quick = ["--quick"] if settings.FINE_TUNE_QUICK else []
    return [sys.executable, "-m", "ml.training.finetune", *words, *quick]


def _claim(fine_tune_id: UUID) -> FineTune | None:
    queued = FineTune.objects.filter(pk=fine_tune_id, status=FineTuneStatus.QUEUED)
    try:
        with transaction.atomic():
            claimed = queued.update(status=FineTuneStatus.RUNNING, heard_at=timezone.now())
    except IntegrityError:
        # One runs already; the sweep comes back to this one.
        return None
    rows = FineTune.objects.select_related("base", "reviewed")
    return rows.get(pk=fine_tune_id) if claimed else None


def _run(row: FineTune) -> None:
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    with subprocess.Popen(  # noqa: S603  our own program with our own arguments
        command(row),
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        assert process.stdout is not None  # noqa: S101  for the type checker
        try:
            log = _follow(row, process.stdout)
        except BaseException:
            process.kill()
            raise
        if log is None:
            process.kill()
            return
    if process.returncode != 0:
        last = log[-1] if log else f"It ended with {process.returncode}."
        end(row, FineTuneStatus.FAILED, last)
        return
    try:
        end(row, FineTuneStatus.DONE, result=promotion.register(row.name))
    except DetectorError as error:
        end(row, FineTuneStatus.FAILED, error.message)


def _follow(row: FineTune, lines: Iterable[str]) -> "deque[str] | None":
    """Write down what the run says; the end of it, or None once somebody ended the row."""
    log: deque[str] = deque(maxlen=LOG_LINES)
    running = FineTune.objects.filter(pk=row.pk, status=FineTuneStatus.RUNNING)
    for line in lines:
        log.append(line.rstrip())
        changes = {"log": "\n".join(log), "heard_at": timezone.now(), **_progress(line)}
        if not running.update(**changes):
            return None
    return log


def _progress(line: str) -> dict[str, object]:
    """What a line says of stage and progress; nothing for other output."""
    try:
        said = json.loads(line)
        share = min(max(float(said["progress"]), 0.0), 1.0)
        return {"stage": str(said["stage"])[:20], "progress": share}
    except (ValueError, KeyError, TypeError):
        return {}
