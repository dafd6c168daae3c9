"""Formula injection, whichever separator a spreadsheet uses."""

import csv
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.common.spreadsheet_text import escape_formulas, unescape_formulas

FORMULA = re.compile(r'[\s"\u200b\ufeff]*[=+\-@＝＋－＠]')


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", " =1", '"=1', "a;=1+1", "a; =1+1", 'a;"=1+1"', "a,=1",
     "a\t=1", "a\n=1", "a\r\n-1", "a|@b", "a;\u00a0=1", "\ufeff=1", "a;;=1", ";=1", "a;=1;=2",
     "a\u2028=1", "'=1", "a;'=1", "a;''=1"],
)  # fmt: skip
def test_formulas_are_text_and_come_back(text: str) -> None:
    assert_harmless(text)
    assert escape_formulas(text) != text
    assert unescape_formulas(escape_formulas(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "a=b", "a - b", "a@example.com", "2026-01-01T00:00:00+00:00", "it's", "x; y, z", "5-3"],
)  # fmt: skip
def test_other_text_stays_as_it_is(text: str) -> None:
    assert escape_formulas(text) == text
    assert unescape_formulas(text) == text


@pytest.mark.parametrize("value", [-1, -0.5, None, True])
def test_what_is_no_text_stays_as_it_is(value: object) -> None:
    assert escape_formulas(value) is value


@settings(deadline=None)
@given(st.text(alphabet="a=+-@;,|\t\r\n\"' ＝\ufeff", max_size=12))
def test_whatever_the_text(text: str) -> None:
    assert_harmless(text)
    assert unescape_formulas(str(escape_formulas(text))) == text


def assert_harmless(text: str) -> None:
    """Assert that no cell begins with a formula, whichever separator the reader uses."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow(["x", escape_formulas(text), "y"])
    line = buffer.getvalue()
    for cell in re.split(r"[,;|\t\r\n\u2028]", line):
        assert not FORMULA.match(cell), line
