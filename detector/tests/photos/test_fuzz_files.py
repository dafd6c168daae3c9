"""The beginning of the corpus of damaged files; `make fuzz` tries all of it."""

from collections import Counter

import pytest

from detector.tests import fuzz_files

# Pillow warns of damage that it reads past.
pytestmark = pytest.mark.filterwarnings("ignore:::PIL")


def test_whole_files_are_accepted_and_damaged_ones_refused_with_a_code() -> None:
    kinds = len(fuzz_files.files())
    for number in range(kinds):
        assert set(fuzz_files.try_one(number)) == {"accepted"}, fuzz_files.input_of(number)[0]
    became: Counter[str] = Counter()
    for number in range(kinds, 8 * kinds):
        became.update(fuzz_files.try_one(number))
    assert became["accepted"] > 10
    assert became["corrupt_image"] > 20
    assert len(became) > 3


def test_an_input_is_the_same_each_time() -> None:
    assert fuzz_files.input_of(1234) == fuzz_files.input_of(1234)
    assert len({fuzz_files.input_of(number)[1] for number in range(200)}) > 195
