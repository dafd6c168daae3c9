"""Row locks, held until the transaction ends.

To avoid deadlocks, everyone locks in the same order: a re-analysis, photos (the newest first), then
their owner, then the rollups.
"""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from detector.common.statements import Prepared
from detector.models import (
    Analysis,
    ApiToken,
    LiveSession,
    Photo,
    User,
    Video,
    VideoUpload,
    WebhookEndpoint,
)


def lock_photos(owner: User, photo_ids: Iterable[UUID]) -> QuerySet[Photo]:
    """Return those of an owner's photos, trash included, as a queryset that locks them."""
    locked = Photo.objects.select_for_update(of=("self",)).order_by("-id")
    return locked.filter(owner=owner, pk__in=list(photo_ids))


def lock_owner(owner_id: UUID) -> User:
    """Lock an owner, after their photos. Return the current row."""
    return User.objects.select_for_update(no_key=True).get(pk=owner_id)


def lock_photo_and_owner(photo_id: UUID) -> Photo | None:
    """Lock a photo and then its owner. Return both as they are now; None if the photo is gone.

    Only what the end of an analysis needs is read.
    """
    return _PHOTO_AND_OWNER.first(photo_id)


def _photo_and_owner(photo_id: UUID) -> QuerySet[Photo]:
    locked = Photo.objects.select_for_update(of=("self", "owner"), no_key=True)
    needed = locked.select_related("owner").only(
        "taken_at", "deleted_at", "is_demo",
        "forget", "forgotten_at", "upload", "image", "thumbnail",
        "owner__time_zone", "owner__review_consent_version", "owner__review_consented_at",
    )  # fmt: skip
    return needed.filter(pk=photo_id)


_PHOTO_AND_OWNER: Final = Prepared(UUID, _photo_and_owner)


def lock_analysis(analysis: Analysis) -> None:
    """Lock an analysis and its photo."""
    list(lock_photos(analysis.owner, [analysis.photo_id]))
    _lock(Analysis.objects.filter(pk=analysis.pk))


def lock_video(video: Video) -> None:
    """Lock a video."""
    _lock(Video.objects.filter(pk=video.pk))


def lock_video_upload(upload: VideoUpload) -> None:
    """Lock an upload of a video, so that no part is added meanwhile."""
    _lock(VideoUpload.objects.filter(pk=upload.pk))


def lock_token(token: ApiToken) -> None:
    """Lock a token, so that nobody revokes it meanwhile."""
    _lock(ApiToken.objects.filter(pk=token.pk))


def lock_webhook(endpoint: WebhookEndpoint) -> None:
    """Lock a webhook, so that nobody changes or deletes it meanwhile."""
    _lock(WebhookEndpoint.objects.filter(pk=endpoint.pk))


def lock_live_session(session: LiveSession) -> None:
    """Lock a live session, so that nobody changes or erases it meanwhile."""
    _lock(LiveSession.objects.filter(pk=session.pk))


def _lock(rows: QuerySet[Any]) -> None:
    list(rows.select_for_update(of=("self",)).values_list("pk"))
