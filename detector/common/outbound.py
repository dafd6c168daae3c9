"""Send HTTP requests to URLs that users entered, never into our own network.

The host name is resolved once, all its addresses are checked, and the connection goes to a checked
address, so DNS rebinding gains nothing. Redirects are not followed. One deadline covers name
lookup, connection, TLS, request, headers and body. libcurl keeps it: a socket timeout would start
again with every byte received.
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
"""For the lookup of a host name that a person has just entered."""
ANSWER_BYTES = 2000


@dataclass(frozen=True)
class Reply:
    """The response: its status and the beginning of its body."""

    status: int
    body: str


def check(url: str) -> None:
    """Raise RefusedError where a URL is not allowed, FailedError where its host is not found."""
    targets.resolve(targets.parse(url), CHECK_SECONDS)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    """Send a POST request. Return the reply with the beginning of its body.

    Raises RefusedError or FailedError. A reply with any status counts, once its headers are
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
            # We end long transfers ourselves; a body that broke off or timed out is not needed.
            if not answer.is_complete:
                raise FailedError(_reason(curl, error)) from error
    return Reply(answer.status, answer.body.decode(errors="replace").replace("\0", ""))


class _Answer:
    """The part of the response received so far."""

    def __init__(self) -> None:
        self.status = 0
        self.body = b""
        self.is_complete = False

    def take_header(self, line: bytes) -> None:
        """Read one header line; an empty line ends the headers."""
        if line.startswith(b"HTTP/"):
            self.status = int(line.split()[1])
        # Interim responses (1xx) have headers of their own before those of the final response.
        elif not line.strip() and self.status >= HTTPStatus.OK:
            self.is_complete = True

    def take_body(self, piece: bytes) -> int:
        """Keep the beginning. Return 0 to end the transfer once there is enough."""
        self.body = (self.body + piece)[:ANSWER_BYTES]
        return len(piece) if len(self.body) < ANSWER_BYTES else 0


def _reason(curl: pycurl.Curl, error: pycurl.error) -> str:
    """Return libcurl's error message, with the operating system's reason where there is one."""
    text = curl.errstr() or str(error)
    number = curl.getinfo(pycurl.OS_ERRNO)
    return f"{text} ({os.strerror(number).lower()})" if number else text


def _prepare(curl: pycurl.Curl, target: Target) -> None:
    curl.setopt(pycurl.URL, target.url)
    curl.setopt(pycurl.PATH_AS_IS, 1)
    curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    curl.setopt(pycurl.FOLLOWLOCATION, 0)
    # No signals in threads, and no proxy from environment variables.
    curl.setopt(pycurl.NOSIGNAL, 1)
    curl.setopt(pycurl.PROXY, "")
    curl.setopt(pycurl.CONNECTTIMEOUT_MS, CONNECT_SECONDS * 1000)
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    curl.setopt(pycurl.SSL_VERIFYPEER, 1)
    curl.setopt(pycurl.SSL_VERIFYHOST, 2)
    # libcurl brings its own OpenSSL; it shall trust the system's certificate authorities.
    trusted = ssl.get_default_verify_paths()
    if trusted.cafile:
        curl.setopt(pycurl.CAINFO, trusted.cafile)
    if trusted.capath:
        curl.setopt(pycurl.CAPATH, trusted.capath)


def _pin(curl: pycurl.Curl, target: Target, addresses: list[str], opened: ExitStack) -> None:
    """Let curl connect only to the checked addresses, whatever the name resolves to now."""
    checked = {ipaddress.ip_address(address) for address in addresses}

    def open_socket(_: int, address: tuple[int, int, int, tuple[str, int]]) -> Any:
        family, kind, protocol, place = address
        if ipaddress.ip_address(place[0]) not in checked or place[1] != target.port:
            return pycurl.SOCKET_BAD
        # libcurl duplicates the socket, so ours is closed with `opened`.
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
