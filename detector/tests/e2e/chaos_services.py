"""Faults of what the platform works with: database and broker."""

import contextlib
import os
import shutil
import signal
import sqlite3
import time

import psycopg

from detector.tests.e2e.chaos_processes import kill
from detector.tests.e2e.platform import DATABASE, Platform, until
from detector.tests.e2e.servers import Servers

LOCKED_SECONDS = 30
AWAY_SECONDS = 10
CHANCE_SECONDS = 60


def servers(platform: Platform) -> Servers:
    """Return the servers that the run owns."""
    found: Servers = vars(platform)["servers"]
    return found


def lock_sqlite(platform: Platform) -> None:
    """Let nobody else write for longer than writers wait."""
    file = platform.folder / "var" / DATABASE
    with contextlib.closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        time.sleep(LOCKED_SECONDS)
        connection.execute("ROLLBACK")


def stop_slots_that_write(platform: Platform) -> None:
    """Let all slots sleep, one of them in the middle of a transaction, which locks SQLite.

    Only the end of that process unlocks it.
    """
    end = time.monotonic() + CHANCE_SECONDS
    stopped = platform.children("worker")
    while not _are_stopped_while_writing(platform, stopped):
        assert time.monotonic() < end, "No slot was met in a transaction"
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        time.sleep(0.02)
        stopped = platform.children("worker")
    until(lambda: not set(stopped) & set(platform.children("worker")), 180, "New slots")


def _are_stopped_while_writing(platform: Platform, slots: list[int]) -> bool:
    """Stop these processes. Return whether nobody else can write then."""
    for pid in slots:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    file = platform.folder / "var" / DATABASE
    # Transactions of others are over by then.
    with contextlib.closing(sqlite3.connect(file, timeout=3, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        connection.execute("ROLLBACK")
    return False


def remove_the_broker(platform: Platform) -> None:
    """Remove the folder of the embedded broker with all that is in it."""
    shutil.rmtree(platform.folder / "var" / "broker", ignore_errors=True)


def restart_redis(platform: Platform) -> None:
    """Kill Redis, and start it after a moment with what it had."""
    redis = servers(platform).redis
    redis.stop()
    time.sleep(2)
    redis.start()


def empty_redis(platform: Platform) -> None:
    """Kill Redis, and start it after a moment without any message."""
    redis = servers(platform).redis
    redis.stop()
    redis.forget()
    time.sleep(2)
    redis.start()


def kill_redis(platform: Platform) -> None:
    """End the stack's Redis, which has its messages in memory; its supervisor starts it again."""
    [before] = platform.children("redis")
    kill(before)
    until(lambda: set(platform.children("redis")) - {before}, 60, "A new Redis")


def end_connections(platform: Platform) -> None:
    """End all connections of the platform to PostgreSQL, several times."""
    with psycopg.connect(servers(platform).postgres.url, autocommit=True) as connection:
        for _ in range(5):
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            )
            time.sleep(0.3)


def crash_postgresql(platform: Platform) -> None:
    """Stop PostgreSQL as a crash does, and start it at once: it recovers from its log."""
    postgres = servers(platform).postgres
    postgres.stop()
    postgres.start()


def stop_postgresql(platform: Platform) -> None:
    """Leave the platform without a database for a while."""
    postgres = servers(platform).postgres
    postgres.stop()
    time.sleep(AWAY_SECONDS)
    postgres.start()
