"""Reads requests as waitress does, and refuses those that are too long or ambiguous."""

import re
from dataclasses import dataclass
from typing import Any, Final

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import ChunkedReceiver
from waitress.utilities import BadRequest

MAX_LINE: Final = 8190
MAX_HEADER: Final = 64 * 2**10
MAX_CHUNK_LINE: Final = 8 * 2**10
# Bytes per read of a connection. So many may come beyond the largest body before it is refused.
READ_BYTES: Final = 64 * 2**10

_TRANSFER_ENCODING: Final = re.compile(rb"^transfer-encoding:[ \t]*([^\r\n]*)", re.I | re.M)


@dataclass(frozen=True)
class Refusal:
    """Why the server refuses a request; `code` is one of `detector.api.codes`."""

    code: str
    body: str = ""


class Request(HTTPRequestParser):
    """One request while it is read."""

    # Attributes of waitress: the header so far, the receiver of the body, the announced length.
    header_plus: bytes
    body_rcv: Any
    content_length: int
    body_bytes_received: int
    completed: bool
    unread = False
    """Whether the body is too long to be read: the application gets its length only."""

    def received(self, data: bytes) -> int:
        """Consume the bytes that belong to this request. Returns how many."""
        if self.body_rcv is None and not self.completed and self._line_is_too_long(data):
            self.refuse(Refusal("uri_too_long"))
            return len(data)
        consumed = int(super().received(data))
        if self._body_length() > self._largest_body():
            self._leave_unread()
        elif isinstance(self.body_rcv, ChunkedReceiver):
            # Waitress also counts the framing, and limits neither a chunk's line nor the trailer.
            self.body_bytes_received = len(self.body_rcv)
            if max(len(self.body_rcv.control_line), len(self.body_rcv.trailer)) > MAX_CHUNK_LINE:
                self.refuse(BadRequest("A chunk's line or the trailer is too long"))
        if self.completed:
            # Else waitress would send `100 Continue` and drop the refusal.
            self.expect_continue = False
        return consumed

    def refuse(self, error: Any) -> None:
        """End the request with an error of the server."""
        self.error = error
        self.completed = True

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the header. Refuses what servers could parse differently (RFC 9112, 6.1, 3.2)."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError("The address or a number cannot be read") from error
        codings = _TRANSFER_ENCODING.findall(header_plus)
        if self.version not in ("1.0", "1.1"):
            raise ParsingError("HTTP version is not supported")
        if codings and not self.chunked:
            raise ParsingError("Transfer-Encoding needs HTTP/1.1")
        if codings and [coding.strip().lower() for coding in codings] != [b"chunked"]:
            raise ParsingError("Transfer-Encoding is not understood")
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Content-Length and Transfer-Encoding exclude each other")
        if self.version == "1.1" and "HOST" not in self.headers:
            raise ParsingError("Host is missing")

    @property
    def has_begun(self) -> bool:
        """Whether it has sent more than leading empty lines, which are ignored."""
        return self.headers_finished or bool(self.header_plus.strip())

    def _body_length(self) -> int:
        return max(self.content_length, len(self.body_rcv) if self.body_rcv else 0)

    def _largest_body(self) -> int:
        """Return the length of the largest body that this address accepts."""
        path = getattr(self, "path", "")
        return int(self.adj.larger_bodies.get(path, self.adj.largest_body))

    def _line_is_too_long(self, data: bytes) -> bool:
        start = (self.header_plus[: MAX_LINE + 1] + data[: MAX_LINE + 1]).lstrip()
        end = start.find(b"\r\n")
        return (len(start) if end < 0 else end) > MAX_LINE

    def _leave_unread(self) -> None:
        self.headers["CONTENT_LENGTH"] = str(self._body_length())
        self.close()
        self.body_rcv, self.error = None, None
        self.unread = self.completed = True
