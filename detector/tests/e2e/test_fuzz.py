"""Generated calls, as many as a test run has time for; `make fuzz` makes thousands."""

from pathlib import Path

import pytest

from detector.tests.e2e.fuzz import NO_LIMITS, NOBODY, fuzz, seed
from detector.tests.e2e.platform import ONE_SLOT, SERVING, Platform, running

pytestmark = pytest.mark.e2e


def test_answers_are_what_the_schema_says(tmp_path: Path) -> None:
    with running(Platform(tmp_path, SERVING, **NO_LIMITS, **ONE_SLOT)) as platform:
        for caller in (NOBODY, seed(platform, 3)):
            assert "generated" in fuzz(platform, caller, 1, "--phases", "fuzzing")
