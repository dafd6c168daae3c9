"""What the detector's working size buys: `python -m ml.benchmarks.detector`.

Pastes two faces in the public domain (scikit-image's astronaut, Matplotlib's Grace Hopper), over
and over at one size, into a photo without faces, and counts how many are found again.
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


def main() -> None:
    """Print a table: working size, time, faces found by their height."""
    argparse.ArgumentParser(description="What the detector's working size buys.").parse_args()
    crowds = {height: crowd(height) for height in FACES}
    for side in SIDES:
        detector = CenterFace(working_side=side)
        detector.detect(crowds[FACES[0]][0])
        times, cells = [], []
        for height, (photo, count) in crowds.items():
            began = time.perf_counter()
            found = len(detector.detect(photo))
            times.append(time.perf_counter() - began)
            cells.append(f"{height} px: {found}/{count}")
        print(f"{side:5} {1000 * float(np.median(times)):4.0f} ms  {'  '.join(cells)}")


if __name__ == "__main__":
    main()
