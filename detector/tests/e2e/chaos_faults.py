"""The faults that `make chaos` injects. Each leaves a platform that can go on by itself.

A further fault is a small function in the file of its subject, and a line in `FAULTS`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from detector.tests.e2e import chaos_processes as processes
from detector.tests.e2e import chaos_services as services
from detector.tests.e2e import chaos_storage as storage
from detector.tests.e2e import chaos_work as work
from detector.tests.e2e.platform import Platform


class On(StrEnum):
    """The installations that a fault is for."""

    ANY = "any"
    EMBEDDED = "embedded"
    SUPERVISED = "embedded or services"
    SERVICES = "services"
    STACK = "stack"


@dataclass(frozen=True)
class Fault:
    """Injects a fault `times` times while `uploads` are sent; `small` has both for the small run.

    `upload` says what is uploaded. `needs_volume`: the files are on a volume of their own.
    """

    name: str
    inject: Callable[[Platform], None]
    times: int
    uploads: int
    small: tuple[int, int] = (0, 0)
    on: On = On.ANY
    upload: str = "photo"
    needs_volume: bool = False

    @property
    def user(self) -> str:
        """Whose photos are uploaded meanwhile."""
        return re.sub("[^a-z]+", "-", self.name.lower())

    def is_for(self, installation: On, *, has_volume: bool) -> bool:
        """Return whether the fault can be injected there."""
        wide = (On.ANY, installation, *((On.SUPERVISED,) if installation != On.STACK else ()))
        return self.on in wide and (has_volume or not self.needs_volume)


FAULTS = (
    Fault("kill a slot", processes.kill_a_slot, 50, 300, small=(3, 10)),
    Fault(
        "kill a slot during ZIPs", processes.kill_a_slot, 5, 200, small=(2, 170), upload="zip",
    ),
    Fault("kill a slot during videos", processes.kill_a_slot, 5, 5, upload="video"),
    Fault("kill all slots", processes.kill_all_slots, 5, 100),
    Fault("kill the caretaker", processes.kill_the_caretaker, 5, 100),
    Fault("kill the background worker", processes.kill_the_background_worker, 5, 100),
    Fault("stop a slot beyond its lease", processes.stop_a_slot, 5, 100, on=On.SUPERVISED),
    Fault("stop all slots for good", processes.stop_all_slots, 2, 100),
    Fault("kill web, start again", processes.kill_web, 3, 100, on=On.SUPERVISED),
    Fault(
        "kill the supervisor, start again", processes.kill_the_supervisor, 3, 100, small=(1, 2),
        on=On.SUPERVISED,
    ),
    Fault("kill a process of gunicorn", processes.kill_a_web_process, 5, 100, on=On.STACK),
    Fault("kill gunicorn", processes.kill_gunicorn, 2, 50, on=On.STACK),
    Fault("clocks a minute off", processes.slots_with_wrong_clocks, 2, 150, on=On.SERVICES),
    Fault("crash the decoder", work.crash_the_decoder, 2, 50, on=On.SUPERVISED),
    Fault("messages twice and in any order", work.repeat_messages, 5, 150, small=(1, 16)),
    Fault("erase an account meanwhile", work.erase_an_account, 3, 100),
    Fault("stop slots that hold the lock", services.stop_slots_that_write, 2, 100, on=On.EMBEDDED),
    Fault("lock SQLite for 30 s", services.lock_sqlite, 2, 100, on=On.EMBEDDED),
    Fault(
        "remove the broker's folder", services.remove_the_broker, 5, 100, small=(1, 2),
        on=On.EMBEDDED,
    ),
    Fault("restart Redis with its data", services.restart_redis, 5, 100, on=On.SERVICES),
    Fault("restart Redis without its data", services.empty_redis, 5, 100, on=On.SERVICES),
    Fault("kill Redis", services.kill_redis, 3, 100, on=On.STACK),
    Fault(
        "end PostgreSQL's connections", services.end_connections, 5, 100, on=On.SERVICES,
    ),
    Fault("crash PostgreSQL", services.crash_postgresql, 3, 100, on=On.SERVICES),
    Fault("stop PostgreSQL for 10 s", services.stop_postgresql, 2, 100, on=On.SERVICES),
    Fault("storage full", storage.fill, 3, 150, needs_volume=True),
    Fault("storage full during ZIPs", storage.fill, 3, 120, upload="zip", needs_volume=True),
    Fault("storage full during videos", storage.fill, 3, 6, upload="video", needs_volume=True),
    Fault("storage read-only", storage.forbid_writing, 3, 150, needs_volume=True),
    Fault("storage away", storage.move_away, 3, 100, on=On.EMBEDDED),
    Fault("store answers 500", storage.answer_500, 3, 100, on=On.SERVICES),
    Fault("store does not answer", storage.say_nothing, 2, 100, on=On.SERVICES),
    Fault("store slow", storage.be_slow, 3, 100, on=On.SERVICES),
    Fault("store stopped for 25 s", storage.stop_the_store, 2, 100, on=On.STACK),
)  # fmt: skip
