"""Delete the picture of a photo whose owner wants its result alone, once its analysis has ended."""

from uuid import UUID

from django.db import transaction

from detector.common import audit, clock
from detector.enums import UNDER_WAY
from detector.models import Analysis, Explanation, Photo
from detector.photos import images


def lock(photo_id: UUID) -> Photo | None:
    """Lock a photo and return it, if its picture is to be forgotten and still there; else None.

    Call it in the transaction that ends an analysis, before anything else: everyone locks the
    photo first.
    """
    wanted = Photo.objects.filter(pk=photo_id, forget=True, forgotten_at=None)
    return wanted.select_for_update(of=("self",), no_key=True).first()


def forget(photo: Photo) -> None:
    """Take the picture out of the row of a locked photo; its files go after the commit.

    Heat maps of its faces go with it, for they show them.
    """
    names = [str(file.name) for file in photo.files]
    Explanation.objects.filter(face__analysis__photo=photo).delete()
    Photo.objects.filter(pk=photo.pk).update(
        upload="", image="", thumbnail="", stored_bytes=0, forgotten_at=clock.now()
    )
    transaction.on_commit(lambda: images.delete_files(names))


@transaction.atomic
def keep_result_alone(photo_id: UUID) -> None:
    """Note that the owner wants the result alone. The picture goes now, or after its analysis."""
    Photo.objects.filter(pk=photo_id).update(forget=True)
    photo = lock(photo_id)
    if photo is None:
        return
    audit.record_erasure_of_part(photo, "photopicture")
    under_way = Analysis.objects.filter(photo=photo_id, superseded=False, status__in=UNDER_WAY)
    if not under_way.exists():
        forget(photo)
