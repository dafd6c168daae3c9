"""The Celery application, and what a worker does besides tasks."""

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from celery import Celery
from celery.signals import (
    task_postrun,
    task_prerun,
    worker_init,
    worker_process_init,
    worker_shutdown,
    worker_shutting_down,
)
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emotionsite.settings")

app = Celery("emotionsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.set_default()

logger = logging.getLogger(__name__)

AWAY_SECONDS = 2
"""Between two attempts to load the model while something is not here."""


def reads_photos() -> bool:
    """Whether this worker takes analyses; one for webhooks alone needs no network."""
    return settings.ANALYSIS_QUEUE in app.amqp.queues.consume_from


@worker_init.connect
def verify_model(**_: object) -> None:
    """End at once where the weights are unusable, instead of failing photo after photo."""
    os.umask(0o077)
    if not reads_photos():
        return
    with _ended_by_errors():
        # Only here: a worker that needs no network is a third smaller without what runs one.
        from detector.registry import networks

        networks.verify()


@worker_process_init.connect
def load_model(**_: object) -> None:
    """Load detector and network, and only then count as ready."""
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
    """Load the networks; wait for what may come: a database, a storage, weights of this host.

    A version that a person chose and that is not here must not end the web server beside it.
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
            logger.warning("The worker waits for what is not here: %s", error)
            # The connection may be dead, and would stay so after the database has come back.
            connection.close()
            time.sleep(AWAY_SECONDS)


@contextmanager
def _ended_by_errors() -> Iterator[None]:
    """End the process where the block fails.

    Celery only logs what a receiver of its signals raises: the worker would go on half made.
    """
    from detector.exceptions import DetectorError

    try:
        yield
    except DetectorError as error:
        sys.stderr.write(f"The worker cannot start: {error}\n")
        # Whoever started it need not try again.
        raise SystemExit(os.EX_CONFIG) from error
    except Exception as error:
        logger.exception("The worker could not be made ready and ends")
        raise SystemExit(1) from error


@worker_shutting_down.connect
def stop_training(**_: object) -> None:
    """Do not wait for what may take hours; another worker begins it anew."""
    from detector.learning import runner

    runner.stop_all()


@worker_shutdown.connect
def finish_deliveries(**_: object) -> None:
    """Let what is on its way to receivers arrive, within its few seconds."""
    from detector.webhooks import couriers

    couriers.courier.finish()
