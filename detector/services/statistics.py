"""Keeps the daily rollup in step with the analyses, inside the transaction that changes them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import F

from detector.enums import Status
from detector.models import Analysis, DailyEmotion, Face, Photo, User


def add_faces(photo: Photo, faces: Iterable[Face]) -> None:
    """Count these faces of a photo."""
    for emotion, (count, confidence) in _totals(faces).items():
        row, made = DailyEmotion.objects.get_or_create(
            owner_id=photo.owner_id,
            day=day_of(photo),
            emotion=emotion,
            defaults={"faces": count, "confidence_sum": confidence},
        )
        if not made:
            DailyEmotion.objects.filter(pk=row.pk).update(
                faces=F("faces") + count, confidence_sum=F("confidence_sum") + confidence
            )


def remove_faces(photo: Photo, faces: Iterable[Face]) -> None:
    """Take these faces of a photo out of the count again."""
    for emotion, (count, confidence) in _totals(faces).items():
        rows = DailyEmotion.objects.filter(
            owner_id=photo.owner_id, day=day_of(photo), emotion=emotion
        )
        rows.filter(faces__lte=count).delete()
        rows.update(faces=F("faces") - count, confidence_sum=F("confidence_sum") - confidence)


@transaction.atomic
def rebuild(owner: User) -> int:
    """Count all faces of an owner anew; the number of rows. Needed after a change of time zone."""
    DailyEmotion.objects.filter(owner=owner).delete()
    done = Analysis.objects.filter(photo__owner=owner, status=Status.DONE)
    totals: dict[tuple[date, str], list[float]] = defaultdict(lambda: [0, 0.0])
    for analysis in done.select_related("photo__owner").prefetch_related("faces").iterator(500):
        for face in analysis.faces.all():
            total = totals[day_of(analysis.photo), face.emotion]
            total[0] += 1
            total[1] += face.confidence
    rows = [
        DailyEmotion(
            owner=owner, day=day, emotion=emotion, faces=int(count), confidence_sum=confidence
        )
        for (day, emotion), (count, confidence) in totals.items()
    ]
    return len(DailyEmotion.objects.bulk_create(rows, batch_size=500))


def day_of(photo: Photo) -> date:
    """The owner's calendar day on which the photo was taken."""
    return photo.taken_at.astimezone(photo.owner.zone).date()


def _totals(faces: Iterable[Face]) -> dict[str, tuple[int, float]]:
    totals: dict[str, tuple[int, float]] = {}
    for face in faces:
        count, confidence = totals.get(face.emotion, (0, 0.0))
        totals[face.emotion] = (count + 1, confidence + face.confidence)
    return totals
