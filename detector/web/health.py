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

from detector import selectors
from detector.services import storage

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
    ready = all(checks.values())
    states = {name: "ok" if good else "unavailable" for name, good in checks.items()}
    return JsonResponse(
        {"status": "ok" if ready else "unavailable", "checks": states}, status=200 if ready else 503
    )


@functools.lru_cache(maxsize=1)
def _recent_checks(second: int) -> dict[str, bool]:
    """The checks as of this second: anyone may ask, so they run about once a second at most."""
    return {
        "database": _works(_database),
        "broker": _works(_broker),
        "storage": _works(_storage),
        "worker": _works(_worker),
    }


def _works(check: Callable[[], object]) -> bool:
    try:
        check()
    except Exception as error:
        # The point is to find out whether it fails, however it does.
        logger.warning("Not ready: %s: %s", check.__name__.strip("_"), error)
        return False
    return True


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
    if not selectors.worker_alive():
        raise RuntimeError("no worker was heard from")
