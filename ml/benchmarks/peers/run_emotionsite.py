"""Runs our own network as it serves."""

import numpy as np
from numpy.typing import NDArray

from ml import inference
from ml.benchmarks.peers import harness
from ml.labels import EMOTIONS


def main() -> None:
    """Classify crops with both heads."""
    analyser = inference.load()

    def consensus(crop: NDArray[np.uint8]) -> str:
        return EMOTIONS[int(analyser.classify(crop[None])[0].argmax())]

    def fer2013(crop: NDArray[np.uint8]) -> str:
        return EMOTIONS[int(analyser.classify(crop[None], head="fer2013")[0].argmax())]

    def photo(rgb: NDArray[np.uint8]) -> list[str]:
        return [face.emotion for face in analyser.analyse(rgb)]

    harness.run({"consensus": consensus, "fer2013": fer2013}, photo)


if __name__ == "__main__":
    main()
