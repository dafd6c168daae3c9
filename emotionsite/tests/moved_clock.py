"""A clock for tests."""


class Clock:
    """Python's `time`, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now
