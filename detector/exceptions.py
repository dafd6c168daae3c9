"""The one error that the platform reports to people and programs."""

from typing import Any, Self


class DetectorError(Exception):
    """Something that can be told to a user.

    `code` is stable and for programs, `message` a sentence for people. A `permanent` error
    repeats itself on every attempt; any other may pass, so the work is tried again, by a program
    after `retry_after` seconds.
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
        """The content of the error envelope."""
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
    """Something that all work needs is away: storage or database.

    It says nothing of the photo: work waits until it is back, as long as it takes.
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
    """What Django's parser of uploads could not read, for people; None where nobody can say.

    Of a part's headers only the file's name can be so long that they do not fit.
    """
    return NAME_TOO_LONG if "header size" in reason else None
