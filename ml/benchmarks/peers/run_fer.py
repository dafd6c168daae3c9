"""The package `fer`, with the margin around a face that it adds by default, and without.

Its quantized network is the default; the full one is slower.
"""

import cv2
import numpy as np
from fer.fer import FER
from numpy.typing import NDArray

from ml.benchmarks.peers import harness


def best(scores: dict[str, float]) -> str:
    """The likeliest emotion; its names are ours."""
    return max(scores, key=scores.__getitem__)


def given_face(model: FER) -> harness.Classify:
    """Classify a crop by telling the package that it is a face as a whole."""

    def classify(crop: NDArray[np.uint8]) -> str:
        picture = cv2.cvtColor(crop, cv2.COLOR_GRAY2BGR)
        (found,) = model.detect_emotions(picture, face_rectangles=[(0, 0, *crop.shape)])
        return best(found["emotions"])

    return classify


def main() -> None:
    """Classify crops and photos."""
    default, tight = FER(), FER(offsets=(0, 0))

    def photo(rgb: NDArray[np.uint8]) -> list[str]:
        faces = default.detect_emotions(np.ascontiguousarray(rgb[:, :, ::-1]))
        return [best(face["emotions"]) for face in faces]

    variants = {
        "as by default": given_face(default),
        "without margin": given_face(tight),
        "full network, without margin": given_face(FER(use_tflite=False, offsets=(0, 0))),
    }
    harness.run(variants, photo)


if __name__ == "__main__":
    main()
