"""Sends answers as waitress does; those of the server itself are the API's envelope."""

import json
from typing import Any, Final

from waitress.task import ErrorTask, WSGITask

from detector.api.codes import PROBLEMS

_CODES: Final = {400: "bad_request", 431: "headers_too_large", 501: "not_implemented"}


class Answer(WSGITask):
    """What the application answers."""

    chunked_response: bool

    def build_response_header(self) -> bytes:
        """Say so where the connection cannot be used again."""
        if self.request.unread or self.channel.server.stopping:
            super().set_close_on_finish()
        return bytes(super().build_response_header())

    def set_close_on_finish(self) -> None:
        """Keep the connection where the end of the answer shows without closing it.

        Waitress closes after every answer without a length, those without a body among them.
        """
        asked = self.request.headers.get("CONNECTION", "").lower() == "close"
        if self.wrote_header or self.version == "1.0" or asked:
            super().set_close_on_finish()

    def get_environment(self) -> dict[str, Any]:
        """Have a file read by the application where its content is not sent anyway."""
        environ: dict[str, Any] = super().get_environment()
        if self.request.command == "HEAD":
            environ.pop("wsgi.file_wrapper", None)
        return environ

    def execute(self) -> None:
        """Log what fails while an answer is made; waitress takes it for a lost connection."""
        try:
            super().execute()
        except OSError:
            self.logger.exception("Exception while serving %s", self.request.path)
            raise

    def write(self, data: bytes) -> None:
        """Send the headers alone where only they were asked for."""
        super().write(b"" if self.request.command == "HEAD" else data)

    def finish(self) -> None:
        """Mark the end."""
        if not self.wrote_header:
            self.write(b"")
        self.chunked_response = self.chunked_response and self.request.command != "HEAD"
        super().finish()


class Refused(ErrorTask):
    """What the server answers by itself."""

    def execute(self) -> None:
        """Send the envelope, whatever the address."""
        error = self.request.error
        code = getattr(error, "code", 500)
        code = code if isinstance(code, str) else _CODES.get(code, "internal_error")
        problem = PROBLEMS[code]
        details = {"reason": error.body} if error.body and code == "bad_request" else {}
        envelope = {"error": {"code": code, "message": problem.meaning, "details": details}}
        body = json.dumps(envelope).encode()
        self.version = "1.1"
        self.status = f"{problem.status.value} {problem.status.phrase}"
        self.response_headers += [("Content-Type", "application/json")]
        if code == "busy":
            self.response_headers += [("Retry-After", "5")]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)
