"""Text as people and their devices write it."""

import unicodedata

import pytest

from detector.common import words


@pytest.mark.parametrize("text", ["👩‍💻 at work", "می‌خواهم", "क्‍ष", "Å, ñ", "<b>"])
def test_what_is_written_with_joiners_stays(text: str) -> None:
    assert words.printable(text, " ") == text
    assert words.printable(unicodedata.normalize("NFD", text)) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ha\u200dppy", "happy"),
        ("\u200d\u200c👩\u200d\u200d", "👩"),
        ("\u200d", ""),
        ("a\u202eb\x00c\n", "a-b-c-"),
    ],
)
def test_what_only_hides_a_difference_goes(text: str, left: str) -> None:
    assert words.printable(text, "-") == left
