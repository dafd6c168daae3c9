"""Runs management commands of one installation in one process.

To start a process for each takes longer than most of them do.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path


class Console:
    """A process that runs one command after the other until it is closed."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "detector.tests.e2e.console"],
            cwd=root,
            env={**environment, "DJANGO_SETTINGS_MODULE": "emotionsite.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, arguments: list[str], environment: dict[str, str]) -> str:
        """Returns what a command prints. Raises AssertionError where it fails."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([arguments, environment]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the console ended during {arguments}"
        status, printed, errors = json.loads(line)
        assert status == 0, errors
        return str(printed)

    def close(self) -> None:
        self.process.communicate()


def _run(arguments: list[str], environment: dict[str, str]) -> tuple[int, str, str]:
    """Returns status, output and errors, as those of a process of its own would be."""
    from django.core.management import execute_from_command_line
    from django.db import connections

    printed, errors, before = io.StringIO(), io.StringIO(), dict(os.environ)
    status = 0
    os.environ.update(environment)
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(errors):
        try:
            execute_from_command_line(["manage.py", *arguments])
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        except Exception:
            status = 1
            traceback.print_exc()
        finally:
            connections.close_all()
            os.environ.clear()
            os.environ.update(before)
    return status, printed.getvalue(), errors.getvalue()


def main() -> None:
    for line in sys.stdin:
        answer = json.dumps(_run(*json.loads(line)))
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
