"""The arrays of the network CenterFace: a picture → its input; its outputs → boxes and landmarks.

Sections and formulas are those of the paper (Xu et al. 2019, arXiv:1911.03599).
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

STRIDE: Final = 4
"""Pixels of the input per cell of the output, in both directions."""
INPUT_MULTIPLE: Final = 32
"""Both sides of the input are multiples of this: the backbone halves its input five times."""
INPUT: Final = "input.1"
OUTPUTS: Final = ("537", "538", "539", "540")
"""The graph's names for the picture; for heatmap, scale, offset and landmarks."""


def network_input(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pad a picture (H, W, 3) right and below: (1, 3, H', W') float32 RGB in [0, 255]."""
    height, width = rgb.shape[:2]
    right, below = -width % INPUT_MULTIPLE, -height % INPUT_MULTIPLE
    padded = cv2.copyMakeBorder(rgb, 0, below, 0, right, cv2.BORDER_CONSTANT)
    return np.ascontiguousarray(padded.transpose(2, 0, 1)[None], dtype=np.float32)


def decode_boxes(
    sizes: NDArray[np.float32],
    offsets: NDArray[np.float32],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
) -> NDArray[np.float32]:
    """Return boxes (K, 4): left, top, width, height in pixels of the input.

    For each of K cells, given by row and column, the network outputs the logarithm of the size in
    cells and the distance of the centre from the middle of the cell, vertical first (section 3.2).
    """
    height, width = np.exp(sizes) * STRIDE
    centre_y = (rows + 0.5 + offsets[0]) * STRIDE
    centre_x = (columns + 0.5 + offsets[1]) * STRIDE
    return np.stack([centre_x - width / 2, centre_y - height / 2, width, height], axis=1)


def decode_landmarks(
    points: NDArray[np.float32], boxes: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return landmarks (K, 5, 2): x and y in pixels of the input.

    The network outputs them vertical first, as fractions of the box from its top left corner.
    """
    fractions = points.T.reshape(-1, 5, 2)[:, :, ::-1]
    return np.asarray(boxes[:, None, :2] + fractions * boxes[:, None, 2:])
