"""Run fine-tunes in a worker. Training is a separate process, which prints its progress."""

import hashlib
import importlib.util
import json
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
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
from detector.models import FineTune, ModelVersion, ReviewedExport
from detector.registry import promotion

logger = logging.getLogger(__name__)

LOG_LINES: Final = 40
NICENESS: Final = 15
"""Training yields the processor to photos."""
PASSED_ON: Final = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "OMP_NUM_THREADS")
"""Environment variables that training gets; it needs none of the platform's secrets."""
POLL_SECONDS: Final = 1.0
END_SECONDS: Final = 5.0
"""Seconds that a terminated process may take to exit."""

_stopping = threading.Event()


def run(fine_tune_id: UUID) -> None:
    """Run a queued fine-tune, unless another one is running. Idempotent."""
    row = _claim(fine_tune_id)
    if row is None:
        logger.info("Fine-tune %s needs no work now", fine_tune_id)
        return
    try:
        _store(_make(row))
    except DetectorError as error:
        _store(partial(end, row, FineTuneStatus.FAILED, error.message))
    except Exception:
        logger.exception("Fine-tune %s failed unexpectedly", row)
        _store(partial(end, row, FineTuneStatus.FAILED, "Something went wrong on our side."))


def _store(store_end: Callable[[], object]) -> None:
    """Store how a run ended. Hours of training are not lost by a moment without database.

    It tries as long as the worker does not count as lost.
    """
    last_try = time.monotonic() + settings.FINE_TUNE_SILENCE
    while True:
        try:
            store_end()
            return
        except Error as error:
            if outage_in(error) is None or _stopping.is_set() or time.monotonic() > last_try:
                raise
            logger.warning("The end of a fine-tune cannot be stored yet: %s", error)
            drop_dead_connection()
        time.sleep(POLL_SECONDS)


def stop_all() -> None:
    """Stop the run of this process and queue it again, since this worker shuts down."""
    _stopping.set()


def end(
    row: FineTune, status: FineTuneStatus, error: str = "", result: ModelVersion | None = None
) -> bool:
    """Set an unfinished fine-tune to a final status. Return whether the row changed."""
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
    """Fail runs whose worker was lost. Return how many."""
    since = clock.now() - timedelta(seconds=settings.FINE_TUNE_SILENCE)
    silent = FineTune.objects.filter(status=FineTuneStatus.RUNNING, heard_at__lt=since)
    return sum(end(row, FineTuneStatus.FAILED, "Its worker was lost.") for row in silent)


def command(row: FineTune) -> list[str]:
    """Return the command line of the training. Raises DetectorError where it cannot run."""
    if importlib.util.find_spec("tensorflow") is None:
        raise DetectorError(
            "cannot_train", "The worker's host lacks what training needs: requirements.txt."
        )
    _check_data(row.reviewed)
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


def _check_data(reviewed: ReviewedExport) -> None:
    """Raise DetectorError unless the file is that of the export: a later one may have its place."""
    try:
        with Path(reviewed.path).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DetectorError("no_reviewed_data", f"{reviewed} is not at {reviewed.path}.") from error
    if found != reviewed.sha256:
        raise DetectorError(
            "no_reviewed_data", f"The faces in {reviewed.path} are not those of {reviewed}."
        )


def _claim(fine_tune_id: UUID) -> FineTune | None:
    queued = FineTune.objects.filter(pk=fine_tune_id, status=FineTuneStatus.QUEUED)
    try:
        with transaction.atomic():
            claimed = queued.update(status=FineTuneStatus.RUNNING, heard_at=clock.now())
    except IntegrityError:
        # Another one is running; the sweep starts this one later.
        return None
    rows = FineTune.objects.select_related("base", "reviewed")
    return rows.get(pk=fine_tune_id) if claimed else None


