"""Quotas of users."""

from django.conf import settings

from detector.exceptions import DetectorError
from detector.models import Photo, User
from detector.photos import selectors as photo_selectors


def check(photo: Photo) -> None:
    """Check that the owner's quotas allow a new photo, in the transaction that adds it.

    This locks the owner, so that of two concurrent uploads the second counts the first. Raises
    DetectorError `quota_exceeded`.
    """
    owner = User.objects.select_for_update(no_key=True).filter(pk=photo.owner_id).first()
    if owner is None:
        # The account is being deleted; the insert will fail with IntegrityError.
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
