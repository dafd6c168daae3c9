"""Quotas of users."""

from uuid import UUID

from django.conf import settings

from detector.common import clock
from detector.exceptions import DetectorError
from detector.models import Photo, User, Video, VideoUpload
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


def check_bytes(owner_id: UUID, size: int) -> None:
    """Check that the quota allows so many bytes more of a photo or video that is there already.

    Call it in the transaction that adds them. Raises DetectorError `quota_exceeded`.
    """
    usage = _locked_usage(owner_id)
    if usage is not None:
        _check("bytes", usage.bytes + size, settings.QUOTA_BYTES)


def check_video_upload(owner: User, length: int) -> None:
    """Check that the quotas allow one more upload in parts, beside those that are unfinished.

    So nobody sends for hours what is refused at the end. Raises DetectorError `quota_exceeded`,
    `too_many_uploads` or `account_gone`.
    """
    usage = _locked_usage(owner.pk)
    if usage is None:
        raise DetectorError("account_gone", "This account is being deleted.")
    under_way = VideoUpload.objects.filter(owner=owner, video=None, expires_at__gt=clock.now())
    lengths = list(under_way.values_list("length", flat=True))
    if len(lengths) >= settings.VIDEO_UPLOADS_AT_ONCE:
        raise DetectorError(
            "too_many_uploads",
            f"You have {settings.VIDEO_UPLOADS_AT_ONCE} unfinished uploads already. Finish or "
            "discard one first.",
            details={"max_uploads": settings.VIDEO_UPLOADS_AT_ONCE},
        )
    _check("videos", usage.videos + len(lengths) + 1, settings.QUOTA_VIDEOS)
    _check("bytes", usage.bytes + sum(lengths) + length, settings.QUOTA_BYTES)


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
