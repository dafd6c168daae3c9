"""Time limits of a task, enforced in the process that runs it.

A pool of processes would watch its children from outside; here each process works alone. The soft
limit is a signal that raises in the main thread. The hard limit is kept by a C thread of
`faulthandler`, which does not need the GIL: it writes the traceback and exits the process.
"""

import faulthandler
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from celery.exceptions import SoftTimeLimitExceeded


@contextmanager
def limited(soft: float | None, hard: float | None) -> Iterator[None]:
    """Limit the time of a block, in seconds; None is no limit. For the main thread only.

    Raises SoftTimeLimitExceeded after `soft`. After `hard` the process exits with status 1.
    """
    earlier = signal.signal(signal.SIGALRM, _raise)
    signal.setitimer(signal.ITIMER_REAL, soft or 0)
    if hard:
        # Celery replaces `sys.stderr` by a logger, which is no file.
        faulthandler.dump_traceback_later(hard, exit=True, file=sys.__stderr__ or 2)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        if hard:
            faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, earlier)


def _raise(number: int, frame: FrameType | None) -> None:
    raise SoftTimeLimitExceeded
