"""Tell of log lines to which request and which analysis they belong.

The ids belong to the thread: a web thread has those of its present request, a worker those of its
present task. A message to a worker carries the id of the request that it follows from.
"""

import logging
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final
from uuid import UUID

HEADER: Final = "X-Request-ID"
WELL_FORMED: Final = re.compile("[A-Za-z0-9._-]{8,128}")

_request: Final = ContextVar("request", default="")
_analysis: Final = ContextVar("analysis", default="")
_named: Final = ContextVar("named", default="")
"""The row that the message of the present task names."""


def request_id() -> str:
    """Return the id of the present request; empty outside of requests and what they ask for."""
    return _request.get()


def chosen(sent: str) -> str:
    """Return the id that a caller sent, if it is well-formed, else a new one."""
    return sent if WELL_FORMED.fullmatch(sent) else secrets.token_hex(16)


def begin_request(sent: str) -> str:
    """Begin a request. Return its id."""
    forget()
    _request.set(chosen(sent))
    return request_id()


def begin_task(request: str, named: str) -> None:
    """Begin a task that a message asks for: of which request, and of which row."""
    forget()
    _request.set(request if WELL_FORMED.fullmatch(request) else "")
    _named.set(named)


def forget(**_: object) -> None:
    """End the request or the task; a receiver of signals."""
    for variable in (_request, _analysis, _named):
        variable.set("")


@contextmanager
def analysis(pk: UUID) -> Iterator[None]:
    """Name this analysis in the log lines of the block.

    The message may have named another one, whose request is not the one of this.
    """
    is_asked_for = _named.get() in ("", str(pk))
    tokens = (_analysis.set(str(pk)), _request.set(_request.get() if is_asked_for else ""))
    try:
        yield
    finally:
        _analysis.reset(tokens[0])
        _request.reset(tokens[1])


def error_body(error: dict[str, Any]) -> dict[str, Any]:
    """Return the envelope of an error, with the id of the request."""
    return {"error": {**error, "request_id": request_id()}}


class AddIds(logging.Filter):
    """Add `request_id` and `analysis_id` to log records, and `ids` for lines of text."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True: every record is logged."""
        found = {"request_id": _request.get(), "analysis_id": _analysis.get()}
        known = {name: value for name, value in found.items() if value}
        record.__dict__.update(known)
        record.ids = "".join(f" {name}={value}" for name, value in known.items())
        return True
