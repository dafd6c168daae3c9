"""Keeps the daily rollup in step with the analyses, inside the transaction that changes them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import F

from detector.enums import Status
from detector.models import Analysis, DailyEmotion, Face, Photo, User


def add_faces(photo: Photo, faces: Iterable[Face]) -> None:
    """Count these faces of a photo."""
    owner = _locked(photo.owner_id)
    day = day_of(photo, owner)
    for emotion, (count, confidence) in _totals(faces).items():
        row, made = DailyEmotion.objects.get_or_create(
            owner=owner,
            day=day,
            emotion=emotion,
            defaults={"faces": count, "confidence_sum": confidence},
        )
        if not made:
            DailyEmotion.objects.filter(pk=row.pk).update(
                faces=F("faces") + count, confidence_sum=F("confidence_sum") + confidence
            )


def remove_faces(photo: Photo, faces: Iterable[Face]) -> None:
    """Take these faces of a photo out of the count again."""
    owner = _locked(photo.owner_id)
    day = day_of(photo, owner)
    for emotion, (count, confidence) in _totals(faces).items():
        rows = DailyEmotion.objects.filter(owner=owner, day=day, emotion=emotion)
        rows.filter(faces__lte=count).delete()
        rows.update(faces=F("faces") - count, confidence_sum=F("confidence_sum") - confidence)


@transaction.atomic
def rebuild(owner: User) -> int:
    """Count all faces of an owner anew; the number of rows. Needed after a change of time zone."""
    owner = _locked(owner.pk)
    DailyEmotion.objects.filter(owner=owner).delete()
    done = Analysis.objects.filter(
        photo__owner=owner, photo__deleted_at=None, superseded=False, status=Status.DONE
    )
    totals: dict[tuple[date, str], list[float]] = defaultdict(lambda: [0, 0.0])
    for analysis in done.select_related("photo").prefetch_related("faces").iterator(500):
        for face in analysis.faces.all():
            total = totals[day_of(analysis.photo, owner), face.emotion]
            total[0] += 1
            total[1] += face.confidence
    rows = [
        DailyEmotion(
            owner=owner, day=day, emotion=emotion, faces=int(count), confidence_sum=confidence
        )
        for (day, emotion), (count, confidence) in totals.items()
    ]
    return len(DailyEmotion.objects.bulk_create(rows, batch_size=500))


def day_of(photo: Photo, owner: User) -> date:
    """The owner's calendar day on which the photo was taken."""
    return photo.taken_at.astimezone(owner.zone).date()


def _locked(owner_id: UUID) -> User:
    """The owner as of now, held until the transaction ends.

    One lock for all of an owner's rows: two photos whose faces come in different orders cannot
    wait for each other, and none counts in a time zone that is being left.
    """
    return User.objects.select_for_update(no_key=True).get(pk=owner_id)


def _totals(faces: Iterable[Face]) -> dict[str, tuple[int, float]]:
    totals: dict[str, tuple[int, float]] = {}
    for face in faces:
        count, confidence = totals.get(face.emotion, (0, 0.0))
        totals[face.emotion] = (count + 1, confidence + face.confidence)
    return totals
