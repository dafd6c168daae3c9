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
    # Ask the storage before the transaction.
    lost = _lost(face)
    with transaction.atomic():
        # Lock the photo, as erasing does, so that the face is not deleted before our insert.
        list(Photo.objects.select_for_update().filter(pk=face.analysis.photo_id))
        face = Face.objects.get(pk=face.pk)
        now = clock.now()
        waiting = {"requested_at": now, "sent_at": now}
        explanation, made = Explanation.objects.get_or_create(face=face, defaults=waiting)
        if explanation.error_code or (lost and explanation.picture == lost):
            again = {"attempt": 0, "error_code": "", "error_message": "", "picture": "", **waiting}
            Explanation.objects.filter(pk=explanation.pk).update(**again)
            explanation.refresh_from_db()
            made = True
        if made:
            transaction.on_commit(lambda: _send(explanation), robust=True)
    return explanation


def _lost(face: Face) -> str:
    """Return the name of a picture that was drawn and whose file is gone; else nothing."""
    known = Explanation.objects.filter(face=face).exclude(picture="").first()
    if known is None:
        return ""
    with storage.translate_errors():
        name = str(known.picture.name)
        return "" if known.picture.storage.exists(name) else name


def sweep() -> int:
    """Resend messages for explanations that wait too long. Return how many were sent."""
    waiting = Explanation.objects.filter(picture="", error_code="")
    return dispatch.resend(TaskName.EXPLAIN, waiting, order_by="requested_at")


def _send(explanation: Explanation) -> bool:
    sent = dispatch.send(TaskName.EXPLAIN, explanation.pk)
    if not sent:
        Explanation.objects.filter(pk=explanation.pk).update(sent_at=None)
    return sent
