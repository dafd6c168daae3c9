"""A small run of the chaos program: `make chaos` is the whole one."""

import re
from pathlib import Path

import pytest

from detector.tests.e2e import chaos, chaos_report
from detector.tests.e2e.chaos_faults import FAULTS, On
from detector.tests.e2e.chaos_report import Row
from detector.tests.e2e.platform import Platform

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("platform", ["unlimited"], indirect=True)
def test_faults_cost_nothing(platform: Platform) -> None:
    rows = chaos.run(platform, FAULTS, small=True)
    assert sum(row.times for row in rows) >= 8
    assert sum(row.uploads for row in rows) >= 200
    assert all(row.is_clean for row in rows), chaos.table(rows)


def test_the_table_replaces_the_one_of_its_installation(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- chaos on services -->\nold\n<!-- end -->\n<!-- chaos on stack --><!-- end -->\n"
    )
    chaos_report.write([Row("a", 2, 1000), Row("b", 1, 500)], On.SERVICES, "make it", page)
    text = page.read_text()
    assert "old" not in text
    assert "`make it`:" in text
    assert "| **2 kinds** | 3 | 1,500 | 0 |" in text
    assert text.endswith("<!-- chaos on stack --><!-- end -->\n")
    with pytest.raises(ValueError, match="no place"):
        chaos_report.write([], "the moon", "make it", page)


def test_nothing_written_by_hand_stands_where_a_table_replaces_it() -> None:
    text = chaos_report.PAGE.read_text()
    tables = re.findall(r"<!-- chaos on (\w+) -->\n(.*?)<!-- end -->", text, re.DOTALL)
    assert [name for name, _ in tables] == [On.EMBEDDED, On.SERVICES, On.STACK]
    for _, table in tables:
        assert re.fullmatch(r"`make chaos[^\n]*`:\n\n(\|[^\n]*\|\n)+", table)
    # The promise at the top repeats the sums.
    sums = re.search(r"\*\*\d+ kinds\*\* \| (\S+) \| (\S+) \|", tables[0][1])
    assert sums
    assert f"[{sums[1]} faults, {sums[2]} uploads, none lost](#faults)" in text
