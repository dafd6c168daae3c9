"""Signs of life of the workers."""

import socket
from datetime import timedelta
from pathlib import Path

from detector import clock
from detector.models import WorkerHeartbeat


def worker_name(pid: int) -> str:
    """What the worker whose main process has this id is called."""
    return f"{socket.gethostname()}:{pid}"


def announce(name: str) -> None:
    """Record that this worker has loaded its model and is ready."""
    WorkerHeartbeat.objects.update_or_create(name=name, defaults={"seen_at": clock.now()})


def beat(name: str) -> None:
    """Record that this worker, once announced, is still alive; forget those silent for a day."""
    now = clock.now()
    WorkerHeartbeat.objects.filter(name=name).update(seen_at=now)
    WorkerHeartbeat.objects.filter(seen_at__lt=now - timedelta(days=1)).delete()


def forget_dead() -> None:
    """Forget the workers of this host that were killed: they could not say good-bye."""
    host = f"{socket.gethostname()}:"
    for name in WorkerHeartbeat.objects.filter(pk__startswith=host).values_list("pk", flat=True):
        if not Path("/proc", name.removeprefix(host)).exists():
            remove(name)


def remove(name: str) -> None:
    """Record that this worker has ended."""
    WorkerHeartbeat.objects.filter(name=name).delete()
