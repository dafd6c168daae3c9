"""Request heat maps, which show what in a face the network based its emotion on.

The web process runs no network: a worker draws the picture, and the page polls the row.
"""

from django.db import transaction

from detector.common import clock, dispatch, storage
from detector.common.dispatch import TaskName
from detector.models import Explanation, Face, Photo
from detector.photos import images


def request(face: Face) -> Explanation:
    """Return the explanation of a face. Requests one where there is none, it failed or is lost.

    Idempotent. Raises Face.DoesNotExist where the face was deleted, and DetectorError
    `picture_forgotten` or `storage_unavailable`.
    """
    if face.analysis.photo.forgotten_at is not None:
        raise images.FORGOTTEN
    with transaction.atomic():
        # Lock the photo, as erasing does, so that the face is not deleted before our insert.
        list(Photo.objects.select_for_update().filter(pk=face.analysis.photo_id))
        face = Face.objects.get(pk=face.pk)
        now = clock.now()
        waiting = {"requested_at": now, "sent_at": now}
        explanation, made = Explanation.objects.get_or_create(face=face, defaults=waiting)
        if explanation.error_code or _is_lost(explanation):
            again = {"attempt": 0, "error_code": "", "error_message": "", "picture": "", **waiting}
            Explanation.objects.filter(pk=explanation.pk).update(**again)
            explanation.refresh_from_db()
            made = True
        if made:
            transaction.on_commit(lambda: _send(explanation), robust=True)
    return explanation


def _is_lost(explanation: Explanation) -> bool:
    """Return whether the picture was drawn and its file is gone."""
    with storage.translate_errors():
        picture = explanation.picture
        return bool(picture) and not picture.storage.exists(str(picture.name))


def sweep() -> int:
    """Resend messages for explanations that wait too long. Return how many were sent."""
    waiting = Explanation.objects.filter(picture="", error_code="")
    return dispatch.resend(TaskName.EXPLAIN, waiting, order_by="requested_at")


def _send(explanation: Explanation) -> bool:
    sent = dispatch.send(TaskName.EXPLAIN, explanation.pk)
    if not sent:
        Explanation.objects.filter(pk=explanation.pk).update(sent_at=None)
    return sent
