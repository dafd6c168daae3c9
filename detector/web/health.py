"""Health checks: liveness of the process, readiness of the platform."""

import functools
import logging
import time
from collections.abc import Callable
from typing import Any

from celery import current_app
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu import Queue

from detector.common import clock, storage
from detector.exceptions import OutageError
from detector.operations import liveness, monitoring

logger = logging.getLogger(__name__)

ASKED_AGAIN = 5
"""Limits the checks to so many runs a second while something is unavailable."""


@never_cache
@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200: the process is alive."""
    return JsonResponse({"status": "ok"})


@never_cache
@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer whether all services that an upload needs are available; 503 names the others."""
    now = time.monotonic()
    checks, queue = _recent_checks(int(now), 0)
    if any(checks.values()):
        checks, queue = _recent_checks(int(now), int(now % 1 * ASKED_AGAIN))
    ready = not any(checks.values())
    states = {name: "unavailable" if reason else "ok" for name, reason in checks.items()}
    answer: dict[str, object] = {"status": "ok" if ready else "unavailable", "checks": states}
    if queue:
        answer["queue"] = queue
    if not ready:
        answer["reasons"] = {name: reason for name, reason in checks.items() if reason}
    return JsonResponse(answer, status=200 if ready else 503)


@functools.lru_cache(maxsize=2)
def _recent_checks(second: int, part: int) -> tuple[dict[str, str], dict[str, int]]:
    """Return the problem of each service, empty if it works, and the queue of analyses.

    The checks are public, so the cache lets them run about once a second at most, and in each part
    of a second where something is unavailable: the end of an outage, or of a start, is soon seen.
    """
    checks = {
        "database": _problem(_database),
        "broker": _problem(_broker),
        "storage": _problem(_storage),
        "worker": _problem(_worker),
    }
    return checks, {} if checks["database"] else _queue()


class NotReadyError(Exception):
    """A problem whose text may be public, unlike errors of databases and brokers."""


def _problem(check: Callable[[], object]) -> str:
    try:
        check()
    except NotReadyError as error:
        logger.warning("Not ready: %s", error)
        return str(error)
    except Exception as error:
        # Any failure means that the service is not available.
        logger.warning("Not ready: %s: %s", check.__name__.strip("_"), error)
        return "it does not answer"
    return ""


def _database() -> None:
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("SELECT 1")
            return
        cursor.execute("SHOW transaction_read_only")
        if cursor.fetchone() == ("on",):
            raise NotReadyError("it is read-only")


def _broker() -> None:
    with current_app.connection_for_write(connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=0, timeout=2)
        channel = broker.default_channel
        Queue(settings.CELERY_TASK_DEFAULT_QUEUE)(channel).declare()
        if settings.REDIS_URL:
            _write_to_redis(channel)


def _write_to_redis(channel: Any) -> None:
    """Write what no full Redis takes: it answers all the same, but no message would reach it."""
    from redis.exceptions import OutOfMemoryError

    try:
        channel.client.set("readyz", b"", ex=60)
    except OutOfMemoryError as error:
        raise NotReadyError("it is full") from error


def _storage() -> None:
    try:
        storage.check()
    except OutageError as error:
        if storage.is_full(error):
            raise NotReadyError("it is full") from error
        raise


def _queue() -> dict[str, int]:
    """Return how many analyses wait and run, and for how many seconds the oldest; {} if unknown."""
    try:
        queue, now = monitoring.queue(), clock.now()
    except Error:
        return {}
    age = int((now - queue.oldest).total_seconds()) if queue.oldest else 0
    return {"waiting": queue.waiting, "running": queue.running, "oldest_seconds": age}


def _worker() -> None:
    if not liveness.worker_alive():
        raise NotReadyError("no worker was heard from")
    stall = liveness.stall()
    if stall is not None:
        raise NotReadyError(str(stall))
