"""Time limits of one piece of work, in the process that does it.

A pool of processes watches its children from outside; here each process works alone. The soft limit
is a signal that raises in the main thread. The hard one is kept by a thread of C that needs neither
Python nor its lock: it writes down where the process hung and ends it.
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
    """Bound what runs in this block, in seconds; None is no limit. For the main thread only.

    Raises SoftTimeLimitExceeded after `soft`; after `hard` the process ends with status 1.
    """
    earlier = signal.signal(signal.SIGALRM, _raise)
    signal.setitimer(signal.ITIMER_REAL, soft or 0)
    if hard:
        # Celery puts a logger in the place of the standard error, which is no file.
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
