"""Asks for heat maps: what in a face spoke for its emotion.

The web process runs no network: a worker draws the picture, and whoever asked looks at the row.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from detector import tasks
from detector.common import clock, dispatch
from detector.models import Explanation, Face, Photo

SWEEP_BATCH = 100


def request(face: Face) -> Explanation:
    """The explanation of a face, asked for where there is none yet or where it failed.

    Safe to call any number of times. Raises Face.DoesNotExist where the face was deleted.
    """
    with transaction.atomic():
        # Whoever erases a photo holds it: the face cannot go before the row that points at it.
        list(Photo.objects.select_for_update().filter(pk=face.analysis.photo_id))
        face = Face.objects.get(pk=face.pk)
        now = clock.now()
        waiting = {"requested_at": now, "sent_at": now}
        explanation, made = Explanation.objects.get_or_create(face=face, defaults=waiting)
        if explanation.error_code:
            again = {"attempt": 0, "error_code": "", "error_message": "", **waiting}
            Explanation.objects.filter(pk=explanation.pk).update(**again)
            explanation.refresh_from_db()
            made = True
        if made:
            transaction.on_commit(lambda: _send(explanation), robust=True)
    return explanation


def sweep() -> int:
    """Tell the workers again of what waits too long; how many hints were given."""
    now = clock.now()
    stale = now - timedelta(seconds=settings.ANALYSIS_RESEND_AFTER)
    waiting = Explanation.objects.filter(
        Q(sent_at=None) | Q(sent_at__lt=stale), picture="", error_code=""
    )
    sent = 0
    for explanation in list(waiting.order_by("requested_at")[:SWEEP_BATCH]):
        # Marked before it is sent: of several sweepers one sends.
        if not waiting.filter(pk=explanation.pk).update(sent_at=now):
            continue
        if not _send(explanation):
            break
        sent += 1
    return sent


def _send(explanation: Explanation) -> bool:
    sent = dispatch.send(tasks.explain, explanation.pk)
    if not sent:
        Explanation.objects.filter(pk=explanation.pk).update(sent_at=None)
    return sent
