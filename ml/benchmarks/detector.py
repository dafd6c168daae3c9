"""Measures the detector's working size and further passes: `python -m ml.benchmarks.detector`.

Copies of two portraits in the public domain (scikit-image's astronaut, Matplotlib's Grace Hopper)
are pasted at one size into a photo without faces, and the faces found are counted. Then the photo
without faces is timed in several sizes, without and with the further passes.
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
    """Return portraits, and the height of the face in each."""
    hopper = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    with Image.open(hopper) as image:
        pictures = [PICTURES.astronaut(), np.asarray(image.convert("RGB"))]
    detector, found = CenterFace(), []
    for picture in pictures:
        (face,) = detector.detect(np.ascontiguousarray(picture))
        found.append((picture, face.box.height))
    return found


def crowd(height: int) -> tuple[NDArray[np.uint8], int]:
    """Make a photo with faces `height` pixels high. Returns it and their number."""
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
    """Return the seconds that one detection takes."""
    began = time.perf_counter()
    detector.detect(photo)
    return time.perf_counter() - began


def further_passes() -> None:
    """Print the time for a photo without faces, alternating without and with further passes."""
    detectors = CenterFace(passes=()), CenterFace()
    for size in FACELESS:
        photo = np.asarray(cv2.resize(PICTURES.coffee(), size, interpolation=cv2.INTER_AREA))
        turns = [[seconds(detector, photo) for detector in detectors] for _ in range(1 + ROUNDS)]
        once, all_passes = 1000 * np.median(turns[1:], axis=0)
        width, height = size
        print(f"no face, {width}×{height}: {once:.0f} ms, with all passes {all_passes:.0f} ms")


def main() -> None:
    """Print a table of working size, time and faces found by height; then the further passes."""
    argparse.ArgumentParser(description="Measure the passes of the detector.").parse_args()
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
    further_passes()


if __name__ == "__main__":
    main()
