"""Keys for programs."""

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone

from detector.common import clock
from detector.common.calendar import utc_text
from detector.enums import Scope
from detector.exceptions import DetectorError
from detector.models import ApiToken, User

DEFAULT_SCOPES = (Scope.READ, Scope.WRITE)
USE_RESOLUTION = timedelta(minutes=1)
"""A program may call often: its last use is written down once in this time."""
REMEMBERED_SECONDS = 30 * 24 * 3600


def create_token(
    owner: User,
    *,
    name: str,
    scopes: Collection[Scope] = DEFAULT_SCOPES,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """A new token and its secret, which is kept nowhere.

    It ends at the latest moment that is allowed, or when it is said. Raises DetectorError `invalid`
    where that is later.
    """
    latest = clock.now() + timedelta(days=settings.API_TOKEN_DAYS)
    if expires_at is not None and expires_at > latest:
        raise DetectorError(
            "invalid",
            "Some values are not valid.",
            details={"fields": {"expires_at": [f"Must not be later than {utc_text(latest)}."]}},
        )
    token, secret = ApiToken.objects.create(owner, name=name, **ApiToken.flags(scopes))
    # knox would count from this host's time.
    token.expiry = expires_at or latest
    token.save(update_fields=["expiry"])
    remember(secret)
    return token, secret


def remember(secret: str) -> None:
    """Keep in mind that a token is right; what is kept tells nobody which one it was."""
    cache.set(_memory_of(secret), True, REMEMBERED_SECONDS)


def is_remembered(secret: str) -> bool:
    """Return whether a token was made or used lately, without asking the database."""
    return bool(cache.get(_memory_of(secret)))


def forget(secret: str) -> None:
    """No longer count a token as right."""
    cache.delete(_memory_of(secret))


def _memory_of(secret: str) -> str:
    return f"token_known_{hashlib.sha256(secret.encode()).hexdigest()}"


def note_use(token: ApiToken) -> bool:
    """Write down that a token was used just now. Returns whether it was not yet known."""
    # Nearly every call ends here, without a question to the database: if this host's clock is
    # wrong, it is asked too often.
    if token.last_used_at and abs(timezone.now() - token.last_used_at) < USE_RESOLUTION:
        return False
    now = clock.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_RESOLUTION)
    if not ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now):
        return False
    token.last_used_at = now
    return True


def revoke_token(token: ApiToken) -> None:
    """Make a token worthless."""
    token.delete()
