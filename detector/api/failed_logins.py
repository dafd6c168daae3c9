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

from detector.accounts import tokens
from detector.api.throttles import address_of


class FailureThrottle(SimpleRateThrottle):
    """Counts failures of one address, or of one beginning of tokens, anew in each window of time.

    Calls that come at the same time are all counted where the cache adds by itself, as Redis does.
    Django's cache in files reads and writes: of failures at the very same moment some may be lost
    there. It also keeps what was added to for five minutes only, so windows should be shorter.
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
        """As the settings say; without a word there is no limit."""
        rate: str | None = self.THROTTLE_RATES.get(self.scope)
        return rate

    def is_reached(self) -> bool:
        """Whether no failure more is allowed; never where the cache is away."""
        if self.calls is None:
            return False
        self._remember(self.cache.get(self.key, 0))
        return len(self.history) >= self.calls

    def count(self) -> None:
        """Write down one failure."""
        if self.calls is None:
            return
        self.cache.add(self.key, 0, self.seconds)
        try:
            # Nothing where the cache is away.
            failures = self.cache.incr(self.key) or 1
        except ValueError:
            # Thrown out of a full cache since then.
            failures = 1
        self._remember(failures)

    def _remember(self, failures: int) -> None:
        """Keep it as throttles do, who tell from it what is left and how long to wait."""
        self.history = [self.began] * min(failures, self.calls or 0)


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
