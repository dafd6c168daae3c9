"""Runs the package `fer`, with and without the margin that it adds around a face by default.

Its quantized network is the default; the full network is slower.
"""

import cv2
import numpy as np
from fer.fer import FER
from numpy.typing import NDArray

from ml.benchmarks.peers import harness


def best(scores: dict[str, float]) -> str:
    """Return the most probable emotion; its names are the same as ours."""
    return max(scores, key=scores.__getitem__)


def given_face(model: FER) -> harness.Classify:
    """Return a function that classifies a crop, telling the package that all of it is a face."""

    def classify(crop: NDArray[np.uint8]) -> str:
        picture = cv2.cvtColor(crop, cv2.COLOR_GRAY2BGR)
        (found,) = model.detect_emotions(picture, face_rectangles=[(0, 0, *crop.shape)])
        return best(found["emotions"])

    return classify


def decode(path: str) -> NDArray[np.uint8]:
    """Decode a photo as the package's documentation does."""
    return np.asarray(cv2.cvtColor(np.asarray(cv2.imread(path)), cv2.COLOR_BGR2RGB), np.uint8)


def main() -> None:
    """Classify crops and photos, or time photos."""
    default = FER()

    def photo(rgb: NDArray[np.uint8]) -> list[str]:
        faces = default.detect_emotions(np.ascontiguousarray(rgb[:, :, ::-1]))
        return [best(face["emotions"]) for face in faces]

    if harness.is_timed():
        harness.time_photos(decode, photo)
        return
    tight = FER(offsets=(0, 0))
    variants = {
        "as by default": given_face(default),
        "without margin": given_face(tight),
        "full network, without margin": given_face(FER(use_tflite=False, offsets=(0, 0))),
    }
    harness.run(variants, photo)


if __name__ == "__main__":
    main()
