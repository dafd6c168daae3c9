"""The one error that the platform reports to people and programs."""

from typing import Any


class DetectorError(Exception):
    """Something that can be told to a user.

    `code` is stable and for programs, `message` a sentence for people. A `permanent` error
    repeats itself on every attempt; any other may pass, so the work is tried again.
    """

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


NAME_TOO_LONG = DetectorError(
    "name_too_long", "The name of a file is too long. Give it one of at most 255 characters."
)


def unreadable_form(reason: str) -> DetectorError | None:
    """What Django's parser of uploads could not read, for people; None where nobody can say.

    Of a part's headers only the file's name can be so long that they do not fit.
    """
    return NAME_TOO_LONG if "header size" in reason else None
