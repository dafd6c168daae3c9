"""How much a person may keep."""

from django.conf import settings

from detector.exceptions import DetectorError
from detector.models import Photo, User
from detector.photos import selectors as photo_selectors


def check(photo: Photo) -> None:
    """Refuse a new photo that its owner has no room for; inside the transaction that adds it.

    The owner is held: of two photos that come at once, the second sees the first. Raises
    DetectorError `quota_exceeded`.
    """
    owner = User.objects.select_for_update(no_key=True).filter(pk=photo.owner_id).first()
    if owner is None:
        # The account is being deleted, and the database will say so.
        return
    usage = photo_selectors.usage(owner)
    _check("photos", usage.photos + 1, settings.QUOTA_PHOTOS)
    _check("bytes", usage.bytes + photo.stored_bytes, settings.QUOTA_BYTES)


def _check(unit: str, wanted: int, limit: int) -> None:
    if wanted > limit:
        raise DetectorError(
            "quota_exceeded",
            f"This is more than the {limit:,} {unit} that you may keep. Delete photos, and empty "
            "the bin.",
            details={"unit": unit, "limit": limit},
        )
