"""Whether the process lives, and whether the platform can do its work."""

import functools
import logging
import time
from collections.abc import Callable

from celery import current_app
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu import Queue

from detector.common import storage
from detector.operations import liveness

logger = logging.getLogger(__name__)


@never_cache
@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """All that an upload needs is there; 503 where something is not, and which."""
    checks = _recent_checks(int(time.monotonic()))
    ready = not any(checks.values())
    states = {name: "unavailable" if reason else "ok" for name, reason in checks.items()}
    answer: dict[str, object] = {"status": "ok" if ready else "unavailable", "checks": states}
    if not ready:
        answer["reasons"] = {name: reason for name, reason in checks.items() if reason}
    return JsonResponse(answer, status=200 if ready else 503)


@functools.lru_cache(maxsize=1)
def _recent_checks(second: int) -> dict[str, str]:
    """What is wrong with each, nothing where it works, as of this second.

    Anyone may ask, so they run about once a second at most.
    """
    return {
        "database": _trouble(_database),
        "broker": _trouble(_broker),
        "storage": _trouble(_storage),
        "worker": _trouble(_worker),
    }


class NotReadyError(Exception):
    """Something that anyone may read, unlike the errors of databases and brokers."""


def _trouble(check: Callable[[], object]) -> str:
    try:
        check()
    except NotReadyError as error:
        logger.warning("Not ready: %s", error)
        return str(error)
    except Exception as error:
        # The point is to find out whether it fails, however it does.
        logger.warning("Not ready: %s: %s", check.__name__.strip("_"), error)
        return "it does not answer"
    return ""


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _broker() -> None:
    with current_app.connection_for_write(connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=0, timeout=2)
        Queue(settings.CELERY_TASK_DEFAULT_QUEUE)(broker.default_channel).declare()


def _storage() -> None:
    storage.check()


def _worker() -> None:
    if not liveness.worker_alive():
        raise NotReadyError("no worker was heard from")
    stall = liveness.stall()
    if stall is not None:
        raise NotReadyError(str(stall))
