"""Signs of life of the workers."""

import os
import socket
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from detector.common import clock
from detector.models import WorkerHeartbeat


def worker_name(pid: int) -> str:
    """Return what the worker whose process has this id is called.

    After a crash of a host or a container the same ids are soon in use again. The moment of the
    process's start tells them apart.
    """
    return f"{_host()}{pid}:{_started(pid)}"


def announce(name: str) -> None:
    """Record that this worker has loaded its model and is ready."""
    WorkerHeartbeat.objects.update_or_create(name=name, defaults={"seen_at": clock.now()})


def beat(name: str, *, is_busy: bool = False) -> None:
    """Record that this worker, once announced, is still alive; forget those silent for a day."""
    now = clock.now()
    WorkerHeartbeat.objects.filter(name=name).update(seen_at=now, is_busy=is_busy)
    WorkerHeartbeat.objects.filter(seen_at__lt=now - timedelta(days=1)).delete()


def take(name: str) -> None:
    """Record that this worker has taken a task from its queue."""
    WorkerHeartbeat.objects.filter(name=name).update(taken_at=clock.now(), is_busy=True)


def delete_dead() -> None:
    """Forget the workers of this host that were killed: they could not say good-bye."""
    for name in list(of_this_host().values_list("pk", flat=True)):
        if not _lives(name):
            remove(name)


def try_to_write() -> None:
    """Ask the database to write, and change nothing.

    Raises django.db.Error where no worker could give a sign of life either: SQLite is locked by a
    long writer, or the database is read-only.
    """
    WorkerHeartbeat.objects.filter(pk="").update(seen_at=clock.now())


def silent_here() -> list[str]:
    """Workers of this host whose processes live and have given no sign of it for too long."""
    since = clock.now() - timedelta(seconds=settings.WORKER_STALL)
    names = list(of_this_host().filter(seen_at__lt=since).values_list("pk", flat=True))
    return [name for name in names if _lives(name)]


def idle_here() -> bool:
    """Return whether a worker of this host, as far as it said, has nothing to do."""
    return of_this_host().filter(is_busy=False).exists()


def delete_all_here() -> None:
    """Forget all workers of this host: they are made anew, and announce themselves again."""
    of_this_host().delete()


def of_this_host() -> QuerySet[WorkerHeartbeat]:
    """Return the rows of the workers of this host."""
    return WorkerHeartbeat.objects.filter(pk__startswith=_host())


def _host() -> str:
    """Return how the names of this host's workers begin."""
    return f"{socket.gethostname()}:"


def _lives(name: str) -> bool:
    """Return whether the very process that announced itself under this name is there."""
    pid, _, started = name.removeprefix(_host()).partition(":")
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # Another user's.
    return _started(int(pid)) in ("", started)


def _started(pid: int) -> str:
    """Return when a process was started, in ticks since the host was; nothing where none says."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return ""
    # The second field is the program's name in brackets, which may hold any character. The moment
    # is the 22nd: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    return stat.rpartition(b")")[2].split()[19].decode()


def remove(name: str) -> None:
    """Record that this worker has ended."""
    WorkerHeartbeat.objects.filter(name=name).delete()
