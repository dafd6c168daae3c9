"""Signs of life of the workers."""

import os
import socket
from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet

from detector import clock
from detector.models import WorkerHeartbeat


def worker_name(pid: int) -> str:
    """What the worker whose process has this id is called."""
    return f"{socket.gethostname()}:{pid}"


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


def forget_dead() -> None:
    """Forget the workers of this host that were killed: they could not say good-bye."""
    for name in list(of_this_host().values_list("pk", flat=True)):
        if not _lives(int(name.rpartition(":")[2])):
            remove(name)


def silent_here() -> list[str]:
    """Workers of this host whose processes live and have given no sign of it for too long."""
    since = clock.now() - timedelta(seconds=settings.WORKER_STALL)
    names = list(of_this_host().filter(seen_at__lt=since).values_list("pk", flat=True))
    return [name for name in names if _lives(int(name.rpartition(":")[2]))]


def idle_here() -> bool:
    """Return whether a worker of this host, as far as it said, has nothing to do."""
    return of_this_host().filter(is_busy=False).exists()


def forget_here() -> None:
    """Forget all workers of this host: they are made anew, and announce themselves again."""
    of_this_host().delete()


def of_this_host() -> QuerySet[WorkerHeartbeat]:
    """Return the rows of the workers of this host."""
    return WorkerHeartbeat.objects.filter(pk__startswith=f"{socket.gethostname()}:")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # Another user's.
    return True


def remove(name: str) -> None:
    """Record that this worker has ended."""
    WorkerHeartbeat.objects.filter(name=name).delete()
