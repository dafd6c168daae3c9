"""The Celery application, and what a worker does besides tasks."""

import os

from celery import Celery
from celery.signals import worker_init, worker_process_init
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
    from detector.exceptions import DetectorError
    from detector.services import model_registry

    if not reads_photos():
        return
    try:
        model_registry.verify()
    except DetectorError as error:
        raise SystemExit(f"The worker cannot start: {error}") from error


@worker_process_init.connect
def load_model(**_: object) -> None:
    """Load detector and network after the fork: their threads do not survive one.

    Only then does the worker count as ready.
    """
    from detector.services import heartbeats, model_registry

    if not reads_photos():
        return
    model_registry.warm_up()
    heartbeats.announce(heartbeats.worker_name(os.getppid()))


def add_caretaker() -> None:
    """Let every worker of this application sweep and beat."""
    from emotionsite.caretaker import Caretaker

    app.steps["worker"].add(Caretaker)


app.on_after_finalize.connect(lambda **_: add_caretaker(), weak=False)
