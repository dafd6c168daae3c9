"""Text in tables for spreadsheets, so that none of it is computed.

A cell that begins with `=`, `+`, `-` or `@` is a formula to a spreadsheet. Where the file is read
with another separator than it was written with, as in countries of the decimal comma, cells also
begin in the middle of a text: after a semicolon, a comma, a tab, a bar or the end of a line, and
quotes hold nothing together there.
"""

import re
from typing import TypeVar

T = TypeVar("T")

_CELL_BEGINS = r"(?P<before>(?:^|[,;|\t\r\n\v\f\x1c-\x1f\x85\u2028\u2029])[\s\"\u200b\ufeff]*)"
# Full-width signs count in East Asian versions.
_FORMULA_BEGINS = r"(?P<after>'*[=+\-@＝＋－＠])"
_UNSAFE = re.compile(_CELL_BEGINS + _FORMULA_BEGINS)
_SAFE = re.compile(_CELL_BEGINS + "'" + _FORMULA_BEGINS)
_CONTROL_FIRST = re.compile(r"'*[\t\r\n]")
_APOSTROPHE_FIRST = re.compile(r"'+[\t\r\n]")


def harmless(value: T) -> T | str:
    """Return text with an apostrophe before all that a spreadsheet would compute.

    What is no text stays as it is. `original` is the way back.
    """
    if not isinstance(value, str):
        return value
    text = _UNSAFE.sub(r"\g<before>'\g<after>", value)
    return f"'{text}" if _CONTROL_FIRST.match(text) else text


def original(text: str) -> str:
    """Return the text of which `harmless` made this."""
    if _APOSTROPHE_FIRST.match(text):
        text = text[1:]
    return _SAFE.sub(r"\g<before>\g<after>", text)
