"""Runs the platform, or parts of it: `python -m emotionsite.supervisor [PART ...]`.

The parts are `web`, `worker` and `background`. `worker` is one process, a slot, for each photo that
is analysed at a time, and the caretaker. Ctrl-C or SIGTERM stops all processes, and the exit status
is 0. A process that dies is started again. If the web server exits, or another process dies
repeatedly by its own fault, all are stopped and the exit status is 1. Signals go to the processes
themselves, not to their groups, so that they may finish their work.
"""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from emotionsite.processes import alive, lifeline, programs
from emotionsite.processes.programs import Program

GRACE_SECONDS: Final = 20
RENEWAL_SECONDS: Final = 5
"""Seconds after which a process that is being restarted is killed. It is shorter than the grace at
shutdown, since such a process is taken for stuck."""
POLL_SECONDS: Final = 0.2
LATER_SECONDS: Final = 3.0
"""Seconds after which those start that can wait. The others have the processors until then."""
QUICK_SECONDS: Final = 10
MAX_QUICK_DEATHS: Final = 5
FIRST_WAIT, MAX_WAIT = 0.5, 15.0
SHORTAGES: Final = frozenset({errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE})
"""Shortages of memory, processes or files. They pass, and are not the program's own fault."""


@dataclass
class Child:
    """A program and its current process, which is None while it waits to be started again."""

    program: Program
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    start_at: float = 0.0
    quick_deaths: int = 0
    own_faults: int = 0
    kill_at: float | None = None

    def note_death(self, status: int, now: float) -> float:
        """Count a death. Returns the seconds until the next start.

        Only a process that exits by itself is at fault. One that a signal ended is not: it was
        killed, or a file crashed its decoder, and whoever uploads such files must not end the
        platform. Nor is a caretaker that exits to have the workers restarted.
        """
        quick = now - self.started_at < QUICK_SECONDS
        at_fault = status >= 0 and status != programs.RENEW and self.kill_at is None
        self.quick_deaths = self.quick_deaths + 1 if quick else 0
        self.own_faults = self.own_faults + at_fault if quick else 0
        wait = min(FIRST_WAIT * 2.0 ** max(self.quick_deaths - 1, 0), MAX_WAIT)
        self.process, self.kill_at, self.start_at = None, None, now + wait
        return wait


