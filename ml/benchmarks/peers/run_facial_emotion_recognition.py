"""Runs the package `facial-emotion-recognition`.

The package only draws its results into the photo, so its parts are called here in its own order.
"""

import functools

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ml.benchmarks.peers import harness

# Its weights are a pickle of an older torch, which newer versions load only with this option.
torch.load = functools.partial(torch.load, weights_only=False, map_location="cpu")

from facial_emotion_recognition import EmotionRecognition  # noqa: E402


def main() -> None:
    """Classify crops and photos."""
    torch.set_num_threads(1)
    model = EmotionRecognition(device="cpu")

    def classify(crop: NDArray[np.uint8]) -> str:
        return str(model._predict(crop)).lower()

    def photo(rgb: NDArray[np.uint8]) -> list[str]:
        grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
        boxes, _ = model.mtcnn.detect(np.ascontiguousarray(rgb[:, :, ::-1]))
        found = np.zeros((0, 4)) if boxes is None else np.array(boxes.tolist(), np.float64)
        corners = np.clip(found.round().astype(int), 0, None)
        pieces = [grey[y1:y2, x1:x2] for x1, y1, x2, y2 in corners]
        return [classify(piece) for piece in pieces if piece.size]

    harness.run({"face given": classify}, photo)


if __name__ == "__main__":
    main()
