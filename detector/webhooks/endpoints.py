"""Change webhook endpoints, and create the deliveries of events."""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from detector.common import clock, locks, outbound
from detector.common.calendar import utc_text
from detector.enums import DeliveryStatus, Event, Status
from detector.exceptions import DetectorError
from detector.models import (
    Analysis,
    Face,
    Review,
    User,
    Video,
    WebhookDelivery,
    WebhookEndpoint,
)


def create_endpoint(
    owner: User,
    *,
    url: str,
    events: Iterable[str],
    description: str = "",
    guard: AbstractContextManager[None] | None = None,
) -> WebhookEndpoint:
    """Create an endpoint. Raises DetectorError `url_refused` or `too_many_webhooks`.

    The row is created inside `guard`; the slow check of the URL comes before.
    """
    _check_url(url)
    with guard or nullcontext(), transaction.atomic():
        locks.lock_owner(owner.pk)
        if WebhookEndpoint.objects.filter(owner=owner).count() >= settings.WEBHOOKS_A_PERSON:
            raise DetectorError(
                "too_many_webhooks", f"You have {settings.WEBHOOKS_A_PERSON} webhooks already."
            )
        return WebhookEndpoint.objects.create(
            owner=owner, url=url, events=list(events), description=description
        )


def change_endpoint(
    endpoint: WebhookEndpoint, *, guard: AbstractContextManager[None] | None = None, **changes: Any
) -> None:
    """Change url, events, description or `disabled`.

    Enabling resets the failures, and with them the backoff of what waits. The rows are updated
    inside `guard`, which may lock the endpoint; the slow check of the URL comes before.
    """
    if "url" in changes:
        _check_url(changes["url"])
    disabled = changes.pop("disabled", None)
    if disabled is True and endpoint.disabled_at is None:
        changes |= {"disabled_at": clock.now(), "disabled_reason": "You disabled it."}
    if disabled is False:
        changes |= {
            "disabled_at": None, "disabled_reason": "", "failures": 0, "failing_since": None,
        }  # fmt: skip
    with guard or nullcontext():
        is_there = WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**changes)
        if disabled is False:
            told = WebhookDelivery.objects.filter(endpoint=endpoint.pk)
            told.filter(status=DeliveryStatus.WAITING).update(due_at=clock.now())
    if is_there:
        endpoint.refresh_from_db()


def delete_endpoint(endpoint: WebhookEndpoint) -> None:
    """Delete an endpoint with its deliveries."""
    endpoint.delete()


def record(analysis_id: UUID) -> None:
    """Create the deliveries of a finished analysis, in the same transaction."""
    analysis = Analysis.objects.get(pk=analysis_id)
    event = Event.ANALYSIS_DONE if analysis.status == Status.DONE else Event.ANALYSIS_FAILED
    data = lambda: _analysis_data(analysis, analysis.faces.all())  # noqa: E731
    _record(event, analysis.owner_id, _about(analysis, analysis.pk), data)


def record_done(analysis: Analysis, faces: Sequence[Face]) -> None:
    """Do the same for an analysis that has just been done with these faces."""
    data = lambda: _analysis_data(analysis, faces)  # noqa: E731
    _record(Event.ANALYSIS_DONE, analysis.owner_id, _about(analysis, analysis.pk), data)


def record_review(review: Review) -> None:
    """Create the deliveries of a verdict for the owner of the face, in the same transaction."""
    analysis = review.face.analysis
    about = _about(analysis, review.pk)
    _record(Event.REVIEW_CREATED, analysis.owner_id, about, lambda: _review_data(review))


def record_video(video: Video) -> None:
    """Create the deliveries of a finished video, in the same transaction."""
    event = Event.VIDEO_DONE if video.status == Status.DONE else Event.VIDEO_FAILED
    about = {"video_id": video.pk, "subject": video.pk}
    _record(event, video.owner_id, about, lambda: _video_data(video))


def _about(analysis: Analysis, subject: UUID) -> dict[str, Any]:
    return {"photo_id": analysis.photo_id, "subject": subject}


