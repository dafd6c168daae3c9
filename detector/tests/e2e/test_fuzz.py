"""Generated calls, as many as a test run has time for; `make fuzz` makes thousands."""

from pathlib import Path

import pytest

from detector.tests.e2e.fuzz import NO_LIMITS, fuzz
from detector.tests.e2e.platform import Platform

pytestmark = pytest.mark.e2e


def test_answers_are_what_the_schema_says(tmp_path: Path) -> None:
    platform = Platform(tmp_path, **NO_LIMITS)
    platform.start()
    try:
        for token in ("", platform.token("fuzzer")):
            assert "generated" in fuzz(platform, token, 1, "--phases", "fuzzing")
    finally:
        platform.stop()
