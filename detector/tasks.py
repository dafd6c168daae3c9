"""Celery tasks: an id in, one service call."""

from typing import Any
from uuid import UUID

from celery import Task, shared_task
from django.conf import settings


@shared_task(name="detector.analyse")
def analyse(analysis_id: str) -> None:
    """Look at one analysis and do what it needs."""
    # Imported here: the web process only sends this task and has no use for a neural network.
    from detector.analyses import pipeline, reanalysis
    from detector.common import dispatch
    from detector.registry import selectors as model_selectors
    from detector.webhooks import endpoints

    pipeline.run(UUID(analysis_id))
    if model_selectors.is_for_the_shadow(UUID(analysis_id)):
        dispatch.send(shadow, UUID(analysis_id))
    for delivery_id in endpoints.waiting_of(UUID(analysis_id)):
        dispatch.send(deliver, delivery_id)
    for next_id in reanalysis.advance():
        dispatch.send(analyse, next_id)


@shared_task(name="detector.explain")
def explain(explanation_id: str) -> None:
    """Draw one heat map."""
    from detector.analyses import heat_maps

    heat_maps.draw(UUID(explanation_id))


@shared_task(name="detector.deliver", bind=True)
def deliver(task: "Task[Any, Any]", delivery_id: str) -> None:
    """Let the courier of this worker try what is due; called as a function, try this one."""
    from detector.webhooks import couriers, deliveries

    if task.request.called_directly:
        deliveries.deliver(UUID(delivery_id))
    else:
        couriers.courier.wake()


@shared_task(name="detector.shadow")
def shadow(analysis_id: str) -> None:
    """Let the versions in the shadow judge the faces of one photo."""
    from detector.learning import shadow

    shadow.judge(UUID(analysis_id))


@shared_task(
    name="detector.fine_tune",
    soft_time_limit=settings.FINE_TUNE_SECONDS,
    time_limit=settings.FINE_TUNE_SECONDS + 60,
)
def fine_tune(fine_tune_id: str) -> None:
    """Make one candidate."""
    from detector.learning import runner

    runner.run(UUID(fine_tune_id))
