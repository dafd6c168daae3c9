"""Injects faults into a running platform under load and counts what they cost.

`make chaos` is the whole run, `make chaos ARGS=--small` the one of continuous integration. Every
figure of its table but the first two must be zero, or the exit is not. `--write` puts the table
into docs/reliability.md. The faults are in `chaos_faults`.
"""

import argparse
import contextlib
import shlex
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx

from detector.tests.e2e import chaos_report
from detector.tests.e2e.chaos_audit import ask, audit
from detector.tests.e2e.chaos_faults import FAULTS, Fault, On
from detector.tests.e2e.chaos_load import END_SECONDS, Load
from detector.tests.e2e.chaos_processes import CHANCE, LEASE
from detector.tests.e2e.chaos_report import Row, table
from detector.tests.e2e.chaos_storage import own_volume
from detector.tests.e2e.platform import DATABASE, NO_LIMITS, SERVING, Platform, running, until
from detector.tests.e2e.servers import Postgres, own_servers
from detector.tests.e2e.stack import Stack

__all__ = ["make_platform", "run", "table"]

READY_SECONDS = 180


def run_row(platform: Platform, fault: Fault, token: str, times: int, uploads: int) -> Row:
    """Inject a fault so many times during so many uploads, and count."""
    row = Row(fault.name)
    with platform.client(token) as client:
        load = Load(client, fault.upload)
        uploading = threading.Thread(target=load.run)
        uploading.start()
        try:
            for number in range(times):
                until(platform.answers, READY_SECONDS, "Readiness")
                load.allowed = uploads * (number + 1) // times
                time.sleep(CHANCE.uniform(0.1, 0.6))
                row.damaged += not injected(platform, fault)
                row.times += 1
                row.damaged += is_damaged(platform)
        finally:
            load.ended = True
            uploading.join()
        if load.error:
            say(f"{fault.name}: {load.error}")
            row.lost += 1
        row.stuck = unfinished_in_the_end(client)
    lost = row.lost
    row.fill(audit(platform, fault.user, load.accepted))
    row.lost += lost
    row.damaged += is_damaged(platform)
    return row


def injected(platform: Platform, fault: Fault) -> bool:
    """Inject a fault. Return whether the platform did meanwhile what the fault itself checks."""
    try:
        fault.inject(platform)
    except AssertionError as error:
        say(f"{fault.name}: {error}")
        if platform.process is not None and platform.process.poll() is not None:
            platform.start()
        return False
    return True


def unfinished_in_the_end(client: httpx.Client) -> int:
    """Return how many analyses are still unfinished after a long wait."""

    def waiting() -> int:
        found = 0
        for kind in ("analyses/", "videos/"):
            with contextlib.suppress(httpx.TransportError, KeyError, ValueError):
                rows = client.get(kind, params={"page_size": 100}).json()["results"]
                found += sum(row["status"] in ("queued", "running") for row in rows)
        return found

    with contextlib.suppress(AssertionError):
        until(lambda: not waiting(), END_SECONDS, "The end")
    return waiting()


def is_damaged(platform: Platform) -> bool:
    """Return whether the database finds its files damaged, while everything runs."""
    if "postgres" in vars(platform):
        return bool(vars(platform)["postgres"].is_damaged())
    if "DATABASE_URL" in platform.environment:
        return False
    file = platform.folder / "var" / DATABASE
    try:
        with contextlib.closing(sqlite3.connect(file, timeout=30)) as connection:
            return bool(connection.execute("PRAGMA integrity_check").fetchone() != ("ok",))
    except sqlite3.DatabaseError:
        return True


def run(
    platform: Platform,
    faults: Sequence[Fault],
    *,
    small: bool,
    times: int = 0,
    ended: Callable[[list[Row]], None] = lambda rows: None,
) -> list[Row]:
    """Inject these faults into a platform that runs; a row each. `ended` hears of each new row."""
    rows: list[Row] = []
    tokens = ask(platform, f"tokens({[fault.user for fault in faults]!r})")
    for fault in faults:
        often, uploads = fault.small if small else (fault.times, fault.uploads)
        if times:
            often, uploads = min(often, times), max(uploads, times)
        if often:
            began = time.monotonic()
            rows.append(run_row(platform, fault, tokens[fault.user], often, uploads))
            say(f"{fault.name}: {rows[-1].figures()} in {time.monotonic() - began:.0f} s")
            ended(rows)
    return rows


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextlib.contextmanager
def installed(installation: On, *, small: bool) -> Iterator[tuple[Platform, bool]]:
    """Start an installation. Yield it and whether its files are on a volume of their own."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        has_volume = False
        if installation == On.STACK:
            folder.chmod(0o711)
            postgres = stack.enter_context(running(Postgres(folder)))
            platform: Platform = Stack(folder, DATABASE_URL=postgres.url)
            vars(platform)["postgres"] = postgres
        elif installation == On.SERVICES:
            started = stack.enter_context(own_servers(folder))
            platform = make_platform(folder, started.environment, parts=())
            vars(platform).update(servers=started, postgres=started.postgres)
            platform.manage("prepare")
        else:
            platform = make_platform(folder, {}, parts=SERVING if small else ())
            has_volume = not small and stack.enter_context(own_volume(platform))
        stack.enter_context(running(platform))
        yield platform, has_volume


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="the run of continuous integration")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--services", action="store_true", help="on PostgreSQL, Redis and a store")
    where.add_argument("--stack", action="store_true", help="on the production shape")
    parser.add_argument("--only", action="append", help="faults whose name contains this")
    parser.add_argument("--times", type=int, default=0, help="repetitions of each fault at most")
    parser.add_argument("--write", action="store_true", help="put the table into the documentation")
    options = parser.parse_args()
    # Whoever ends it leaves no platform behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    where_ = On.STACK if options.stack else On.SERVICES if options.services else On.EMBEDDED
    with installed(where_, small=options.small) as (platform, has_volume):
        faults = [fault for fault in FAULTS if fault.is_for(where_, has_volume=has_volume)]
        if options.only:
            faults = [f for f in faults if any(part in f.name for part in options.only)]

        def write(rows: list[Row]) -> None:
            if options.write:
                chaos_report.write(rows, where_, command())

        try:
            rows = run(platform, faults, small=options.small, times=options.times, ended=write)
        except BaseException:
            say(interesting(platform.log.read_text()))
            raise
    say(table(rows))
    return 0 if all(row.is_clean for row in rows) else 1


def command() -> str:
    """Return the command line that does the same again."""
    arguments = shlex.join(each for each in sys.argv[1:] if each != "--write")
    quote = chr(39) if chr(39) not in arguments else chr(34)
    return f"make chaos ARGS={quote}{arguments}{quote}" if arguments else "make chaos"


def interesting(log: str) -> str:
    """Return the lines of a log without those of readiness."""
    lines = log.splitlines()
    return "\n".join(line for line in lines if "/readyz" not in line and "Not ready" not in line)


def make_platform(
    folder: Path, services: dict[str, str], parts: tuple[str, ...] = SERVING, **more: str
) -> Platform:
    """Return a platform with two slots, whose leases end soon."""
    own = {"ANALYSIS_LEASE": str(LEASE), "WORKER_CONCURRENCY": "2"}
    return Platform(folder, parts, **NO_LIMITS, **own, **services, **more)


if __name__ == "__main__":
    sys.exit(main())
