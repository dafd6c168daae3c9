"""Sends responses as waitress does; errors of the server itself have the API's envelope."""

import json
from typing import Any, Final

from waitress.task import ErrorTask, WSGITask

from detector.api.codes import PROBLEMS
from detector.common import trace

_CODES: Final = {400: "bad_request", 431: "headers_too_large", 501: "not_implemented"}


class Answer(WSGITask):
    """A response of the application."""

    chunked_response: bool

    def build_response_header(self) -> bytes:
        """Add `Connection: close` where the connection cannot be reused."""
        if self.request.unread or self.channel.server.stopping:
            super().set_close_on_finish()
        return bytes(super().build_response_header())

    def set_close_on_finish(self) -> None:
        """Keep the connection open where the end of the response is marked otherwise.

        Waitress closes after every response without a length, also after those without a body.
        """
        asked = self.request.headers.get("CONNECTION", "").lower() == "close"
        if self.wrote_header or self.version == "1.0" or asked:
            super().set_close_on_finish()

    def get_environment(self) -> dict[str, Any]:
        """Take waitress' file wrapper away from HEAD, so that the application reads the file."""
        environ: dict[str, Any] = super().get_environment()
        if self.request.command == "HEAD":
            environ.pop("wsgi.file_wrapper", None)
        return environ

    def execute(self) -> None:
        """Log an OSError of the application, which waitress takes for a lost connection."""
        try:
            super().execute()
        except OSError:
            self.logger.exception("Exception while serving %s", self.request.path)
            raise

    def write(self, data: bytes) -> None:
        """Write data; for HEAD the headers alone."""
        super().write(b"" if self.request.command == "HEAD" else data)

    def finish(self) -> None:
        """Mark the end of the response."""
        if not self.wrote_header:
            self.write(b"")
        self.chunked_response = self.chunked_response and self.request.command != "HEAD"
        super().finish()


class Refused(ErrorTask):
    """An error response of the server itself."""

    def execute(self) -> None:
        """Send the error envelope, for any URL."""
        cause = self.request.error
        code = getattr(cause, "code", 500)
        code = code if isinstance(code, str) else _CODES.get(code, "internal_error")
        problem = PROBLEMS[code]
        details = {"reason": cause.body} if cause.body and code == "bad_request" else {}
        known = trace.begin_request(self.request.headers.get("X_REQUEST_ID", ""))
        error = {"code": code, "message": problem.meaning, "details": details}
        body = json.dumps(trace.error_body(error)).encode()
        trace.forget()
        self.version = "1.1"
        self.status = f"{problem.status.value} {problem.status.phrase}"
        self.response_headers += [("Content-Type", "application/json"), (trace.HEADER, known)]
        if code == "busy":
            self.response_headers += [("Retry-After", "5")]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)
