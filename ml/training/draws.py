"""The random numbers behind a batch: drawn by NumPy, spent where the images are.

A generator of Keras' own would give other numbers on every backend, and a resumed run others than
an uninterrupted one.
"""

from typing import Any, Final

from keras import ops

COUNT: Final = 40
"""Uniform numbers for each image; more than all changes together spend."""


class Draws:
    """The numbers of each image of a batch, (N, `COUNT`), spent one column after the other."""

    def __init__(self, uniform: Any) -> None:
        self.columns = iter(ops.unstack(uniform, axis=1))

    def between(self, low: float, high: float) -> Any:
        """Return (N,) numbers of [low, high)."""
        return low + (high - low) * next(self.columns)

    def within(self, reach: float) -> Any:
        """Return (N,) numbers of [-reach, reach)."""
        return self.between(-reach, reach)

    def chosen(self, probability: float) -> Any:
        """Return (N,) truth values, each true with this probability."""
        return next(self.columns) < probability
