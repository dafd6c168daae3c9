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
