"""How often the API may be called with tokens that are wrong, or with none.

Failures alone count, by address and by the part of a token by which it is looked up. Where either
limit is reached, the answer is 429 before the database is asked. A token that was made or used in
the last thirty days is asked about all the same: neither who shares its address nor who knows its
first characters can lock it out.
"""

import hashlib
from typing import Any

from knox.settings import CONSTANTS
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from detector.api.throttles import address_of
from detector.services import tokens


class FailureThrottle(SimpleRateThrottle):
    """Counts failures of one address, or of one beginning of tokens."""

    scope = "failed"

    def __init__(self, ident: str) -> None:
        super().__init__()
        self.calls, self.seconds = self.parse_rate(self.rate)
        self.key = self.cache_format % {"scope": self.scope, "ident": ident}
        self.now = self.timer()
        self.history: list[float] = []

    def get_rate(self) -> str | None:
        """As the settings say; without a word there is no limit."""
        rate: str | None = self.THROTTLE_RATES.get(self.scope)
        return rate

    def is_reached(self) -> bool:
        """Whether no failure more is allowed."""
        if self.calls is None or self.seconds is None:
            return False
        since = self.now - self.seconds
        self.history = [moment for moment in self.cache.get(self.key, []) if moment > since]
        return len(self.history) >= self.calls

    def count(self) -> None:
        """Write down one failure."""
        if not self.is_reached():
            self.throttle_success()


def check(request: Request, token: str = "") -> None:
    """Raise Throttled where too many failures came before this call."""
    if token and tokens.is_remembered(token):
        return
    for throttle in _throttles(request, token):
        if throttle.is_reached():
            _tell(request, [throttle])
            raise Throttled(wait=throttle.wait())


def count(request: Request, token: str = "") -> None:
    """Write down that a call had no right token."""
    throttles = _throttles(request, token)
    for throttle in throttles:
        throttle.count()
    _tell(request, throttles)
    if token:
        tokens.forget(token)


def counted(request: Request) -> list[FailureThrottle]:
    """Return what this call was counted by, or refused."""
    found: list[FailureThrottle] = getattr(request, "failure_throttles", [])
    return found


def _tell(request: Any, throttles: list[FailureThrottle]) -> None:
    request.failure_throttles = throttles


def _throttles(request: Request, token: str) -> list[FailureThrottle]:
    idents = [address_of(request)]
    if token:
        beginning: str = token[: CONSTANTS.TOKEN_KEY_LENGTH]
        idents.append(hashlib.sha256(beginning.encode()).hexdigest())
    return [FailureThrottle(ident) for ident in idents]
