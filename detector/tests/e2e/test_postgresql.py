"""The whole test suite of the platform holds on PostgreSQL, too."""

import os
import subprocess
import sys

import pytest

from detector.tests.e2e.platform import ROOT
from detector.tests.services_needed import need_postgresql

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql]


@pytest.mark.timeout(600)
def test_suite_on_postgresql() -> None:
    url = need_postgresql()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "detector", "-q", "-n", "2",
         "-m", "not (e2e or weights or training)",
         "-p", "no:cacheprovider", "-p", "no:playwright"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:]
