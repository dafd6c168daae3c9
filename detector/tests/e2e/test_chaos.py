"""A small run of the chaos program: `make chaos` is the whole one."""

from pathlib import Path

import pytest

from detector.tests.e2e import chaos
from detector.tests.e2e.chaos_faults import FAULTS
from detector.tests.e2e.platform import running

pytestmark = pytest.mark.e2e


def test_faults_cost_nothing(tmp_path: Path) -> None:
    with running(chaos.make_platform(tmp_path, {})) as platform:
        rows = chaos.run(platform, FAULTS, small=True)
    assert sum(row.times for row in rows) >= 7
    assert all(row.is_clean for row in rows), chaos.table(rows)
