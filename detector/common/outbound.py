"""Requests to addresses that somebody gave us: never into our own network, never for long.

The name is resolved once, all its addresses are checked, and the connection goes to a checked one:
a name that resolves to something else a moment later gains nothing. Redirects are not followed.
One deadline holds for everything: name, connection, TLS, request, headers and body. libcurl keeps
it, since a time limit on a socket begins anew with each byte that comes.
"""

import ipaddress
import os
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pycurl

from detector.common import targets
from detector.common.targets import FailedError, RefusedError, Target

__all__ = ["FailedError", "RefusedError", "Reply", "check", "post"]

CONNECT_SECONDS = 3
TOTAL_SECONDS = 10
CHECK_SECONDS = 5
"""For the name of an address that a person is just entering."""
ANSWER_BYTES = 2000


@dataclass(frozen=True)
class Reply:
    """What the other side answered, the beginning of its body alone."""

    status: int
    body: str


def check(url: str) -> None:
    """Raises RefusedError where an address is not a public one, FailedError where it has none."""
    targets.resolve(targets.parse(url), CHECK_SECONDS)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    """Send a body and read the beginning of the answer.

    Raises RefusedError or FailedError; a reply of any status is a reply, once its headers are
    complete.
    """
    end = time.monotonic() + TOTAL_SECONDS
    target = targets.parse(url)
    addresses = targets.resolve(target, end - time.monotonic())
    answer = _Answer()
    with closing(pycurl.Curl()) as curl, ExitStack() as opened:
        _prepare(curl, target)
        _pin(curl, target, addresses, opened)
        curl.setopt(pycurl.TIMEOUT_MS, max(int((end - time.monotonic()) * 1000), 1))
        curl.setopt(pycurl.HTTPHEADER, ["Expect:", *(f"{k}: {v}" for k, v in headers.items())])
        curl.setopt(pycurl.POSTFIELDS, body)
        curl.setopt(pycurl.HEADERFUNCTION, answer.take_header)
        curl.setopt(pycurl.WRITEFUNCTION, answer.take_body)
        try:
            curl.perform()
        except pycurl.error as error:
            # Enough of the body is enough, and the rest of one that trickles is not missed.
            if not answer.is_complete:
                raise FailedError(_reason(curl, error)) from error
    return Reply(answer.status, answer.body.decode(errors="replace").replace("\0", ""))


class _Answer:
    """What has come so far."""

    def __init__(self) -> None:
        self.status = 0
        self.body = b""
        self.is_complete = False

    def take_header(self, line: bytes) -> None:
        """Read one line of the head; an empty one ends it."""
        if line.startswith(b"HTTP/"):
            self.status = int(line.split()[1])
        # Interim answers (1xx) have a head of their own, before that of the answer.
        elif not line.strip() and self.status >= HTTPStatus.OK:
            self.is_complete = True

    def take_body(self, piece: bytes) -> int:
        """Keep the beginning; a number that is not the piece's length ends the transfer."""
        self.body = (self.body + piece)[:ANSWER_BYTES]
        return len(piece) if len(self.body) < ANSWER_BYTES else 0


def _reason(curl: pycurl.Curl, error: pycurl.error) -> str:
    """Say what went wrong, with the system's word for it where it has one."""
    text = curl.errstr() or str(error)
    number = curl.getinfo(pycurl.OS_ERRNO)
    return f"{text} ({os.strerror(number).lower()})" if number else text


def _prepare(curl: pycurl.Curl, target: Target) -> None:
    curl.setopt(pycurl.URL, target.url)
    curl.setopt(pycurl.PATH_AS_IS, 1)
    curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    curl.setopt(pycurl.FOLLOWLOCATION, 0)
    # Signals belong to the process; variables of its environment name no proxy of ours.
    curl.setopt(pycurl.NOSIGNAL, 1)
    curl.setopt(pycurl.PROXY, "")
    curl.setopt(pycurl.CONNECTTIMEOUT_MS, CONNECT_SECONDS * 1000)
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    curl.setopt(pycurl.SSL_VERIFYPEER, 1)
    curl.setopt(pycurl.SSL_VERIFYHOST, 2)
    # libcurl brings its own OpenSSL; whom to trust is what the system says.
    trusted = ssl.get_default_verify_paths()
    if trusted.cafile:
        curl.setopt(pycurl.CAINFO, trusted.cafile)
    if trusted.capath:
        curl.setopt(pycurl.CAPATH, trusted.capath)


def _pin(curl: pycurl.Curl, target: Target, addresses: list[str], opened: ExitStack) -> None:
    """Connect to what was checked, and to nothing else, whatever the name resolves to now."""
    checked = {ipaddress.ip_address(address) for address in addresses}

    def open_socket(_: int, address: tuple[int, int, int, tuple[str, int]]) -> Any:
        family, kind, protocol, place = address
        if ipaddress.ip_address(place[0]) not in checked or place[1] != target.port:
            return pycurl.SOCKET_BAD
        # libcurl works on a copy of what it is given.
        return opened.enter_context(socket.socket(family, kind, protocol))

    if not _is_literal(target.host):
        curl.setopt(pycurl.RESOLVE, [f"{target.netloc}:{','.join(map(_bracketed, addresses))}"])
    curl.setopt(pycurl.OPENSOCKETFUNCTION, open_socket)


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
