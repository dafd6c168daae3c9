"""Parse and check the URLs that requests may go to.

Allowed are http and https on ports 80, 443 and `WEBHOOK_ALLOWED_PORTS`, and hosts whose IP
addresses are all public. Hosts in `WEBHOOK_ALLOWED_HOSTS` are exempt from the checks of port and
address: `host` on every port, `host:port` on that port.
"""

import ipaddress
import queue
import re
import socket
import threading
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from django.conf import settings

from detector.common.public_addresses import is_public

USUAL_PORTS = {"http": 80, "https": 443}
# Characters that stay unquoted besides letters and digits: RFC 3986, and % of quoted ones.
UNQUOTED = "!#$%&'()*+,/:;=?@[]~"
HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?")


class RefusedError(Exception):
    """The URL is not allowed."""


class FailedError(Exception):
    """No response was received."""


@dataclass(frozen=True)
class Target:
    """A parsed URL; `host` is a name in ASCII or a literal IP address."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def netloc(self) -> str:
        """Host and port as in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL rebuilt from the checked parts, so that no other parser reads it differently."""
        return f"{self.scheme}://{self.netloc}{self.path}"

    @property
    def is_exempt(self) -> bool:
        """Whether `WEBHOOK_ALLOWED_HOSTS` exempts it from the checks."""
        named = {entry.strip().lower() for entry in settings.WEBHOOK_ALLOWED_HOSTS}
        bare = f"[{self.host}]" if ":" in self.host else self.host
        return bool(named & {self.host, bare, self.netloc})


def parse(url: str) -> Target:
    """Parse a URL. Raises RefusedError where it is not allowed."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _normalised_host(parts.hostname or "")
    except ValueError as error:
        raise RefusedError("This is not an address.") from error
    if parts.scheme not in USUAL_PORTS or not host or port == 0:
        raise RefusedError("The address must begin with https:// or http:// and name a host.")
    if "@" in parts.netloc:
        raise RefusedError("The address must not hold a user or a password.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(
        parts.scheme, host, port or USUAL_PORTS[parts.scheme], quote(path, safe=UNQUOTED)
    )
    if not target.is_exempt and target.port not in _ports():
        allowed = ", ".join(str(number) for number in sorted(_ports()))
        raise RefusedError(f"The port must be one of {allowed}.")
    return target


def resolve(target: Target, seconds: float) -> list[str]:
    """Return the IP addresses of a target, all checked.

    Raises RefusedError where one of them is not public, and FailedError where there is none or
    the lookup takes longer than `seconds`.
    """
    found = _look_up(target, seconds)
    if not target.is_exempt and not all(map(is_public, found)):
        raise RefusedError("The address is not a public one.")
    return found


def _ports() -> set[int]:
    return {*USUAL_PORTS.values(), *settings.WEBHOOK_ALLOWED_PORTS}


def _normalised_host(host: str) -> str:
    """Return the host in lower-case ASCII (IDNA). Raises ValueError where it is not valid."""
    if ":" in host:
        address = ipaddress.IPv6Address(host)
        if address.scope_id is not None:
            raise ValueError("a zone id means something on one machine only")
        return str(address)
    name = host.encode("idna").decode("ascii").lower().removesuffix(".") if host else ""
    if name and not HOST_NAME.fullmatch(name):
        raise ValueError("not a host name")
    return name


def _look_up(target: Target, seconds: float) -> list[str]:
    """Look the host up in a thread, which is abandoned where it does not answer in time."""
    answers: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            answers.put([str(entry[4][0]) for entry in found])
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, name="look up", daemon=True).start()
    try:
        answer = answers.get(timeout=max(seconds, 0))
    except queue.Empty:
        raise FailedError(f"The address of {target.host} could not be found in time.") from None
    if isinstance(answer, Exception) or not answer:
        raise FailedError(f"The name {target.host} has no address.")
    return answer
