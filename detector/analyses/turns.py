"""Take a worker's turn: analyse one photo, then trigger what follows."""

from typing import Final
from uuid import UUID

from detector.analyses import line, pipeline, reanalysis
from detector.common import dispatch
from detector.common.dispatch import TaskName
from detector.registry import selectors as model_selectors
from detector.webhooks import notify

MAX_CHOICES: Final = 50
"""Choices of a turn. Each one that is lost was won by another worker."""


def take() -> None:
    """Analyse the next photo, then trigger shadow scoring, webhooks and a running re-analysis."""
    analysis_id = _analyse_next()
    if analysis_id is not None:
        if model_selectors.is_for_the_shadow(analysis_id):
            dispatch.send(TaskName.SHADOW, analysis_id)
        notify.send_waiting(analysis_id)
    for next_id in reanalysis.advance():
        dispatch.send(TaskName.ANALYSE, next_id)


def _analyse_next() -> UUID | None:
    """Analyse the photo whose turn it is. Return its analysis; None where none is due."""
    for _ in range(MAX_CHOICES):
        analysis_id = line.next_due()
        if analysis_id is None or pipeline.run(analysis_id):
            return analysis_id
    return None
