"""Rate limit of API calls with a wrong token or without one.

Only failures are counted: by address, and by the first characters of a token (its lookup key).
When either limit is reached, the answer is 429, and the database is not queried. A token that was
made or used in the last thirty days is exempt: neither others at its address nor someone who knows
its first characters can lock it out.
"""

import hashlib
from typing import Any

from knox.settings import CONSTANTS
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from detector.accounts import tokens
from detector.api.throttles import address_of


class FailureThrottle(SimpleRateThrottle):
    """Counts the failures of one address, or of one lookup key, in fixed windows of time.

    Concurrent failures are all counted if the cache increments atomically, as Redis does. Django's
    file-based cache does not, so some may be lost there. It also keeps an incremented value for
    five minutes only, so windows should be shorter.
    """

    scope = "failed"

    def __init__(self, ident: str) -> None:
        super().__init__()
        self.calls, self.seconds = self.parse_rate(self.rate)
        self.now = self.timer()
        self.began = self.now - self.now % (self.seconds or 1)
        key = self.cache_format % {"scope": self.scope, "ident": ident}
        self.key = f"{key}_{self.began:.0f}"
        self.history: list[float] = []

    def get_rate(self) -> str | None:
        """Return the rate from the settings; None means no limit."""
        rate: str | None = self.THROTTLE_RATES.get(self.scope)
        return rate

    def is_reached(self) -> bool:
        """Return whether the limit is reached; False while the cache is away."""
        if self.calls is None:
            return False
        self._remember(self.cache.get(self.key, 0))
        return len(self.history) >= self.calls

    def count(self) -> None:
        """Count one failure."""
        if self.calls is None:
            return
        self.cache.add(self.key, 0, self.seconds)
        try:
            # None while the cache is away.
            failures = self.cache.incr(self.key) or 1
        except ValueError:
            # A full cache evicted the key in between.
            failures = 1
        self._remember(failures)

    def _remember(self, failures: int) -> None:
        """Fill `history`, from which throttles compute the calls left and the time to wait."""
        self.history = [self.began] * min(failures, self.calls or 0)


def check(request: Request, token: str = "") -> None:
    """Raise Throttled if there were too many failures before this call."""
    if token and tokens.is_remembered(token):
        return
    for throttle in _throttles(request, token):
        if throttle.is_reached():
            _attach(request, [throttle])
            raise Throttled(wait=throttle.wait())


def count(request: Request, token: str = "") -> None:
    """Count a call that had no valid token."""
    throttles = _throttles(request, token)
    for throttle in throttles:
        throttle.count()
    _attach(request, throttles)
    if token:
        tokens.forget(token)


def counted(request: Request) -> list[FailureThrottle]:
    """Return the throttles that counted or refused this call."""
    found: list[FailureThrottle] = getattr(request, "failure_throttles", [])
    return found


def _attach(request: Any, throttles: list[FailureThrottle]) -> None:
    request.failure_throttles = throttles


def _throttles(request: Request, token: str) -> list[FailureThrottle]:
    idents = [address_of(request)]
    if token:
        lookup_key: str = token[: CONSTANTS.TOKEN_KEY_LENGTH]
        idents.append(hashlib.sha256(lookup_key.encode()).hexdigest())
    return [FailureThrottle(ident) for ident in idents]
