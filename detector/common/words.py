"""Text that people type, names that their devices give to files, and shares in words."""

import re
import unicodedata
from typing import Final

_JOINERS: Final = "\u200c\u200d"
"""Zero-width non-joiner and joiner. Persian, Indic scripts and many emoji are written with them."""
_STRAY: Final = re.compile(f"(?<![^\\x00-\\x7f])[{_JOINERS}]+|[{_JOINERS}]+(?![^\\x00-\\x7f])")
"""Joiners beside an end, a space or a letter of English: they would only hide a difference."""


def composed(text: str) -> str:
    """Return text with composed characters (NFC), as keyboards give them.

    Names of files from a Mac are decomposed (NFD): they look the same, but no search finds them.
    """
    return unicodedata.normalize("NFC", text)


def printable(text: str, otherwise: str = "") -> str:
    """Return composed text in which `otherwise` replaces each character that cannot be printed."""
    kept = (c if c.isprintable() or c in _JOINERS else otherwise for c in composed(text))
    return _STRAY.sub("", "".join(kept))


def percent(share: float) -> str:
    """Return a share in [0, 1] as a whole percentage; only exact 0 and 1 become 0 % and 100 %."""
    if 0 < share < 0.005:
        return "<1 %"
    if 0.995 <= share < 1:
        return ">99 %"
    return f"{share:.0%}".replace("%", " %")
