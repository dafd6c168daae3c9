"""Take a worker's turn: analyse one photo, then trigger what follows."""

from uuid import UUID

from django.db.models import Exists, OuterRef

from detector.analyses import pipeline, reanalysis
from detector.common import dispatch
from detector.common.dispatch import TaskName
from detector.models import Analysis, ModelVersion, WebhookDelivery
from detector.registry import selectors as model_selectors
from detector.webhooks import notify


def take() -> None:
    """Analyse the next photo, then trigger shadow scoring, webhooks and a running re-analysis."""
    analysis_id = pipeline.run_next()
    if analysis_id is None:
        _continue_campaign()
    else:
        _follow(analysis_id)


def _follow(analysis_id: UUID) -> None:
    """Trigger what follows. One query finds that most photos need none of it."""
    in_shadow = Exists(ModelVersion.objects.filter(in_shadow=True))
    told = Exists(WebhookDelivery.objects.filter(subject=OuterRef("pk")))
    campaign = Exists(reanalysis.running())
    rows = Analysis.objects.filter(pk=analysis_id).annotate(
        has_shadow=in_shadow, has_delivery=told, has_campaign=campaign
    )
    found = rows.values_list("has_shadow", "has_delivery", "has_campaign").first()
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
