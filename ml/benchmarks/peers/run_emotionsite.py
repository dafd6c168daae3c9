"""Runs our own network as it serves."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml import images, inference
from ml.benchmarks.peers import harness
from ml.labels import EMOTIONS


def decode(path: str) -> NDArray[np.uint8]:
    """Decode a photo as serving does."""
    with Path(path).open("rb") as file:
        return images.decode(file).rgb


def main() -> None:
    """Classify crops with both heads, or time photos."""
    analyser = inference.load()

    def consensus(crop: NDArray[np.uint8]) -> str:
        return EMOTIONS[int(analyser.classify(crop[None])[0].argmax())]

    def fer2013(crop: NDArray[np.uint8]) -> str:
        return EMOTIONS[int(analyser.classify(crop[None], head="fer2013")[0].argmax())]

    def photo(rgb: NDArray[np.uint8]) -> list[str]:
        return [face.emotion for face in analyser.analyse(rgb)]

    if harness.is_timed():
        harness.time_photos(decode, photo)
        return
    harness.run({"consensus": consensus, "fer2013": fer2013}, photo)


if __name__ == "__main__":
    main()
