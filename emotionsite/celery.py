"""The Celery application, and what a worker does besides tasks."""

import logging
import os
import sys
import time

from celery import Celery
from celery.signals import worker_init, worker_process_init, worker_shutdown, worker_shutting_down
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emotionsite.settings")

app = Celery("emotionsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.set_default()

logger = logging.getLogger(__name__)

DATABASE_AWAY_SECONDS = 2


def reads_photos() -> bool:
    """Whether this worker takes analyses; one for webhooks alone needs no network."""
    return settings.ANALYSIS_QUEUE in app.amqp.queues.consume_from


@worker_init.connect
def verify_model(**_: object) -> None:
    """End at once where the weights are unusable, instead of failing photo after photo."""
    os.umask(0o077)
    if not reads_photos():
        return
    # Only here: a worker that needs no network is a third smaller without what runs one.
    from detector.exceptions import DetectorError
    from detector.services import model_registry

    try:
        model_registry.verify()
    except DetectorError as error:
        sys.stderr.write(f"The worker cannot start: {error}\n")
        # Whoever started it need not try again.
        raise SystemExit(os.EX_CONFIG) from error


@worker_process_init.connect
def load_model(**_: object) -> None:
    """Load detector and network, and only then count as ready.

    A database that is away may come back, so it is waited for.
    """
    if not reads_photos():
        return
    from django.db import OperationalError

    from detector.services import model_registry
    from emotionsite.heart import Heart

    while True:
        try:
            model_registry.warm_up()
            break
        except OperationalError as error:
            logger.warning("The worker waits for the database: %s", error)
            time.sleep(DATABASE_AWAY_SECONDS)
    heart = Heart()
    heart.start()
    worker_shutdown.connect(heart.stop, weak=False)


@worker_shutting_down.connect
def stop_training(**_: object) -> None:
    """Do not wait for what may take hours; another worker begins it anew."""
    from detector.services import fine_tuning

    fine_tuning.stop_all()


@worker_shutdown.connect
def finish_deliveries(**_: object) -> None:
    """Let what is on its way to receivers arrive, within its few seconds."""
    from detector.services import couriers

    couriers.courier.finish()
