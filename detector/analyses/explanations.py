"""Asks for heat maps: what in a face spoke for its emotion.

The web process runs no network: a worker draws the picture, and whoever asked looks at the row.
"""

from django.db import transaction

from detector.common import clock, dispatch
from detector.common.dispatch import TaskName
from detector.models import Explanation, Face, Photo


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
    """Tell the workers again of what waits too long. Returns how many messages were sent."""
    waiting = Explanation.objects.filter(picture="", error_code="")
    return dispatch.resend(TaskName.EXPLAIN, waiting, order_by="requested_at")


def _send(explanation: Explanation) -> bool:
    sent = dispatch.send(TaskName.EXPLAIN, explanation.pk)
    if not sent:
        Explanation.objects.filter(pk=explanation.pk).update(sent_at=None)
    return sent
