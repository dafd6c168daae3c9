"""How often the API may be called with tokens that are wrong, or with none.

Failures alone count, by address and by the part of a token by which it is looked up. Where either
limit is reached, the answer is 429 before the database is asked. A token that was right within the
last day is asked about all the same: neither who shares its address nor who knows its first
characters can lock it out.
"""

import hashlib
from typing import Any

from django.core.cache import cache
from knox.settings import CONSTANTS
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from detector.api.throttles import address_of

KNOWN_SECONDS = 24 * 3600


class FailureThrottle(SimpleRateThrottle):
    """Counts failures of one address, or of one beginning of tokens."""

    scope = "failed"

    def __init__(self, ident: str) -> None:
        super().__init__()
        self.key = self.cache_format % {"scope": self.scope, "ident": ident}
        self.now = self.timer()
        self.history: list[float] = []

    def get_rate(self) -> str | None:
        """As the settings say; without a word there is no limit."""
        rate: str | None = self.THROTTLE_RATES.get(self.scope)
        return rate

    def is_reached(self) -> bool:
        """Whether no failure more is allowed."""
        if self.num_requests is None or self.duration is None:
            return False
        since = self.now - self.duration
        self.history = [moment for moment in self.cache.get(self.key, []) if moment > since]
        return len(self.history) >= self.num_requests

    def count(self) -> None:
        """Write down one failure."""
        if not self.is_reached():
            self.throttle_success()


def check(request: Request, token: str = "") -> None:
    """Raise Throttled where too many failures came before this call."""
    if token and cache.get(_known(token)):
        return
    for throttle in _throttles(request, token):
        if throttle.is_reached():
            request.failure_throttles = [throttle]
            raise Throttled(wait=throttle.wait())


def count(request: Request, token: str = "") -> None:
    """Write down that a call had no right token."""
    throttles = _throttles(request, token)
    for throttle in throttles:
        throttle.count()
    request.failure_throttles = throttles
    if token:
        cache.delete(_known(token))


def remember(token: str) -> None:
    """Keep in mind that a token is right; what is kept tells nobody which one it was."""
    cache.set(_known(token), True, KNOWN_SECONDS)


def _throttles(request: Request, token: str) -> list[FailureThrottle]:
    idents = [address_of(request)]
    if token:
        beginning: Any = token[: CONSTANTS.TOKEN_KEY_LENGTH]
        idents.append(_digest(beginning))
    return [FailureThrottle(ident) for ident in idents]


def _known(token: str) -> str:
    return f"token_known_{_digest(token)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
