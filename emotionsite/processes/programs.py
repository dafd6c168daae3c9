"""The processes of each part of the platform, and the checks before they start."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from django.conf import settings

from emotionsite import private_files, sqlite_file, web

PARTS: Final = ("web", "worker", "background")

CANNOT_START: Final = os.EX_CONFIG
"""Exit status of a process that would fail again at every start."""
RENEW: Final = os.EX_TEMPFAIL
"""Exit status of the caretaker where the workers are alive but take no work."""

_CELERY: Final = [
    *(sys.executable, "-m", "emotionsite.processes.worker", "--loglevel", "INFO"),
    # Nobody reads the events that workers would send each other.
    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
]
# Django's checks ran once before the start; skipping them saves each process the import of pages.
_CHECKED: Final = {"CELERY_SKIP_CHECKS": "1"}
PREPARE: Final = "DATABASE_PREPARE"
"""Setting that lets PostgreSQL prepare statements: on for slots, unless it is set."""


@dataclass(frozen=True)
class Program:
    """A process to run, and what follows from its death.

    One that can wait starts after the others, so that the first photo need not wait for it.
    """

    name: str
    command: list[str]
    ends_all: bool = False
    takes_work: bool = False
    can_wait: bool = False
    environment: dict[str, str] = field(default_factory=dict)


def wanted(parts: Sequence[str]) -> list[Program]:
    """Return the programs of these parts; without names, of all parts."""
    made = {"web": _web, "worker": _worker, "background": _background}
    return [program for part in parts or PARTS for program in made[part]()]


def trouble(parts: Sequence[str]) -> str | None:
    """Return a message why these parts cannot start; None where they can."""
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        return f"there is no part {unknown[0]!r}; known are {', '.join(PARTS)}"
    if "web" in (parts or PARTS) and not port_is_free(*web.ADDRESS):
        return f"port {web.ADDRESS[1]} is in use; choose another: make run PORT=8001"
    private_files.correct(settings.VAR_DIR)
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        return sqlite_file.damage(Path(database["NAME"]))
    return None


def clean_up() -> None:
    """Leave the embedded database whole in its one file. Call it when all processes have ended.

    They end without closing their connections, so SQLite's log would stay beside the file. Nothing
    is lost where this fails: then it stays.
    """
    from django.db import DatabaseError, connection

    from detector.common import erased_pages

    with suppress(DatabaseError):
        erased_pages.empty_log()
    # The last connection that is closed deletes the log.
    connection.close()


def port_is_free(host: str, port: int) -> bool:
    """Return whether a server could listen on this address."""
    try:
        web.listen(host, port).close()
    except OSError:
        return False
    return True


def _web() -> list[Program]:
    return [Program("web", [sys.executable, "-m", "emotionsite.web"], ends_all=True)]


def _worker() -> list[Program]:
    slots = [_slot(number + 1) for number in range(settings.CELERY_WORKER_CONCURRENCY)]
    caretaker = [sys.executable, "-m", "emotionsite.caretaker"]
    return [*slots, Program("caretaker", caretaker, can_wait=True)]


def _slot(number: int) -> Program:
    """Return the program of one slot: a worker that fetches and runs one task at a time."""
    queues = ",".join(settings.WORKER_QUEUES)
    command = [*_CELERY, "--hostname", f"slot{number}@%h", "--queues", queues]
    environment = {**_CHECKED, PREPARE: os.environ.get(PREPARE) or "on"}
    return Program(f"slot{number}", command, takes_work=True, environment=environment)


def _background() -> list[Program]:
    # One process of two threads, since it is idle most of the time; a fine-tune takes one thread
    # for long.
    options = ["--hostname", "background@%h", "--queues", settings.BACKGROUND_QUEUE]
    threads = ["--pool", "threads", "--concurrency", "2"]
    command = [*_CELERY, *options, *threads]
    return [Program("background", command, can_wait=True, environment=_CHECKED)]
