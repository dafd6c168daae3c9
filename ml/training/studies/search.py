"""Train what the search has not tried yet: `python -m ml.training.studies.search --data FILE.npz`.

Runs the configurations of `ml.training.config.SEARCH` one after the other and writes each one's
record as soon as it is finished; a stopped search goes on where it was. What is found stands in
docs/experiments.md.
"""

import argparse
from pathlib import Path

from ml.training import train
from ml.training.config import SEARCH, TrainingConfig
from ml.training.files import RUNS
from ml.training.studies import experiments


def missing() -> list[TrainingConfig]:
    """Return the configurations without a record, in their order."""
    known = {record["run"] for record in experiments.all_records()}
    return [config for config in SEARCH if config.name not in known]


def main() -> None:
    """Parse the command line, train and record."""
    parser = argparse.ArgumentParser(description="Train what the search has not tried yet.")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of faces")
    arguments = parser.parse_args()
    for config in missing():
        run = RUNS / config.name
        train.train(config, arguments.data, run, resume=True)
        experiments.add(run, arguments.data)


if __name__ == "__main__":
    main()
