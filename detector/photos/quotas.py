"""Quotas of users."""

from uuid import UUID

from django.conf import settings

from detector.exceptions import DetectorError
from detector.models import Photo, User, Video
from detector.photos import selectors as photo_selectors


def check(photo: Photo) -> None:
    """Check that the owner's quotas allow a new photo, in the transaction that adds it.

    This locks the owner, so that of two concurrent uploads the second counts the first. Raises
    DetectorError `quota_exceeded`.
    """
    usage = _locked_usage(photo.owner_id)
    if usage is not None:
        _check("photos", usage.photos + 1, settings.QUOTA_PHOTOS)
        _check("bytes", usage.bytes + photo.stored_bytes, settings.QUOTA_BYTES)


def check_video(video: Video) -> None:
    """Do the same for a new video."""
    usage = _locked_usage(video.owner_id)
    if usage is not None:
        _check("videos", usage.videos + 1, settings.QUOTA_VIDEOS)
        _check("bytes", usage.bytes + video.stored_bytes, settings.QUOTA_BYTES)


def _locked_usage(owner_id: UUID) -> photo_selectors.Usage | None:
    """Return what an owner stores, with the owner locked; None where the account is being deleted.

    Then the insert will fail with IntegrityError.
    """
    owner = User.objects.select_for_update(no_key=True).filter(pk=owner_id).first()
    return None if owner is None else photo_selectors.usage(owner)


def _check(unit: str, wanted: int, limit: int) -> None:
    if wanted > limit:
        raise DetectorError(
            "quota_exceeded",
            f"This is more than the {limit:,} {unit} that you may keep. Delete photos or videos, "
            "and empty the bin.",
            details={"unit": unit, "limit": limit},
        )
