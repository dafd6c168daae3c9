"""Runs the package `facex`."""

from pathlib import Path

import facex
import numpy as np
from facex.core import EmotionClassifier
from numpy.typing import NDArray

from ml.benchmarks.peers import harness

NAMES = {"anger": "angry", "sadness": "sad", "surprised": "surprise"}
"""The package's names → our names, where they differ."""


def best(scores: dict[str, float]) -> str:
    """Return our name of the most probable emotion."""
    name = max(scores, key=scores.__getitem__)
    return NAMES.get(name, name)


def main() -> None:
    """Classify crops and photos."""
    (folder,) = facex.__path__
    model = EmotionClassifier(str(Path(folder, "assets", "model_optimized.tflite")))

    def classify(crop: NDArray[np.uint8]) -> str:
        return best(model.detect_emotion(crop))

    def photo(rgb: NDArray[np.uint8]) -> list[str]:
        faces = model.predict(np.ascontiguousarray(rgb[:, :, ::-1]))
        return [best(face["emot"]) for face in faces]

    harness.run({"face given": classify}, photo)


if __name__ == "__main__":
    main()
