"""What the detector's working size and its further looks cost: `python -m ml.benchmarks.detector`.

Pastes two faces in the public domain (scikit-image's astronaut, Matplotlib's Grace Hopper), over
and over at one size, into a photo without faces, and counts how many are found again. Then looks
at that photo without faces, in several sizes: once, and with all that looks again.
"""

import argparse
import time
from pathlib import Path
from typing import Any, Final

import cv2
import matplotlib
import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from ml.face_detection import CenterFace

PHOTO: Final = (1920, 1440)
"""Width and height: 2.8 megapixels."""
SIDES: Final = (640, 800, 960, 1280)
FACES: Final = (24, 32, 40, 48, 64, 96)
"""Heights of the faces in pixels of the photo."""
FACELESS: Final = ((320, 240), (480, 360), (640, 480), (960, 720), (1920, 1440))
"""Widths and heights of the photo without faces."""
ROUNDS: Final = 6
PICTURES: Any = skimage.data


def portraits() -> list[tuple[NDArray[np.uint8], float]]:
    """Heads with shoulders, and the height of the face in each."""
    hopper = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    with Image.open(hopper) as image:
        pictures = [PICTURES.astronaut(), np.asarray(image.convert("RGB"))]
    detector, found = CenterFace(), []
    for picture in pictures:
        (face,) = detector.detect(np.ascontiguousarray(picture))
        found.append((picture, face.box.height))
    return found


def crowd(height: int) -> tuple[NDArray[np.uint8], int]:
    """A photo with faces `height` pixels high, and their number."""
    photo = np.asarray(cv2.resize(PICTURES.coffee(), PHOTO), np.uint8)
    pictures, count = portraits(), 0
    step = max(6 * height, 200)
    for top in range(20, PHOTO[1] - step, step):
        for left in range(20, PHOTO[0] - step, step):
            picture, size = pictures[count % 2]
            scale = height / size
            small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            rows, columns = min(small.shape[0], step), min(small.shape[1], step)
            photo[top : top + rows, left : left + columns] = small[:rows, :columns]
            count += 1
    return photo, count


def seconds(detector: CenterFace, photo: NDArray[np.uint8]) -> float:
    """How long this takes once."""
    began = time.perf_counter()
    detector.detect(photo)
    return time.perf_counter() - began


def further_looks() -> None:
    """Print what a photo without faces costs, by turns without and with further looks."""
    detectors = CenterFace(passes=()), CenterFace()
    for size in FACELESS:
        photo = np.asarray(cv2.resize(PICTURES.coffee(), size, interpolation=cv2.INTER_AREA))
        turns = [[seconds(detector, photo) for detector in detectors] for _ in range(1 + ROUNDS)]
        once, all_looks = 1000 * np.median(turns[1:], axis=0)
        width, height = size
        print(f"no face, {width}×{height}: {once:.0f} ms, with all looks {all_looks:.0f} ms")


def main() -> None:
    """Print a table, working size, time, faces found by their height; then the further looks."""
    argparse.ArgumentParser(description="What the detector's looks cost.").parse_args()
    crowds = {height: crowd(height) for height in FACES}
    for side in SIDES:
        detector = CenterFace(working_side=side)
        detector.detect(crowds[FACES[0]][0])
        times, cells = [], []
        for height, (photo, count) in crowds.items():
            times.append(seconds(detector, photo))
            found = len(detector.detect(photo))
            cells.append(f"{height} px: {found}/{count}")
        print(f"{side:5} {1000 * float(np.median(times)):4.0f} ms  {'  '.join(cells)}")
    further_looks()


if __name__ == "__main__":
    main()
