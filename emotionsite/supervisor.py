"""Runs the web server and the workers together: `python -m emotionsite.supervisor`.

All live and die together. Ctrl-C (or SIGTERM) ends them cleanly and the exit is 0; if one ends
by itself, the others are stopped and the exit is 1. Signals go to the processes themselves, not
to their groups: a worker must be able to finish the photo that its child is working on.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from emotionsite import web

BIN: Final = Path(sys.executable).parent
GRACE_SECONDS: Final = 20
POLL_SECONDS: Final = 0.2

_WORKER: Final = [str(BIN / "celery"), "--quiet", "--app", "emotionsite", "worker"]
COMMANDS: Final = {
    "web": [sys.executable, "-m", "emotionsite.web"],
    "worker": [*_WORKER, "--loglevel", "INFO"],
    # It does nothing most of the time, so it is one process: two threads, of which a fine-tune
    # takes one for long.
    "background": [
        *(*_WORKER, "--loglevel", "INFO", "--hostname", "background@%h"),
        *("--queues", "background", "--pool", "threads", "--concurrency", "2"),
    ],
}


class Supervisor:
    """Some processes that make one program."""

    def __init__(self, commands: dict[str, list[str]]) -> None:
        self.commands = commands
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.asked_to_stop = False

    def run(self) -> int:
        """Start all, wait until one ends or a signal comes, stop all; the exit status."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            for name, command in self.commands.items():
                # A session of their own: Ctrl-C in the terminal reaches the supervisor alone.
                self.processes[name] = subprocess.Popen(command, start_new_session=True)  # noqa: S603
            self._wait()
        finally:
            self._stop()
        return 0 if self.asked_to_stop else 1

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop = True

    def _wait(self) -> None:
        while not self.asked_to_stop:
            for name, process in self.processes.items():
                if process.poll() is not None:
                    say(f"{name} ended by itself ({process.returncode}), stopping")
                    return
            time.sleep(POLL_SECONDS)

    def _stop(self) -> None:
        running = [process for process in self.processes.values() if process.poll() is None]
        for process in running:
            process.terminate()
        end = time.monotonic() + GRACE_SECONDS
        while any(process.poll() is None for process in running) and time.monotonic() < end:
            time.sleep(POLL_SECONDS)
        for process in self.processes.values():
            _kill_group(process)
            process.wait()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End whatever is left of a process and of the children that it may have left behind."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def say(text: str) -> None:
    """A line for whoever started this."""
    sys.stdout.write(f"emotionsite: {text}\n")
    sys.stdout.flush()


def main(commands: Sequence[tuple[str, list[str]]] = tuple(COMMANDS.items())) -> int:
    """Run the platform on this host."""
    return Supervisor(dict(commands)).run()


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


if __name__ == "__main__":
    if not port_is_free(*web.ADDRESS):
        say(f"port {web.ADDRESS[1]} is in use; choose another: make run PORT=8001")
        sys.exit(1)
    sys.exit(main())
