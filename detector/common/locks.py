"""Rows that are held while several are changed together.

Everyone locks photos, the newest first, before their owner, and both before anything is counted:
so nobody waits for someone who waits for him.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from detector.models import Analysis, ApiToken, Photo, User, WebhookEndpoint


def photos_held(owner: User, photo_ids: Iterable[UUID]) -> QuerySet[Photo]:
    """An owner's photos among these ids, the bin's too, held until the transaction ends."""
    held = Photo.objects.select_for_update(of=("self",)).order_by("-id")
    return held.filter(owner=owner, pk__in=list(photo_ids))


def owner_held(owner_id: UUID) -> User:
    """An owner as of now, held until the transaction ends; after their photos."""
    return User.objects.select_for_update(no_key=True).get(pk=owner_id)


def hold_analysis(analysis: Analysis) -> None:
    """Let nobody change an analysis or write on its photo until the transaction ends."""
    list(photos_held(analysis.owner, [analysis.photo_id]))
    _hold(Analysis.objects.filter(pk=analysis.pk))


def hold_token(token: ApiToken) -> None:
    """Let nobody revoke a token until the transaction ends."""
    _hold(ApiToken.objects.filter(pk=token.pk))


def hold_webhook(endpoint: WebhookEndpoint) -> None:
    """Let nobody change or delete a webhook until the transaction ends."""
    _hold(WebhookEndpoint.objects.filter(pk=endpoint.pk))


def _hold(rows: QuerySet[Any]) -> None:
    list(rows.select_for_update(of=("self",)).values_list("pk"))
