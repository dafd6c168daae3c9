"""Kills the processes of the supervisor when the supervisor itself was killed.

A small process that reads a pipe which only the supervisor holds open. Lines `+PID` and `-PID` add
and remove the leaders of living process groups. When the pipe ends, these groups are killed. It is
run as a plain file, so that it imports little and needs little memory.
"""

import os
import signal
import sys
from collections.abc import Iterable


def end_with(lines: Iterable[str]) -> None:
    """Read the lines to their end, then kill the groups that still live."""
    groups: set[int] = set()
    for line in lines:
        pid = int(line[1:])
        groups.add(pid) if line.startswith("+") else groups.discard(pid)
    for pid in groups:
        kill_group(pid)


def kill_group(pid: int) -> None:
    """Kill a process group: a process and the children that it may have left."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


if __name__ == "__main__":
    # It ends with the supervisor only, so it ignores these signals.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_with(iter(sys.stdin.readline, ""))
