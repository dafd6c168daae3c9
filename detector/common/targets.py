"""Where a request may go: an address that somebody gave us, taken apart and checked.

Schemes are http and https. Ports are 80, 443 and those that `WEBHOOK_ALLOWED_PORTS` names. Every
network address of the host must be public. `WEBHOOK_ALLOWED_HOSTS` names hosts of ours that are
exempt: `host` on any port, `host:port` on that one.
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
# What a URL may hold unquoted, besides letters and digits: RFC 3986, and what is quoted already.
UNQUOTED = "!#$%&'()*+,/:;=?@[]~"
HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?")


class RefusedError(Exception):
    """The address is one that we do not talk to."""


class FailedError(Exception):
    """No answer came."""


@dataclass(frozen=True)
class Target:
    """An address taken apart; `host` is a name in ASCII, or digits."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def netloc(self) -> str:
        """Host and port as a URL has them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The address anew: whoever parses it can only understand what was checked."""
        return f"{self.scheme}://{self.netloc}{self.path}"

    @property
    def is_ours(self) -> bool:
        """Whether the settings exempt it from the checks."""
        named = {entry.strip().lower() for entry in settings.WEBHOOK_ALLOWED_HOSTS}
        bare = f"[{self.host}]" if ":" in self.host else self.host
        return bool(named & {self.host, bare, self.netloc})


def parse(url: str) -> Target:
    """Take an address apart. Raises RefusedError where we do not talk to such."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _plain_host(parts.hostname or "")
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
    if not target.is_ours and target.port not in _ports():
        allowed = ", ".join(str(number) for number in sorted(_ports()))
        raise RefusedError(f"The port must be one of {allowed}.")
    return target


def resolve(target: Target, seconds: float) -> list[str]:
    """Return the network addresses of a target after all of them were checked.

    Raises RefusedError where one is not public, FailedError where there is none or the answer
    takes longer than `seconds`.
    """
    found = _look_up(target, seconds)
    if not target.is_ours and not all(map(is_public, found)):
        raise RefusedError("The address is not a public one.")
    return found


def _ports() -> set[int]:
    return {*USUAL_PORTS.values(), *settings.WEBHOOK_ALLOWED_PORTS}


def _plain_host(host: str) -> str:
    """Return the host as the name system has it. Raises ValueError for what cannot be one."""
    if ":" in host:
        address = ipaddress.IPv6Address(host)
        if address.scope_id is not None:
            raise ValueError("a zone is of one machine alone")
        return str(address)
    name = host.encode("idna").decode("ascii").lower().removesuffix(".") if host else ""
    if name and not HOST_NAME.fullmatch(name):
        raise ValueError("not a host name")
    return name


def _look_up(target: Target, seconds: float) -> list[str]:
    """Ask the name system, in a thread that is left behind where it does not answer in time."""
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
