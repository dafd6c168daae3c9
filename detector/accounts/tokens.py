"""Create, revoke and track API tokens."""

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from detector.common import clock, locks
from detector.common.calendar import utc_text
from detector.enums import Scope
from detector.exceptions import DetectorError
from detector.models import ApiToken, User

DEFAULT_SCOPES = (Scope.READ, Scope.WRITE)
USE_RESOLUTION = timedelta(minutes=1)
"""The last use of a token is stored at most once in this time, since programs call often."""
EXPIRED_SHOWN = timedelta(days=30)
"""An expired token is listed for this time, so that its owner sees why a program stopped."""
REMEMBERED_SECONDS = 30 * 24 * 3600


def create_token(
    owner: User,
    *,
    name: str,
    scopes: Collection[Scope] = DEFAULT_SCOPES,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Create a token. Return it and its secret, which is not stored.

    It expires at `expires_at`, by default after `API_TOKEN_DAYS`. Raises DetectorError `invalid`
    where `expires_at` is later than that, and `too_many_tokens`.
    """
    latest = clock.now() + timedelta(days=settings.API_TOKEN_DAYS)
    if expires_at is not None and expires_at > latest:
        raise DetectorError(
            "invalid",
            "Some values are not valid.",
            details={"fields": {"expires_at": [f"Must not be later than {utc_text(latest)}."]}},
        )
    with transaction.atomic():
        locks.lock_owner(owner.pk)
        _make_room(owner)
        token, secret = ApiToken.objects.create(owner, name=name, **ApiToken.flags(scopes))
        # knox would use this host's clock.
        token.expiry = expires_at or latest
        token.save(update_fields=["expiry"])
    remember(secret)
    return token, secret


def _make_room(owner: User) -> None:
    """Delete an owner's expired tokens where there are too many. Raises `too_many_tokens`."""
    own = ApiToken.objects.filter(user=owner)
    if own.count() < settings.TOKENS_A_PERSON:
        return
    own.filter(expiry__lte=clock.now()).delete()
    if own.count() >= settings.TOKENS_A_PERSON:
        raise DetectorError(
            "too_many_tokens",
            f"You have {settings.TOKENS_A_PERSON} tokens already. Revoke one that you do not need.",
        )


def forget_expired() -> int:
    """Delete tokens that expired some time ago. Return how many."""
    count: int = ApiToken.objects.filter(expiry__lt=clock.now() - EXPIRED_SHOWN).delete()[0]
    return count


def remember(secret: str) -> None:
    """Cache that a token is valid, under a digest of its secret."""
    cache.set(_cache_key(secret), True, REMEMBERED_SECONDS)


def is_remembered(secret: str) -> bool:
    """Return whether the cache knows a token as valid, without a query."""
    return bool(cache.get(_cache_key(secret)))


def forget(secret: str) -> None:
    """Remove a token from the cache."""
    cache.delete(_cache_key(secret))


def _cache_key(secret: str) -> str:
    return f"token_known_{hashlib.sha256(secret.encode()).hexdigest()}"


def note_use(token: ApiToken) -> bool:
    """Store that a token was used just now. Return whether the row changed."""
    # Nearly every call ends here without a query. A wrong clock of this host only costs queries.
    if token.last_used_at and abs(timezone.now() - token.last_used_at) < USE_RESOLUTION:
        return False
    now = clock.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_RESOLUTION)
    if not ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now):
        return False
    token.last_used_at = now
    return True


def revoke_token(token: ApiToken) -> None:
    """Delete a token."""
    token.delete()
