"""Take a worker's turn: analyse one photo, then trigger what follows."""

from uuid import UUID

from detector.analyses import pipeline, reanalysis
from detector.common import dispatch
from detector.common.dispatch import TaskName
from detector.registry import selectors as model_selectors
from detector.webhooks import notify


def take(analysis_id: UUID) -> None:
    """Analyse a photo, then trigger shadow scoring, webhooks and a running re-analysis."""
    pipeline.run(analysis_id)
    if model_selectors.is_for_the_shadow(analysis_id):
        dispatch.send(TaskName.SHADOW, analysis_id)
    notify.send_waiting(analysis_id)
    for next_id in reanalysis.advance():
        dispatch.send(TaskName.ANALYSE, next_id)
