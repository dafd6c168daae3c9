"""A small run of the chaos program: `make chaos` is the whole one."""

import pytest

from detector.tests.e2e import chaos
from detector.tests.e2e.chaos_faults import FAULTS
from detector.tests.e2e.platform import Platform

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.parametrize("platform", ["unlimited"], indirect=True),
]


def test_faults_cost_nothing(platform: Platform) -> None:
    rows = chaos.run(platform, FAULTS, small=True)
    assert sum(row.times for row in rows) >= 7
    assert all(row.is_clean for row in rows), chaos.table(rows)
