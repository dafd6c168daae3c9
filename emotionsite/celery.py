"""The Celery application, and what a worker does besides tasks."""

import os

from celery import Celery
from celery.signals import (
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_shutdown,
    worker_shutting_down,
)
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emotionsite.settings")

app = Celery("emotionsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.set_default()


def reads_photos() -> bool:
    """Whether this worker takes analyses; one for webhooks alone needs no network."""
    return settings.ANALYSIS_QUEUE in app.amqp.queues.consume_from


@worker_init.connect
def verify_model(**_: object) -> None:
    """End at once where the weights are unusable, instead of failing photo after photo."""
    if not reads_photos():
        return
    # Only here: a worker that needs no network is a third smaller without what runs one.
    from detector.exceptions import DetectorError
    from detector.services import model_registry

    try:
        model_registry.verify()
    except DetectorError as error:
        raise SystemExit(f"The worker cannot start: {error}") from error


@worker_process_init.connect
def load_model(**_: object) -> None:
    """Load detector and network after the fork: their threads do not survive one.

    Only then does the worker count as ready.
    """
    if not reads_photos():
        return
    from detector.services import heartbeats, model_registry

    model_registry.warm_up()
    heartbeats.announce(heartbeats.worker_name(os.getppid()))


@worker_shutting_down.connect
def stop_training(**_: object) -> None:
    """Do not wait for what may take hours; another worker begins it anew."""
    from detector.services import fine_tuning

    fine_tuning.stop_all()


@worker_process_shutdown.connect
@worker_shutdown.connect
def finish_deliveries(**_: object) -> None:
    """Let what is on its way to receivers arrive, within its few seconds."""
    from detector.services import couriers

    couriers.courier.finish()


def add_caretaker() -> None:
    """Let every worker of this application sweep and beat."""
    from emotionsite.caretaker import Caretaker

    app.steps["worker"].add(Caretaker)


app.on_after_finalize.connect(lambda **_: add_caretaker(), weak=False)
