"""Faults to inject. Each leaves a platform that can go on by itself."""

import contextlib
import os
import random
import re
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from detector.tests.e2e.platform import Platform, until

LEASE = 5
CHANCE = random.Random(1)  # noqa: S311  the same run every time


def kill_a_slot(platform: Platform) -> None:
    """End one of the processes that work on photos, as the kernel does for want of memory."""
    kill(one_slot(platform))


def kill_all_slots(platform: Platform) -> None:
    """End all of them at once."""
    for pid in platform.children("worker"):
        kill(pid)


def kill_the_caretaker(platform: Platform) -> None:
    """End the process that sends again what got stuck."""
    kill(until(lambda: platform.children("caretaker"), 20, "A caretaker")[0])


def kill_the_supervisor(platform: Platform) -> None:
    """End the supervisor, see all that it started end, and start anew."""
    assert platform.process is not None
    family = [pid for name in ("web", "worker", "caretaker") for pid in platform.children(name)]
    platform.process.kill()
    platform.process.wait()
    until(lambda: not any(is_alive(pid) for pid in family), 20, "The end of the others")
    platform.start()


def kill_web(platform: Platform) -> None:
    """End the web server, see all others end, and start anew."""
    assert platform.process is not None
    kill(platform.children("web")[0])
    platform.process.wait(60)
    platform.start()


def remove_the_broker(platform: Platform) -> None:
    """Remove the folder of the embedded broker with all that is in it."""
    shutil.rmtree(platform.folder / "var" / "broker", ignore_errors=True)


def stop_all_slots(platform: Platform) -> None:
    """Let all of them sleep, until the platform itself finds that nothing is taken."""
    stopped = platform.children("worker")
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    until(lambda: not set(stopped) & set(platform.children("worker")), 120, "New slots")


def stop_a_slot(platform: Platform) -> None:
    """Let a process sleep for longer than its lease, then wake it."""
    pid = one_slot(platform)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(LEASE + 3)
        os.kill(pid, signal.SIGCONT)


@dataclass(frozen=True)
class Fault:
    """What is done how often while so many photos are uploaded; twice: whole run and small one."""

    name: str
    inject: Callable[[Platform], None]
    times: int
    uploads: int
    small: tuple[int, int] = (1, 2)
    embedded_only: bool = False

    @property
    def user(self) -> str:
        """Whose photos are uploaded meanwhile."""
        return re.sub("[^a-z]+", "-", self.name)


FAULTS = (
    Fault("kill a slot", kill_a_slot, 50, 60, small=(5, 6)),
    Fault("kill all slots", kill_all_slots, 5, 20, small=(0, 0)),
    Fault("kill the caretaker", kill_the_caretaker, 5, 20, small=(0, 0)),
    Fault("stop a slot beyond its lease", stop_a_slot, 5, 20, small=(0, 0)),
    Fault("stop all slots for good", stop_all_slots, 2, 10, small=(0, 0)),
    Fault("remove the broker's folder", remove_the_broker, 5, 20, embedded_only=True),
    Fault("kill web, start again", kill_web, 3, 20, small=(0, 0)),
    Fault("kill the supervisor, start again", kill_the_supervisor, 3, 20),
)


def one_slot(platform: Platform) -> int:
    """Return any of the processes that work on photos, or are about to."""
    return int(CHANCE.choice(until(lambda: platform.children("worker"), 60, "A slot")))


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that nobody has waited for yet does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
