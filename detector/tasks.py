"""Celery tasks. Each takes the id of a row and makes one call; of some the message is only a hint.

Imports are inside the functions: the web process sends tasks by name only, and need not load a
neural network.
"""

from uuid import UUID

from celery import shared_task
from django.conf import settings

from detector.common.dispatch import TaskName


@shared_task(name=TaskName.ANALYSE.value)
def analyse(_: str) -> None:
    """Run the analysis whose turn it is, which need not be the one that the message names."""
    from detector.analyses import turns

    turns.take()


@shared_task(name=TaskName.EXPLAIN.value)
def explain(explanation_id: str) -> None:
    """Draw one heat map."""
    from detector.analyses import heat_maps

    heat_maps.draw(UUID(explanation_id))


@shared_task(name=TaskName.DELIVER.value)
def deliver(_: str) -> None:
    """Wake the courier of this worker, which sends whatever is due."""
    from detector.webhooks import couriers

    couriers.courier.wake()


@shared_task(name=TaskName.SHADOW.value)
def shadow(analysis_id: str) -> None:
    """Let the model versions in the shadow classify the faces of one photo."""
    from detector.learning import shadow as shadow_versions

    shadow_versions.score(UUID(analysis_id))


@shared_task(
    name=TaskName.FINE_TUNE.value,
    soft_time_limit=settings.FINE_TUNE_SECONDS,
    time_limit=settings.FINE_TUNE_SECONDS + 60,
)
def fine_tune(fine_tune_id: str) -> None:
    """Train one candidate."""
    from detector.learning import runner

    runner.run(UUID(fine_tune_id))


@shared_task(name=TaskName.VIDEO.value)
def video(segment_id: str) -> None:
    """Analyse the segment of a video whose turn it is, unless a photo waits."""
    from detector.videos import turns

    turns.take(UUID(segment_id))
