"""Celery tasks: an id in, one service call."""

from uuid import UUID

from celery import shared_task


@shared_task(name="detector.analyse")
def analyse(analysis_id: str) -> None:
    """Look at one analysis and do what it needs."""
    # Imported here: the web process only sends this task and has no use for a neural network.
    from detector.services import analysis, hints, reanalysis, webhooks

    analysis.run(UUID(analysis_id))
    for delivery_id in webhooks.waiting_of(UUID(analysis_id)):
        hints.send(deliver, delivery_id)
    for next_id in reanalysis.advance():
        hints.send(analyse, next_id)


@shared_task(name="detector.explain")
def explain(explanation_id: str) -> None:
    """Draw one heat map."""
    from detector.services import heat_maps

    heat_maps.draw(UUID(explanation_id))


@shared_task(name="detector.deliver")
def deliver(delivery_id: str) -> None:
    """Try one delivery of a webhook."""
    from detector.services import deliveries

    deliveries.deliver(UUID(delivery_id))
