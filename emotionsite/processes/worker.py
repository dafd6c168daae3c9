"""Runs one Celery worker: `python -m emotionsite.processes.worker --hostname NAME …`.

The `celery` command does the same, but first imports all its other commands, among them a shell
with completion: half as much again as a worker needs.
"""

import sys
from collections.abc import Sequence

from emotionsite.processes import garbage


def main(arguments: Sequence[str]) -> None:
    """Run a worker with the options of `celery worker`, until it is told to end."""
    garbage.pause()
    from celery.bin.base import CLIContext
    from celery.bin.worker import worker
    from celery.signals import worker_ready

    from emotionsite.celery import app

    worker_ready.connect(garbage.resume)
    context = CLIContext(app=app, no_color=True, workdir=None, quiet=True)
    worker.main(args=[*arguments], prog_name="worker", obj=context)


if __name__ == "__main__":
    main(sys.argv[1:])
