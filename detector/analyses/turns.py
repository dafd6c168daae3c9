"""Take a worker's turn: analyse one photo, then trigger what follows."""

from typing import Final
from uuid import UUID

from django.db import connection

from detector.analyses import pipeline, reanalysis
from detector.common import dispatch
from detector.common.dispatch import TaskName
from detector.enums import ReanalysisStatus
from detector.models import Analysis
from detector.registry import selectors as model_selectors
from detector.webhooks import notify

FOLLOWS: Final = """
    SELECT
        EXISTS (SELECT 1 FROM detector_modelversion WHERE in_shadow),
        EXISTS (SELECT 1 FROM detector_webhookdelivery WHERE subject = %s),
        EXISTS (SELECT 1 FROM detector_reanalysis WHERE status = %s)
    FROM detector_analysis WHERE id = %s
"""
"""Asks for a version in the shadow, a webhook to send and a running re-analysis. It is written out,
since to build it from models takes two milliseconds at each photo."""


def take() -> None:
    """Analyse the next photo, then trigger shadow scoring, webhooks and a running re-analysis."""
    analysis_id = pipeline.run_next()
    if analysis_id is None:
        _continue_campaign()
    else:
        _follow(analysis_id)


def _follow(analysis_id: UUID) -> None:
    """Trigger what follows. One query finds that most photos need none of it."""
    key = Analysis._meta.pk.get_db_prep_value(analysis_id, connection)
    with connection.cursor() as cursor:
        cursor.execute(FOLLOWS, [key, ReanalysisStatus.RUNNING.value, key])
        found = cursor.fetchone()
    # An erased photo has no row, but the campaign goes on.
    has_shadow, has_delivery, has_campaign = found or (False, False, True)
    if has_shadow and model_selectors.is_for_the_shadow(analysis_id):
        dispatch.send(TaskName.SHADOW, analysis_id)
    if has_delivery:
        notify.send_waiting(analysis_id)
    if has_campaign:
        _continue_campaign()


def _continue_campaign() -> None:
    for next_id in reanalysis.advance():
        dispatch.send(TaskName.ANALYSE, next_id)