class Lifeline:
    """The process that kills all others when the supervisor is killed; restarted if it dies."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None
        self.start_failed = False

    def tell(self, line: str, alive: Iterable[int]) -> None:
        """Send `+PID`, `-PID` or nothing. A new process is sent all living ones.

        If it cannot be started, the next call tries again.
        """
        try:
            if self.process is None or self.process.poll() is not None:
                raise BrokenPipeError
            if line:
                self._write(line)
        except OSError:
            self._restart(alive)

    def close(self) -> None:
        """Let it exit. All other processes must have ended before."""
        if self.process is not None and self.process.stdin is not None:
            with suppress(BrokenPipeError):
                self.process.stdin.close()
            self.process.wait()

    def _restart(self, alive: Iterable[int]) -> None:
        try:
            self._start()
            for pid in alive:
                self._write(f"+{pid}")
            self.start_failed = False
        except OSError as error:
            if not self.start_failed:
                say(f"the lifeline, which ends all if this dies, could not be started ({error})")
            self.start_failed = True

    def _start(self) -> None:
        command = [sys.executable, "-I", "-S", str(Path(lifeline.__file__))]
        self.process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, text=True, start_new_session=True
        )

    def _write(self, line: str) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()


class Supervisor:
    """Starts, restarts and stops the processes of the platform."""

    def __init__(self, wanted: Sequence[Program]) -> None:
        later = time.monotonic() + LATER_SECONDS
        if all(program.can_wait for program in wanted):
            later = 0.0
        self.children = [
            Child(program, start_at=later if program.can_wait else 0.0) for program in wanted
        ]
        self.lifeline = Lifeline()
        self.asked_to_stop = False
        self.gave_up = False

    def run(self) -> int:
        """Keep all processes running until a signal comes or one gives up. Returns the status."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            while not (self.asked_to_stop or self.gave_up):
                self._look()
                time.sleep(POLL_SECONDS)
        finally:
            self._stop()
        return 0 if self.asked_to_stop else 1

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop = True

    def _look(self) -> None:
        now = time.monotonic()
        for child in self.children:
            if child.process is None:
                if now >= child.start_at and not self.asked_to_stop:
                    self._start(child)
            elif (status := child.process.poll()) is not None:
                self._after_death(child, child.process.pid, status)
            elif child.kill_at is not None and now >= child.kill_at:
                lifeline.kill_group(child.process.pid)
        self._tell("")
        self._show_life()

    def _show_life(self) -> None:
        """Touch `ALIVE_FILE` while all processes run. Those that analyse do so themselves."""
        by_itself = any(child.program.takes_work for child in self.children)
        if not by_itself and all(child.process is not None for child in self.children):
            alive.touch()

    def _start(self, child: Child) -> None:
        child.started_at = time.monotonic()
        try:
            # A session of its own: Ctrl-C in the terminal reaches the supervisor alone.
            child.process = subprocess.Popen(  # noqa: S603
                child.program.command,
                start_new_session=True,
                env={**os.environ, **child.program.environment},
            )
        except OSError as error:
            status = -signal.SIGKILL if error.errno in SHORTAGES else 1
            self._wait_or_give_up(child, status, f"could not be started ({error})")
            return
        self._tell(f"+{child.process.pid}")

    def _after_death(self, child: Child, pid: int, status: int) -> None:
        lifeline.kill_group(pid)
        self._tell(f"-{pid}")
        name = child.program.name
        if status == programs.RENEW:
            say(f"{name} finds that work waits and is not taken: the workers are restarted")
            self._renew()
        if child.program.ends_all or status == programs.CANNOT_START:
            say(f"{name} ended by itself ({status}), stopping")
            child.process, self.gave_up = None, True
        else:
            self._wait_or_give_up(child, status, f"ended by itself ({status})")

    def _wait_or_give_up(self, child: Child, status: int, what: str) -> None:
        """Schedule the next start of a child, or give up. Prints what happened."""
        wait = child.note_death(status, time.monotonic())
        name = child.program.name
        if child.own_faults >= MAX_QUICK_DEATHS:
            say(f"{name} {what}, the {child.own_faults}th time; stopping")
            self.gave_up = True
        else:
            say(f"{name} {what}, starting it again in {wait:g} s")

    def _renew(self) -> None:
        """Terminate the processes that take work; they are started again."""
        for child in self.children:
            if child.program.takes_work and child.process is not None:
                child.process.terminate()
                child.kill_at = time.monotonic() + RENEWAL_SECONDS

    def _tell(self, line: str) -> None:
        """Send a line to the lifeline, and restart it if it died."""
        processes = [child.process for child in self.children if child.process is not None]
        alive = [process.pid for process in processes if process.returncode is None]
        self.lifeline.tell(line, alive)

    def _stop(self) -> None:
        self._end(self.children)
        self.lifeline.close()

    def _end(self, children: Sequence[Child]) -> None:
        """End these children, and wait for them."""
        running = [child.process for child in children if child.process is not None]
        for process in running:
            process.terminate()
        end = time.monotonic() + GRACE_SECONDS
        while any(process.poll() is None for process in running) and time.monotonic() < end:
            time.sleep(POLL_SECONDS)
        for process in running:
            lifeline.kill_group(process.pid)
            process.wait()
            self.lifeline.tell(f"-{process.pid}", ())


def say(text: str) -> None:
    """Print a line for the person who started the platform."""
    sys.stdout.write(f"emotionsite: {text}\n")
    sys.stdout.flush()


def main(parts: Sequence[str]) -> int:
    """Run these parts of the platform on this host; without names, all of them."""
    os.umask(0o077)
    trouble = programs.trouble(parts)
    if trouble:
        say(trouble)
        return 1
    status = Supervisor(programs.wanted(parts)).run()
    programs.clean_up()
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
