"""The table of `make chaos`, and where it is written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from detector.tests.e2e.chaos_audit import Audit
from detector.tests.e2e.platform import ROOT

PAGE = ROOT / "docs" / "reliability.md"


@dataclass
class Row:
    """Counts what a fault cost."""

    fault: str
    times: int = 0
    uploads: int = 0
    lost: int = 0
    failed: int = 0
    double: int = 0
    stuck: int = 0
    orphan_files: int = 0
    rows_without_files: int = 0
    miscounted: int = 0
    damaged: int = 0

    @property
    def is_clean(self) -> bool:
        """Return whether it cost nothing."""
        return not any(self.figures()[2:])

    def figures(self) -> list[int]:
        """Return all values but the name."""
        return [value for value in vars(self).values() if isinstance(value, int)]

    def fill(self, found: Audit) -> None:
        """Write down what an audit found."""
        self.uploads, self.lost, self.failed = found.uploads, found.lost, found.failed
        self.double, self.miscounted = found.double, found.miscounted
        self.orphan_files, self.rows_without_files = found.orphan_files, found.rows_without_files


def table(rows: Sequence[Row]) -> str:
    """Return the rows, and their sum, as a Markdown table."""
    names = [name.replace("_", " ") for name in vars(Row("")) if name != "fault"]
    columns = zip(*(row.figures() for row in rows), strict=True)
    sums = Row(f"**{len(rows)} kinds**", *map(sum, columns))
    lines = [f"| fault | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    lines += [
        f"| {row.fault} | {' | '.join(f'{n:,}' for n in row.figures())} |" for row in (*rows, sums)
    ]
    return "\n".join(lines)


def write(rows: Sequence[Row], installation: str, command: str, page: Path = PAGE) -> None:
    """Replace the table of an installation in the documentation.

    Raises ValueError where the page has no place for it.
    """
    begin, end = f"<!-- chaos on {installation} -->", "<!-- end -->"
    text = page.read_text()
    place = re.compile(f"{re.escape(begin)}.*?{end}", re.DOTALL)
    if not place.search(text):
        raise ValueError(f"{page} has no place for a table: {begin}{end}")
    new = f"{begin}\n`{command}`:\n\n{table(rows)}\n{end}"
    page.write_text(place.sub(lambda _: new, text, count=1))
