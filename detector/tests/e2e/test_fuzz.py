"""Generated calls, as many as a test run has time for; `make fuzz` makes thousands."""

import pytest

from detector.tests.e2e.fuzz import NOBODY, fuzz, seed
from detector.tests.e2e.platform import Platform

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.parametrize("platform", ["unlimited"], indirect=True),
]


def test_answers_are_what_the_schema_says(platform: Platform) -> None:
    for caller in (NOBODY, seed(platform, 3)):
        assert "generated" in fuzz(platform, caller, 1, "--phases", "fuzzing")
