"""Requests to addresses that somebody gave us: never into our own network.

The name is resolved once, all its addresses are checked, and the connection goes to a checked one:
a name that resolves to something else a moment later gains nothing. Redirects are not followed.
"""

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

CONNECT_SECONDS = 3
TOTAL_SECONDS = 10
ANSWER_BYTES = 2000


class RefusedError(Exception):
    """The address is one that we do not talk to."""


class FailedError(Exception):
    """No answer came."""


@dataclass(frozen=True)
class Reply:
    """What the other side answered, the beginning of its body alone."""

    status: int
    body: str


def check(url: str) -> None:
    """Raises RefusedError where an address is not a public one, FailedError where it has none."""
    _resolved(_split(url))


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    """Send a body and read the beginning of the answer.

    Raises RefusedError or FailedError; a reply of any status is a reply.
    """
    parts = _split(url)
    address = _resolved(parts)
    connection = _Connection(parts, address)
    end = time.monotonic() + TOTAL_SECONDS
    try:
        connection.request("POST", _target(parts), body=body, headers=dict(headers))
        response = connection.getresponse()
        return Reply(response.status, _beginning(response, end))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise FailedError(str(error) or type(error).__name__) from error
    finally:
        connection.close()


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RefusedError("This is not an address.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise RefusedError("The address must begin with https:// or http:// and name a host.")
    if parts.username or parts.password:
        raise RefusedError("The address must not hold a user or a password.")
    return parts


def _resolved(parts: SplitResult) -> str:
    """An address of the host, after all of them were checked."""
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, _port(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FailedError(f"The name {host} has no address.") from error
    addresses = [str(entry[4][0]) for entry in found]
    if host not in settings.WEBHOOK_ALLOWED_HOSTS and not all(map(_is_public, addresses)):
        raise RefusedError("The address is not a public one.")
    return addresses[0]


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    # An IPv4 address may hide in an IPv6 one in several ways.
    if isinstance(found, ipaddress.IPv6Address):
        hidden = [found.ipv4_mapped, found.sixtofour, *(found.teredo or ())]
        if any(inner and not inner.is_global for inner in hidden):
            return False
        if found in ipaddress.ip_network("64:ff9b::/96"):
            return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF).is_global
    return found.is_global and not found.is_multicast


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


class _Connection(http.client.HTTPConnection):
    """A connection to an address, in the name of a host."""

    def __init__(self, parts: SplitResult, address: str) -> None:
        super().__init__(parts.hostname or "", _port(parts), timeout=CONNECT_SECONDS)
        self.address = address
        self.is_secure = parts.scheme == "https"
        if self.is_secure:
            self.default_port = 443

    def connect(self) -> None:
        """Not to what the name resolves to now, but to what was checked."""
        self.sock = socket.create_connection((self.address, self.port), CONNECT_SECONDS)
        if self.is_secure:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
        self.sock.settimeout(TOTAL_SECONDS)


def _beginning(response: http.client.HTTPResponse, end: float) -> str:
    """Piece by piece: who sends a byte a second does not hold us for ever."""
    content = b""
    while len(content) < ANSWER_BYTES and time.monotonic() < end:
        piece = response.read1(ANSWER_BYTES - len(content))
        if not piece:
            break
        content += piece
    return content.decode(errors="replace").replace("\0", "")
