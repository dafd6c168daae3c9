"""Runs the periodic jobs of the platform: `python -m emotionsite.caretaker`.

Sweeps send again what got stuck; hourly jobs delete what has expired. The caretaker is a process of
its own, so nothing forks beside its database connection, and its death costs no photo. Any number
of hosts may run one. One thread runs the sweeps, another the hourly jobs, which may take minutes.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from types import FrameType

import django
from django.conf import settings

from emotionsite.processes import garbage
from emotionsite.processes.jobs import Job, run_due
from emotionsite.processes.limits import limited

logger = logging.getLogger(__name__)

TIDY_SECONDS, FIRST_TIDYING_SECONDS = 3600, 300
LONGEST_WAIT_OF_SWEEPS, LONGEST_WAIT_OF_TIDYING = 30.0, 600.0
"""Longest wait in seconds after failures. Photos wait for the sweeps, so these retry sooner."""
SWEEP_LIMIT = (60, 90)
"""Soft and hard limit in seconds of one job of a sweep. At the soft limit the job fails. At the
hard limit the caretaker exits, and the supervisor starts it again."""


def sweeps() -> list[Job]:
    """Return the jobs of every `SWEEP_INTERVAL` seconds."""
    from detector.analyses import explanations, queueing
    from detector.learning import requests
    from detector.operations import heartbeats
    from detector.videos import queueing as video_queueing
    from detector.webhooks import notify

    return [
        sweep("forget dead workers", heartbeats.delete_dead),
        sweep("send analyses again", queueing.sweep),
        sweep("take up re-analyses", queueing.resume_reanalysis),
        sweep("send heat maps again", explanations.sweep),
        sweep("send videos again", video_queueing.sweep),
        sweep("send webhooks again", notify.sweep),
        sweep("look after fine-tunes", requests.sweep),
    ]


def sweep(name: str, action: Callable[[], object]) -> Job:
    """Return a job that runs at each sweep."""
    return Job(name, action, LONGEST_WAIT_OF_SWEEPS)


def tidying() -> list[Job]:
    """Return the hourly jobs."""
    from detector.accounts import logins, tokens
    from detector.api import idempotency
    from detector.common import clock, erased_pages
    from detector.live import sessions
    from detector.photos import orphans, retention, search, trash
    from detector.videos import erasure as video_erasure
    from detector.videos import trash as video_trash
    from detector.videos import uploads as video_uploads
    from detector.webhooks import deliveries
    from emotionsite import broker

    # Not at once, so that a host that restarts often does not spend its time on this.
    first = time.monotonic() + FIRST_TIDYING_SECONDS

    def hourly(name: str, action: Callable[[], object]) -> Job:
        return Job(name, action, LONGEST_WAIT_OF_TIDYING, every=TIDY_SECONDS, due_at=first)

    return [
        hourly("empty the bin", lambda: trash.empty(trash.kept_since())),
        hourly("erase what outlived", lambda: retention.erase_outlived(clock.now())),
        hourly("empty the bin of videos", lambda: video_trash.empty(trash.kept_since())),
        hourly("erase videos that outlived", lambda: video_erasure.erase_outlived(clock.now())),
        hourly("erase live sessions that outlived", lambda: sessions.erase_outlived(clock.now())),
        hourly("discard uploads that nobody went on with", video_uploads.discard_expired),
        # After the erasures.
        hourly("forget the words of erased photos", search.forget_erased),
        hourly("forget idempotency keys", idempotency.delete_old),
        hourly("forget deliveries", deliveries.delete_old),
        hourly("forget sessions that are over", logins.forget_expired),
        hourly("forget tokens that expired", tokens.forget_expired),
        hourly("remove stored files that no row names", orphans.remove_orphans),
        hourly("remove old messages", broker.remove_old_messages),
        # After all that erases rows.
        hourly("empty the log of SQLite", erased_pages.empty_log),
    ]


class Caretaker:
    """The two threads, which run until a signal comes or the workers must be restarted."""

    def __init__(
        self,
        sweeps: Sequence[Job],
        tidying: Sequence[Job],
        note_failure: Callable[[Job], object] = lambda _: None,
    ) -> None:
        self.sweeps = [*sweeps]
        self.tidying = tidying
        self.note_failure = note_failure
        self.stopping = threading.Event()

    def run(self) -> None:
        """Run the jobs until `stop` is called."""
        tidier = threading.Thread(target=self._tidy, name="tidying", daemon=True)
        tidier.start()
        while not self.stopping.is_set():
            self.sweep()
            self.stopping.wait(settings.SWEEP_INTERVAL)

    def sweep(self) -> None:
        """Run the sweeps that are due, up to the first that fails.

        While the database is locked each fails after many seconds, and the watch must look.
        """
        failed = run_due(self.sweeps, _bounded, until_failure=True)
        if failed is not None:
            self.note_failure(failed)

    def stop(self, number: int = 0, frame: FrameType | None = None) -> None:
        """Stop after the job that is running; a signal handler."""
        self.stopping.set()

    def _tidy(self) -> None:
        while not self.stopping.wait(settings.SWEEP_INTERVAL):
            run_due(self.tidying)


def _bounded() -> AbstractContextManager[None]:
    return limited(*SWEEP_LIMIT)


def main() -> int:
    """Run the caretaker. Returns its exit status."""
    os.umask(0o077)
    garbage.pause()
    django.setup()
    from emotionsite.processes.watch import Watch

    caretaker = Caretaker(sweeps(), tidying())
    watch = Watch(caretaker.stop)
    caretaker.sweeps.insert(0, sweep("watch the workers", watch.look))
    caretaker.note_failure = watch.note_failure
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, caretaker.stop)
    garbage.resume()
    caretaker.run()
    return watch.status


if __name__ == "__main__":
    sys.exit(main())