def _record(
    event: Event, owner_id: UUID, about: dict[str, Any], data: Callable[[], dict[str, Any]]
) -> None:
    """Create a delivery for each endpoint that listens; `about` are fields that say of what."""
    if not _has_any(owner_id):
        return
    endpoints = WebhookEndpoint.objects.filter(owner=owner_id, disabled_at=None)
    listening = [endpoint for endpoint in endpoints if event.value in endpoint.events]
    if not listening:
        return
    now = clock.now()
    told = {**about, "event": event, "payload": _payload(event, now, data())}
    WebhookDelivery.objects.bulk_create(
        _delivery(endpoint, told, now=now) for endpoint in listening
    )


def _has_any(owner_id: UUID) -> bool:
    """Return whether an owner has webhooks. Written out, since each photo asks for it."""
    key = User._meta.pk.get_db_prep_value(owner_id, connection)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM detector_webhookendpoint WHERE owner_id = %s LIMIT 1", [key])
        return cursor.fetchone() is not None


def waiting_of(subject: UUID) -> list[UUID]:
    """Return the ids of due deliveries about an analysis, review or video."""
    waiting = WebhookDelivery.objects.filter(
        subject=subject,
        photo__deleted_at=None,
        video__deleted_at=None,
        status=DeliveryStatus.WAITING,
        due_at__lte=clock.now(),
    )
    return list(waiting.values_list("pk", flat=True))


def send_again(delivery: WebhookDelivery) -> WebhookDelivery:
    """Create a new delivery with the same payload."""
    names = ("photo_id", "video_id", "event", "subject", "payload")
    told = {name: getattr(delivery, name) for name in names}
    copy = _delivery(delivery.endpoint, told, now=clock.now())
    copy.save(force_insert=True)
    return copy


def _delivery(endpoint: WebhookEndpoint, told: dict[str, Any], *, now: datetime) -> WebhookDelivery:
    """Return a new delivery, due at once, with the fields of the event in `told`."""
    return WebhookDelivery(endpoint=endpoint, created_at=now, due_at=now, **told)


def _check_url(url: str) -> None:
    try:
        outbound.check(url)
    except (outbound.RefusedError, outbound.FailedError) as error:
        raise DetectorError("url_refused", str(error), details={"url": url}) from error


def _payload(event: Event, moment: datetime, data: dict[str, Any]) -> str:
    content = {"type": event.value, "timestamp": utc_text(moment), "data": data}
    return json.dumps(content, separators=(",", ":"))


def _address(analysis_id: UUID) -> str:
    """Return the URL of an analysis in the API. There is no request to take the host from."""
    return f"{settings.SITE_URL}/api/v1/analyses/{analysis_id}/"


def _analysis_data(analysis: Analysis, faces: Collection[Face]) -> dict[str, Any]:
    """Return the payload's data of an analysis; the photo itself is never sent."""
    dominant = Analysis.dominant_of(faces)
    error = {"code": analysis.error_code, "message": analysis.error_message}
    return {
        "id": str(analysis.pk),
        "status": analysis.status,
        "url": _address(analysis.pk),
        "face_count": len(faces) if analysis.status == Status.DONE else None,
        "dominant_emotion": dominant.counted_as if dominant else None,
        "error": error if analysis.error_code else None,
    }


def _video_data(video: Video) -> dict[str, Any]:
    """Return the payload's data of a video; no picture of it is ever sent."""
    is_done = video.status == Status.DONE
    error = {"code": video.error_code, "message": video.error_message}
    return {
        "id": str(video.pk),
        "status": video.status,
        "url": f"{settings.SITE_URL}/api/v1/videos/{video.pk}/",
        "duration": video.duration,
        "track_count": video.tracks.count() if is_done else None,
        "error": error if video.error_code else None,
    }


def _review_data(review: Review) -> dict[str, Any]:
    """Return the payload's data of a verdict, without the reviewer."""
    face = review.face
    face.refresh_from_db(fields=["reviewed_emotion"])
    return {
        "id": str(review.pk),
        "kind": review.kind,
        "verdict": review.verdict,
        "analysis": str(face.analysis_id),
        "url": _address(face.analysis_id),
        "face_index": face.index,
        "reviewed_emotion": face.reviewed_emotion or None,
    }