def _make(row: FineTune) -> Callable[[], object]:
    """Train, and return what stores the end."""
    _remove_remains()
    try:
        with _process(row) as process:
            log = _follow(row, process)
    finally:
        _remove_remains(row)
    if process.returncode == 0:
        return lambda: end(row, FineTuneStatus.DONE, result=promotion.register(row.name))
    if _stopping.is_set():
        return partial(_put_back, row)
    last = log[-1] if log else f"It ended with {process.returncode}."
    return partial(end, row, FineTuneStatus.FAILED, last)


def _remove_remains(row: FineTune | None = None) -> None:
    """Remove folders that killed processes worked in: of this run, or of all that do not run."""
    others = FineTune.objects.exclude(status=FineTuneStatus.RUNNING).values_list("name", flat=True)
    for name in [row.name] if row else others:
        for folder in settings.MODELS_FOLDER.glob(f".{name}.*"):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _process(row: FineTune) -> Iterator["subprocess.Popen[str]"]:
    """Run the training process, and end it at the end of the block."""
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
    """Store the output of a run until it ends, is cancelled or has to stop. Return its last lines.

    The row is updated in each round, even without output, as the worker's heartbeat. Raises
    DetectorError where the run takes too long.
    """
    lines: SimpleQueue[str | None] = SimpleQueue()
    threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
    running = FineTune.objects.filter(pk=row.pk, status=FineTuneStatus.RUNNING)
    log: deque[str] = deque(maxlen=LOG_LINES)
    began = time.monotonic()
    has_ended = False
    while not has_ended and not _stopping.is_set():
        new_lines, has_ended = _next_lines(lines)
        changes: dict[str, object] = {}
        for line in new_lines:
            if log and _is_progress_only(line) and _is_progress_only(log[-1]):
                log.pop()
            log.append(line)
            changes |= _progress(line)
        changes |= {"log": "\n".join(log)}
        if not _update(running, changes):
            break  # Somebody cancelled it.
        if time.monotonic() - began > settings.FINE_TUNE_SECONDS:
            raise DetectorError("too_long", "It took too long.")
    if has_ended:
        process.wait(END_SECONDS)
    return log


def _update(running: "QuerySet[FineTune]", changes: dict[str, object]) -> bool:
    """Store progress and heartbeat of a run. Return whether it may continue.

    It also continues during an outage of the database.
    """
    try:
        return bool(running.update(**changes, heard_at=clock.now()))
    except Error as error:
        if outage_in(error) is None:
            raise
        logger.warning("The database is away, the run goes on: %s", error)
        drop_dead_connection()
        return True


def _read(output: Iterable[str], lines: "SimpleQueue[str | None]") -> None:
    """Put lines into the queue, and None after the last one."""
    try:
        for line in output:
            lines.put(line.rstrip())
    finally:
        lines.put(None)


def _next_lines(lines: "SimpleQueue[str | None]") -> tuple[list[str], bool]:
    """Return the lines of the next `POLL_SECONDS`, and whether the output has ended."""
    found: list[str] = []
    end_of_wait = time.monotonic() + POLL_SECONDS
    while (left := end_of_wait - time.monotonic()) > 0:
        try:
            line = lines.get(timeout=left)
        except Empty:
            break
        if line is None:
            return found, True
        found.append(line)
    return found, False


def _put_back(row: FineTune) -> None:
    """Queue a run again, from the start."""
    running = FineTune.objects.filter(pk=row.pk, status=FineTuneStatus.RUNNING)
    running.update(status=FineTuneStatus.QUEUED, stage="", progress=0.0)


def _progress(line: str) -> dict[str, object]:
    """Return stage and progress from a line; empty for other output."""
    try:
        said = json.loads(line)
        share = min(max(float(said["progress"]), 0.0), 1.0)
        return {"stage": str(said["stage"])[:20], "progress": share}
    except (ValueError, KeyError, TypeError):
        return {}


def _is_progress_only(line: str) -> bool:
    """Return whether a line holds stage and progress only: the log keeps the latest of these."""
    try:
        return set(json.loads(line)) == {"stage", "progress"}
    except (ValueError, TypeError):
        return False
