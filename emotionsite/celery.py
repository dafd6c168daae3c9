"""The Celery application, and what a worker does at its start and end."""

import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from celery import Celery, states
from celery.signals import (
    task_postrun,
    task_prerun,
    worker_init,
    worker_process_init,
    worker_shutdown,
    worker_shutting_down,
)
from django.conf import settings

app = Celery("emotionsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.set_default()

logger = logging.getLogger(__name__)

AWAY_SECONDS = 2
"""Seconds between attempts to load the model during an outage."""


def reads_photos() -> bool:
    """Return whether this worker takes analyses. One for webhooks alone needs no network."""
    return settings.ANALYSIS_QUEUE in app.amqp.queues.consume_from


@worker_init.connect
def verify_model(**_: object) -> None:
    """Exit at once where the weights are unusable, instead of failing every photo."""
    os.umask(0o077)
    if not reads_photos():
        return
    with _ended_by_errors():
        # Imported only here: without the runtime a worker that needs no network is a third smaller.
        from detector.registry import networks

        networks.verify()


@worker_process_init.connect
def load_model(**_: object) -> None:
    """Load detector and network, then start the heartbeat that marks this worker as ready."""
    if not reads_photos():
        return
    with _ended_by_errors():
        from emotionsite.processes.heart import Heart

        _warm_up()
        heart = Heart()
        heart.start()
    task_prerun.connect(heart.begin_task, weak=False)
    task_postrun.connect(heart.end_task, weak=False)
    worker_shutdown.connect(heart.stop, weak=False)


def _warm_up() -> None:
    """Load the networks. Waits while the database, the storage or the weights are unavailable.

    A promoted version whose weights are missing on this host must not end the web server, which
    the supervisor would stop with the worker.
    """
    from django.db import connection

    from detector.common.outages import outage_in
    from detector.exceptions import DetectorError
    from detector.registry import networks

    while True:
        try:
            return networks.warm_up()
        except Exception as error:
            if outage_in(error) is None and not isinstance(error, DetectorError):
                raise
            logger.warning("The worker waits, since something is unavailable: %s", error)
            # A broken connection would stay broken after the database is back.
            connection.close()
            time.sleep(AWAY_SECONDS)


@contextmanager
def _ended_by_errors() -> Iterator[None]:
    """Exit the process where the block raises.

    Celery only logs exceptions of signal receivers: the worker would go on half initialised.
    """
    from detector.exceptions import DetectorError

    try:
        yield
    except DetectorError as error:
        sys.stderr.write(f"The worker cannot start: {error}\n")
        # This status tells the supervisor not to start it again.
        raise SystemExit(os.EX_CONFIG) from error
    except Exception as error:
        logger.exception("The worker could not be initialised and exits")
        raise SystemExit(1) from error


@task_prerun.connect
@task_postrun.connect
def close_old_connection(state: str | None = None, **_: object) -> None:
    """Close this thread's database connection before and after a task if it is broken or old.

    `state` is that of a task that has ended.
    """
    from detector.common import outages

    if state == states.FAILURE:
        outages.drop_connection()
    else:
        outages.drop_dead_connection()


@task_prerun.connect
def follow_request(task: Any = None, args: Sequence[object] = (), **_: object) -> None:
    """Let log lines of a task name the request that asked for it."""
    from detector.common import trace

    headers = (task.request.headers if task is not None else None) or {}
    trace.begin_task(str(headers.get("request_id", "")), str(args[0]) if args else "")


@task_postrun.connect
def forget_request(**_: object) -> None:
    """Let log lines between tasks name none."""
    from detector.common import trace

    trace.forget()


@worker_shutting_down.connect
def stop_training(**_: object) -> None:
    """Stop fine-tunes, which may take hours; another worker starts them again."""
    from detector.learning import runner

    runner.stop_all()


@worker_shutdown.connect
def finish_deliveries(**_: object) -> None:
    """Wait some seconds for webhook deliveries that are under way."""
    from detector.webhooks import couriers

    couriers.courier.finish()
