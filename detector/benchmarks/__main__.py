"""Run all benchmarks: `python -m detector.benchmarks [--photos FOLDER] [--json FILE]`.

Each one runs in a process of its own and prints its table. `--json` writes all figures to one file.
The exit status is 1 if one of them failed or exceeded a limit. Those for PostgreSQL run where
`DATABASE_URL` or `TEST_DATABASE_URL` names one. docs/performance.md explains the figures.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any


def benchmarks(photos: Path | None) -> dict[str, list[str]]:
    """Return the module and the arguments of each benchmark."""
    found = {
        "serving": ["ml.benchmarks"],
        "peer": ["ml.benchmarks.peers.speed", *(["--photos", str(photos)] if photos else [])],
        "platform": ["detector.benchmarks.whole_platform"],
        "two workers": ["detector.benchmarks.two_workers"],
        "uploads": ["detector.benchmarks.uploads"],
        "fairness": ["detector.benchmarks.fairness"],
        "slow clients": ["detector.benchmarks.slow_clients"],
        "videos": ["detector.benchmarks.videos"],
        "live": ["detector.benchmarks.live"],
        "pages": ["detector.benchmarks.pages"],
        "export": ["detector.benchmarks.export"],
    }
    database = os.environ.get("DATABASE_URL") or os.environ.get("TEST_DATABASE_URL", "")
    if database.startswith("postgres"):
        found["administration"] = ["detector.benchmarks.admin"]
    return found


def main() -> None:
    """Parse the command line, run the benchmarks and write their figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, help="a folder with photos.csv")
    parser.add_argument("--only", action="append", help="names of benchmarks")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    chosen = benchmarks(options.photos)
    chosen = {name: chosen[name] for name in options.only or chosen}
    figures: dict[str, Any] = {}
    failed = []
    for name, (module, *arguments) in chosen.items():
        print(f"\n# {name}: python -m {' '.join([module, *arguments])}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            result = Path(folder) / "figures.json"
            command = [sys.executable, "-m", module, *arguments, "--json", str(result)]
            if subprocess.run(command, check=False).returncode != 0:
                failed.append(name)
            if result.exists():
                figures[name] = json.loads(result.read_text(encoding="utf-8"))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if failed:
        sys.exit(f"Failed, or beyond a limit: {', '.join(failed)}")


if __name__ == "__main__":
    main()
