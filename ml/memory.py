"""Gives memory that was freed back to the system, after photos that took much of it."""

import ctypes
from typing import Final

LARGE_PIXELS: Final = 4_000_000
"""A larger photo is worth it. To fetch the memory again costs some hundredths of a second."""

_libc: Final = ctypes.CDLL(None)
_trim: Final = getattr(_libc, "malloc_trim", None)
"""Only glibc has it, and only glibc keeps what was freed up to twice the largest block."""


def give_back(pixels: int) -> None:
    """Return unused memory to the system after a photo of so many pixels, if it was large.

    Otherwise every worker would keep what the largest photo of its life needed.
    """
    if _trim is not None and pixels > LARGE_PIXELS:
        _trim(0)
