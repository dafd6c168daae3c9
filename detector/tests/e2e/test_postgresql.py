"""What asks the database holds on PostgreSQL, too."""

import os
import subprocess
import sys

import pytest

from detector.tests.e2e.platform import ROOT
from detector.tests.services_needed import need_postgresql

ASK_WHAT_OTHERS_ASK = (
    "api/test_accept.py", "api/test_every_call.py", "api/test_limits.py",
    "api/test_odd_requests.py", "api/test_redirects.py", "api/test_schema.py",
    "api/test_scopes.py", "services/test_archives.py", "services/test_file_cases.py",
    "services/test_images.py", "services/test_outbound.py", "test_access.py", "test_bad_input.py",
    "test_spreadsheet_text.py", "test_storage_outages.py", "web/test_headers.py",
    "web/test_way_back.py",
)  # fmt: skip
"""Files about who may call, bodies, headers and files: their queries are those of other tests."""

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql]


@pytest.mark.timeout(600)
def test_what_asks_the_database() -> None:
    url = need_postgresql()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "detector", "-q", "-n", "2",
         "-m", "not (e2e or weights or training)",
         "-p", "no:cacheprovider", "-p", "no:playwright",
         *(f"--ignore=detector/tests/{name}" for name in ASK_WHAT_OTHERS_ASK)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:]
