"""Services that some tests need. Without one they are skipped, or fail if REQUIRE_SERVICES=1.

`python -m detector.tests.services_needed` does so for PostgreSQL and prints its address.
"""

import os
import shutil
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
import redis

REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
DATABASE_URL = os.environ.get(
    "TEST_DATABASE_URL", "postgres://emotionsite:emotionsite@127.0.0.1:5432/emotionsite"
)


def need_postgresql() -> str:
    """Return the URL of a PostgreSQL server whose role may create databases."""
    try:
        psycopg.connect(DATABASE_URL, connect_timeout=3).close()
    except psycopg.OperationalError as error:
        _absent(f"PostgreSQL does not answer ({error}); make services")
    return DATABASE_URL


def need_redis() -> str:
    """Return the URL of a Redis server."""
    with redis.Redis.from_url(REDIS_URL, socket_connect_timeout=3) as client:
        try:
            client.ping()
        except redis.RedisError as error:
            _absent(f"Redis does not answer ({error}); make services")
    return REDIS_URL


@contextmanager
def own_database() -> Iterator[str]:
    """Create a PostgreSQL database, yield its URL, and drop it with all its connections.

    Not by `WITH (FORCE)`: that is refused while the server itself cleans up in it (autovacuum).
    """
    server = need_postgresql()
    name = f"emotionsite_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield server.rpartition("/")[0] + f"/{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND backend_type = 'client backend'",
                [name],
            )
            connection.execute(f'DROP DATABASE "{name}"')


@contextmanager
def own_services(redis_database: int) -> Iterator[dict[str, str]]:
    """Create a PostgreSQL database and empty a Redis one. Yield their environment variables."""
    broker = f"{need_redis().rpartition('/')[0]}/{redis_database}"
    with redis.Redis.from_url(broker) as client:
        client.flushdb()
    with own_database() as database:
        yield {"DATABASE_URL": database, "REDIS_URL": broker}


def need_program(*names: str) -> str:
    """Return the path of the first of these programs that is installed."""
    for name in names:
        # Servers of Debian are where only root looks.
        path = shutil.which(name) or shutil.which(name, path="/usr/sbin")
        if path:
            return path
    _absent(f"None of {', '.join(names)} is installed")
    raise AssertionError("unreachable")


def _absent(reason: str) -> None:
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


if __name__ == "__main__":
    try:
        sys.stdout.write(need_postgresql())
    except pytest.skip.Exception as reason:
        sys.stderr.write(f"Not tested on PostgreSQL: {reason}\n")
    except pytest.fail.Exception as reason:
        sys.exit(str(reason))
