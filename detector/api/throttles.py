"""Rate limits of the API, and how many calls are left."""

import hashlib
import ipaddress
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import (
    AnonRateThrottle,
    BaseThrottle,
    ScopedRateThrottle,
    SimpleRateThrottle,
    UserRateThrottle,
)

from detector.models import ApiToken

IPV6_PREFIX = 64
"""Prefix length of the network that one customer gets: its addresses count as one."""


class AnonymousThrottle(AnonRateThrottle):
    """Limit by address, for callers who are not logged in."""

    def get_ident(self, request: Request) -> str:
        """Return an IPv4 address, or the network of an IPv6 one."""
        return address_of(request)


class UserThrottle(UserRateThrottle):
    """Limit by user, over all tokens and sessions."""


class TokenThrottle(SimpleRateThrottle):
    """Limit by token, so that one program cannot use up the limit of the others."""

    scope = "token"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        """Return the key of the token; None, which means no limit, without a token."""
        if not isinstance(request.auth, ApiToken):
            return None
        return self.cache_format % {"scope": self.scope, "ident": request.auth.id}


class UploadThrottle(ScopedRateThrottle):
    """Limit by user, for calls that cost more than others."""


@dataclass(frozen=True)
class Allowance:
    """State of a limit: `remaining` calls of `limit` are left, all again after `reset` seconds."""

    limit: int
    remaining: int
    reset: int
    seconds: int

    def headers(self) -> dict[str, str]:
        """Return the headers of the IETF draft on RateLimit header fields."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
            "RateLimit-Policy": f"{self.limit};w={self.seconds}",
        }


def address_of(request: Request) -> str:
    """Return the IPv4 address of the caller, or the network of the IPv6 address.

    Anything else, such as a broken header, becomes a hash.
    """
    said = str(BaseThrottle().get_ident(request))
    try:
        address = ipaddress.ip_address(said.partition("%")[0])
    except ValueError:
        return hashlib.sha256(said.encode()).hexdigest()
    # A server that listens to both sees IPv4 as mapped IPv6: all of it is in one network.
    address = getattr(address, "ipv4_mapped", None) or address
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))


def tightest(throttles: Iterable[BaseThrottle]) -> Allowance | None:
    """Return the limit that will be reached first; None if none counted this call."""
    found = [allowance for throttle in throttles if (allowance := _allowance(throttle))]
    return min(found, key=lambda allowance: allowance.remaining, default=None)


def _allowance(throttle: BaseThrottle) -> Allowance | None:
    history: list[float] | None = getattr(throttle, "history", None)
    if history is None or not isinstance(throttle, SimpleRateThrottle):
        return None
    limit, seconds = throttle.parse_rate(throttle.rate)
    limit, seconds = limit or 0, seconds or 0
    reset = seconds - (throttle.now - history[-1]) if history else seconds
    return Allowance(limit, max(limit - len(history), 0), math.ceil(reset), seconds)


def policy(scope: str) -> dict[str, int]:
    """Return a limit from the settings, as calls in seconds."""
    rates = SimpleRateThrottle.THROTTLE_RATES
    limit, seconds = UserThrottle().parse_rate(rates[scope])
    return {"calls": limit or 0, "seconds": seconds or 0}
