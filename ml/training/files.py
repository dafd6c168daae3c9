"""Where runs are, and writing files that a stop cannot leave half-written."""

from pathlib import Path
from typing import Final

RUNS: Final = Path("var/training")
"""A folder for each run."""
RECORDS: Final = Path(__file__).parent / "runs"
"""What finished runs reached: one JSON file a run, committed."""


def write_whole(file: Path, text: str) -> None:
    """Write a file that is either the old one or the new one, never half of it."""
    part = file.with_name(f"{file.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(file)
