"""Faults of processes: killed, stopped, or with a clock that is wrong."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from detector.tests.e2e.chaos_audit import ask
from detector.tests.e2e.platform import ROOT, Platform, until

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


def kill_the_background_worker(platform: Platform) -> None:
    """End the process for tasks that take hours."""
    kill(until(lambda: platform.children("background"), 60, "A background worker")[0])


def kill_a_web_process(platform: Platform) -> None:
    """End one of gunicorn's processes, which are the children of the first one."""
    kill(until(lambda: platform.children("web")[1:], 60, "A web process")[0])


def kill_gunicorn(platform: Platform) -> None:
    """End gunicorn's first process; the others end by themselves, and it is started again."""
    family = until(lambda: platform.children("web"), 60, "gunicorn")
    kill(family[0])
    until(lambda: set(platform.children("web")) - set(family), 60, "A new gunicorn")
    until(lambda: not any(is_alive(pid) for pid in family), 60, "The end of the others")


def stop_a_slot(platform: Platform) -> None:
    """Let a process sleep for longer than its lease, then wake it."""
    pid = one_slot(platform)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(LEASE + 3)
        os.kill(pid, signal.SIGCONT)


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


CLOCK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *t) {
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int status = real(id, t);
    if (!status && id == CLOCK_REALTIME) t->tv_sec += OFFSET;
    return status;
}
int gettimeofday(struct timeval *t, void *zone) {
    struct timespec now;
    int status = clock_gettime(CLOCK_REALTIME, &now);
    t->tv_sec = now.tv_sec, t->tv_usec = now.tv_nsec / 1000;
    return status;
}
time_t time(time_t *t) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return t ? (*t = now.tv_sec) : now.tv_sec;
}
"""
"""A library that shows a process another time than the host's."""
WRONG_CLOCK_SECONDS = 15


def slots_with_wrong_clocks(platform: Platform) -> None:
    """Let two more slots take part for a while: a minute ahead and a minute behind.

    They are started by hand, as on other hosts.
    """
    pids: list[int] = []
    with contextlib.ExitStack() as stack:
        for offset in (60, -60):
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "--app", "emotionsite", "worker",
                 "--hostname", f"clock{offset}"],
                cwd=ROOT,
                env={**platform.environment, "LD_PRELOAD": str(_clock(platform.folder, offset))},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
            pids.append(process.pid)
            stack.callback(process.wait, 60)
            stack.callback(process.terminate)
        time.sleep(WRONG_CLOCK_SECONDS)
        until(lambda: ask(platform, f"working({pids})") == 2, 60, "Work by both slots")


def _clock(folder: Path, offset: int) -> Path:
    """Return the library for this offset, compiled where it is not there yet."""
    library = folder / f"clock{offset}.so"
    if not library.exists():
        command = ["cc", "-shared", "-fPIC", f"-DOFFSET={offset}", "-x", "c", "-", "-o", library]
        subprocess.run([*map(str, command), "-ldl"], input=CLOCK, text=True, check=True)
    return library
