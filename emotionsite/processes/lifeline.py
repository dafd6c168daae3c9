"""Ends what the supervisor started when the supervisor itself was killed.

A process beside it that reads a pipe which only the supervisor holds open: lines `+PID` and `-PID`
name the leaders of process groups that live. Where the pipe ends, so do they, with all that they
started. It is run as a plain file, so that it loads nothing and weighs little.
"""

import os
import signal
import sys
from collections.abc import Iterable


def end_with(lines: Iterable[str]) -> None:
    """Follow the lines to their end, then kill the groups that still live."""
    groups: set[int] = set()
    for line in lines:
        pid = int(line[1:])
        groups.add(pid) if line.startswith("+") else groups.discard(pid)
    for pid in groups:
        kill_group(pid)


def kill_group(pid: int) -> None:
    """End a process and the children that it may have left behind."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


if __name__ == "__main__":
    # Whoever wants it gone ends the supervisor.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_with(iter(sys.stdin.readline, ""))
