"""What is read in pictures without a face.

    python -m ml.training.studies.invented_faces --of-each 30

Prints a Markdown table: for each kind of picture (`ml.training.invented`), in how many something is
taken for a face, and in how many that is certain.
"""

import argparse
from typing import Final

from ml import inference
from ml.training import invented, metrics

SEED: Final = 2013
COLUMNS: Final = ("kind", "pictures", "a face is seen", "one is certain")


def counted(analyser: inference.Analyser, pictures: list[invented.Picture]) -> tuple[int, int]:
    """Return in how many pictures a face is found, and in how many a certain one."""
    found = [analyser.analyse(picture) for picture in pictures]
    certain = [any(not face.uncertain for face in faces) for faces in found]
    return sum(map(bool, found)), sum(certain)


def main() -> None:
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(description="Measure what is read where no face is.")
    parser.add_argument("--of-each", type=int, default=30, help="pictures of each kind")
    parser.add_argument("--seed", type=int, default=SEED, help="for other pictures")
    parser.add_argument("--version", help="name of the weights")
    arguments = parser.parse_args()
    analyser = inference.load(arguments.version)
    print(f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}")
    totals = 0, 0
    for kind in invented.KINDS:
        found = counted(analyser, invented.pictures(kind, arguments.of_each, arguments.seed))
        totals = totals[0] + found[0], totals[1] + found[1]
        print(f"| {kind} | {arguments.of_each} | {found[0]} | {found[1]} |", flush=True)
    pictures = arguments.of_each * len(invented.KINDS)
    low, high = metrics.wilson_interval(totals[1], pictures)
    print(f"| **all** | {pictures} | {totals[0]} | {totals[1]} (95 %: {low:.1%} to {high:.1%}) |")


if __name__ == "__main__":
    main()
