"""Runs fine-tunes: the worker's side. Training is a process of its own and says how far it is."""

import importlib.util
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import Error, IntegrityError, transaction
from django.db.models import QuerySet

from detector.common import clock
from detector.common.outages import drop_dead_connection, outage_in
from detector.enums import FineTuneStatus
from detector.exceptions import DetectorError
from detector.models import FineTune, ModelVersion
from detector.registry import promotion

logger = logging.getLogger(__name__)

LOG_LINES: Final = 40
NICENESS: Final = 15
"""Photos go first, wherever both want a processor."""
PASSED_ON: Final = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "OMP_NUM_THREADS")
"""What training sees of the environment: it needs none of the platform's secrets."""
POLL_SECONDS: Final = 1.0
END_SECONDS: Final = 5.0
"""What a process that is told to end may take to clear up."""

_stopping = threading.Event()


def run(fine_tune_id: UUID) -> None:
    """Make the candidate of a queued row, unless another runs; safe to call any number of times."""
    row = _claim(fine_tune_id)
    if row is None:
        logger.info("Fine-tune %s needs no work now", fine_tune_id)
        return
    try:
        _make(row)
    except DetectorError as error:
        end(row, FineTuneStatus.FAILED, error.message)
    except Exception:
        logger.exception("Fine-tune %s failed unexpectedly", row)
        end(row, FineTuneStatus.FAILED, "Something went wrong on our side.")


def stop_all() -> None:
    """Let the run of this process end and wait for another worker: this one shuts down."""
    _stopping.set()


def end(
    row: FineTune, status: FineTuneStatus, error: str = "", result: ModelVersion | None = None
) -> bool:
    """Move an open row to its end; whether it was still open."""
    changes: dict[str, object] = {
        "error_message": error[:500],
        "result": result,
        "finished_at": clock.now(),
    }
    if status == FineTuneStatus.DONE:
        changes["progress"] = 1.0
    open_row = FineTune.objects.filter(pk=row.pk, status__in=FineTuneStatus.unfinished())
    return bool(open_row.update(status=status, **changes))


def fail_silent() -> int:
    """End runs whose worker was lost; how many."""
    since = clock.now() - timedelta(seconds=settings.FINE_TUNE_SILENCE)
    silent = FineTune.objects.filter(status=FineTuneStatus.RUNNING, heard_at__lt=since)
    return sum(end(row, FineTuneStatus.FAILED, "Its worker was lost.") for row in silent)


def command(row: FineTune) -> list[str]:
    """What is run; it knows nothing of the platform. Raises DetectorError."""
    if importlib.util.find_spec("tensorflow") is None:
        raise DetectorError(
            "cannot_train", "The worker's host lacks what training needs: requirements.txt."
        )
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
            claimed = queued.update(status=FineTuneStatus.RUNNING, heard_at=clock.now())
    except IntegrityError:
        # One runs already; the sweep comes back to this one.
        return None
    rows = FineTune.objects.select_related("base", "reviewed")
    return rows.get(pk=fine_tune_id) if claimed else None


def _make(row: FineTune) -> None:
    with _process(row) as process:
        log = _follow(row, process)
    if process.returncode == 0:
        end(row, FineTuneStatus.DONE, result=promotion.register(row.name))
    elif _stopping.is_set():
        _put_back(row)
    else:
        last = log[-1] if log else f"It ended with {process.returncode}."
        end(row, FineTuneStatus.FAILED, last)


@contextmanager
def _process(row: FineTune) -> Iterator["subprocess.Popen[str]"]:
    """The training, which does not outlive this."""
    with subprocess.Popen(  # noqa: S603  our own program with our own arguments
        command(row),
        cwd=settings.BASE_DIR,
        env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _follow(row: FineTune, process: "subprocess.Popen[str]") -> "deque[str]":
    """Write down what the run says until it ends or has to; the last that it said.

    The row is touched all the time, said something or not: it is the worker's sign of life.
    Raises DetectorError where it takes too long.
    """
    said: SimpleQueue[str | None] = SimpleQueue()
    threading.Thread(target=_read, args=(process.stdout, said), daemon=True).start()
    running = FineTune.objects.filter(pk=row.pk, status=FineTuneStatus.RUNNING)
    log: deque[str] = deque(maxlen=LOG_LINES)
    last = time.monotonic() + settings.FINE_TUNE_SECONDS
    has_ended = False
    while not has_ended and not _stopping.is_set():
        news, has_ended = _news(said)
        changes: dict[str, object] = {}
        for line in news:
            if log and _is_bare(line) and _is_bare(log[-1]):
                log.pop()
            log.append(line)
            changes |= _progress(line)
        changes |= {"log": "\n".join(log)}
        if not _note(running, changes):
            break  # Somebody cancelled it.
        if time.monotonic() > last:
            raise DetectorError("too_long", "It took too long.")
    if has_ended:
        process.wait(END_SECONDS)
    return log


def _note(running: "QuerySet[FineTune]", changes: dict[str, object]) -> bool:
    """Write down how far a run is; whether it may go on.

    Hours of training do not end with a database that is away for seconds.
    """
    try:
        return bool(running.update(**changes, heard_at=clock.now()))
    except Error as error:
        if outage_in(error) is None:
            raise
        logger.warning("The database is away, the run goes on: %s", error)
        drop_dead_connection()
        return True


def _read(lines: Iterable[str], said: "SimpleQueue[str | None]") -> None:
    """Pass lines on, and None after the last."""
    try:
        for line in lines:
            said.put(line.rstrip())
    finally:
        said.put(None)


def _news(said: "SimpleQueue[str | None]") -> tuple[list[str], bool]:
    """What was said in the next moment, and whether that was the last."""
    found: list[str] = []
    end_of_wait = time.monotonic() + POLL_SECONDS
    while (left := end_of_wait - time.monotonic()) > 0:
        try:
            line = said.get(timeout=left)
        except Empty:
            break
        if line is None:
            return found, True
        found.append(line)
    return found, False


def _put_back(row: FineTune) -> None:
    """Queue it again, from the start."""
    running = FineTune.objects.filter(pk=row.pk, status=FineTuneStatus.RUNNING)
    running.update(status=FineTuneStatus.QUEUED, stage="", progress=0.0)


def _progress(line: str) -> dict[str, object]:
    """What a line says of stage and progress; nothing for other output."""
    try:
        said = json.loads(line)
        share = min(max(float(said["progress"]), 0.0), 1.0)
        return {"stage": str(said["stage"])[:20], "progress": share}
    except (ValueError, KeyError, TypeError):
        return {}


def _is_bare(line: str) -> bool:
    """Whether it says how far the run is and nothing else: the latest of these is enough."""
    try:
        return set(json.loads(line)) == {"stage", "progress"}
    except (ValueError, TypeError):
        return False
