"""The errors that are reported to people and programs."""

from typing import Any, Self


class DetectorError(Exception):
    """An error that is shown to the user.

    `code` is stable and meant for programs, `message` is a sentence for people. A `permanent`
    error will happen again on every attempt. Other errors may pass: retrying after `retry_after`
    seconds may succeed.
    """

    retry_after = 1

    def __init__(
        self,
        code: str,
        message: str,
        *,
        permanent: bool = True,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.permanent = permanent
        self.details = details or {}

    def as_dict(self) -> dict[str, Any]:
        """Return the content of the error envelope."""
        return {"code": self.code, "message": self.message, "details": self.details}

    def with_details(self, **details: Any) -> Self:
        """Return the same error with more details."""
        return type(self)(
            self.code,
            self.message,
            permanent=self.permanent,
            details={**self.details, **details},
        )


class OutageError(DetectorError):
    """The storage or the database is away.

    The photo is not at fault, so work waits until the outage is over, however long that takes.
    """

    retry_after = 5

    def __init__(
        self, code: str, message: str, *, permanent: bool = False, details: Any = None
    ) -> None:
        super().__init__(code, message, permanent=permanent, details=details)


NAME_TOO_LONG = DetectorError(
    "name_too_long", "The name of a file is too long. Give it one of at most 255 characters."
)


def unreadable_form(reason: str) -> DetectorError | None:
    """Return an error that explains why Django could not parse an upload; None where unknown.

    `reason` is the message of Django's exception. The headers of a part are too large only where
    the file name is too long.
    """
    return NAME_TOO_LONG if "header size" in reason else None
