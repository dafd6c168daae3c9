"""Heartbeats of the workers."""

import os
import socket
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from detector.common import clock
from detector.models import WorkerHeartbeat


def worker_name(pid: int) -> str:
    """Return the name of the worker with this process id.

    It includes the start time of the process, since process ids are soon reused after a crash of
    the host or container.
    """
    return f"{_host()}{pid}:{_started(pid)}"


def announce(name: str) -> None:
    """Record that this worker has loaded its model and is ready."""
    WorkerHeartbeat.objects.update_or_create(name=name, defaults={"seen_at": clock.now()})


def beat(name: str, *, is_busy: bool = False) -> None:
    """Record that an announced worker is alive. Delete workers that were silent for a day."""
    now = clock.now()
    WorkerHeartbeat.objects.filter(name=name).update(seen_at=now, is_busy=is_busy)
    WorkerHeartbeat.objects.filter(seen_at__lt=now - timedelta(days=1)).delete()


def take(name: str) -> None:
    """Record that this worker has received a task."""
    WorkerHeartbeat.objects.filter(name=name).update(taken_at=clock.now(), is_busy=True)


def delete_dead() -> None:
    """Delete the workers of this host whose processes were killed."""
    for name in list(of_this_host().values_list("pk", flat=True)):
        if not _lives(name):
            remove(name)


def try_to_write() -> None:
    """Run an UPDATE that changes nothing.

    Raises django.db.Error where no worker could store a heartbeat either: SQLite is locked by a
    long writer, or the database is read-only.
    """
    WorkerHeartbeat.objects.filter(pk="").update(seen_at=clock.now())


def silent_here() -> list[str]:
    """Return the workers of this host that are alive but silent for `WORKER_STALL` seconds.

    Where they send heartbeats more seldom than that, they may miss three.
    """
    longest = max(settings.WORKER_STALL, 4 * settings.SWEEP_INTERVAL)
    since = clock.now() - timedelta(seconds=longest)
    names = list(of_this_host().filter(seen_at__lt=since).values_list("pk", flat=True))
    return [name for name in names if _lives(name)]


def idle_here() -> bool:
    """Return whether a worker of this host was idle at its last heartbeat."""
    return of_this_host().filter(is_busy=False).exists()


def delete_all_here() -> None:
    """Delete all workers of this host, before they are restarted and announce themselves."""
    of_this_host().delete()


def of_this_host() -> QuerySet[WorkerHeartbeat]:
    """Return the rows of the workers of this host."""
    return WorkerHeartbeat.objects.filter(pk__startswith=_host())


def _host() -> str:
    """Return the prefix of the names of this host's workers."""
    return f"{socket.gethostname()}:"


def _lives(name: str) -> bool:
    """Return whether the process that announced this name is still running."""
    pid, _, started = name.removeprefix(_host()).partition(":")
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # It belongs to another user.
    return _started(int(pid)) in ("", started)


def _started(pid: int) -> str:
    """Return the start time of a process in clock ticks since boot; empty where unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return ""
    # Field 2 is the program's name in brackets, which may hold any character. The start time is
    # field 22: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    return stat.rpartition(b")")[2].split()[19].decode()


def remove(name: str) -> None:
    """Record that this worker has ended."""
    WorkerHeartbeat.objects.filter(name=name).delete()
