"""Escape text in CSV files against formula injection.

A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula. Where it reads the
file with another separator than ours, as in countries with a decimal comma, a cell may also begin
in the middle of our text: after a semicolon, comma, tab, bar or line end. Quotes do not help there.
"""

import re
from typing import TypeVar

T = TypeVar("T")

_CELL_BEGINS = r"(?P<before>(?:^|[,;|\t\r\n\v\f\x1c-\x1f\x85\u2028\u2029])[\s\"\u200b\ufeff]*)"
# East Asian versions also accept full-width signs.
_FORMULA_BEGINS = r"(?P<after>'*[=+\-@＝＋－＠])"
_UNSAFE = re.compile(_CELL_BEGINS + _FORMULA_BEGINS)
_SAFE = re.compile(_CELL_BEGINS + "'" + _FORMULA_BEGINS)
_CONTROL_FIRST = re.compile(r"'*[\t\r\n]")
_APOSTROPHE_FIRST = re.compile(r"'+[\t\r\n]")


def escape_formulas(value: T) -> T | str:
    """Return text with an apostrophe before everything that could begin a formula.

    Other values are returned unchanged. `unescape_formulas` is the inverse.
    """
    if not isinstance(value, str):
        return value
    text = _UNSAFE.sub(r"\g<before>'\g<after>", value)
    return f"'{text}" if _CONTROL_FIRST.match(text) else text


def unescape_formulas(text: str) -> str:
    """Return the text that `escape_formulas` was given."""
    if _APOSTROPHE_FIRST.match(text):
        text = text[1:]
    return _SAFE.sub(r"\g<before>\g<after>", text)
