"""Runs one Celery worker: `python -m emotionsite.processes.worker --hostname NAME …`.

The `celery` command does the same, but first imports all its other commands, among them a shell
with completion: half as much again as a worker needs.
"""

import sys
from collections.abc import Sequence

from celery.bin.base import CLIContext
from celery.bin.worker import worker

from emotionsite.celery import app


def main(arguments: Sequence[str]) -> None:
    """Run a worker with the options of `celery worker`, until it is told to end."""
    context = CLIContext(app=app, no_color=True, workdir=None, quiet=True)
    worker.main(args=[*arguments], prog_name="worker", obj=context)


if __name__ == "__main__":
    main(sys.argv[1:])
