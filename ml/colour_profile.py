"""Makes an ICC profile of primaries and gamma, for files that state these and have no profile."""

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

D50: Final = np.array([0.9642, 1.0, 0.8249])
"""White of the profile connection space (ICC.1:2001-04, 7.2.16)."""

_BRADFORD: Final = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def rgb_profile(xy: tuple[float, ...], gamma: float) -> bytes:
    """Return an ICC display profile (ICC.1:2001-04, version 2).

    `xy` holds x and y of red, green, blue and white. Raises ValueError or an ArithmeticError where
    these span no colour space.
    """
    columns = _primaries(xy)
    if not np.isfinite(columns).all() or np.abs(columns).max() > 8:
        raise ValueError("primaries that span no colours")
    curve = b"curv" + struct.pack(">IIHxx", 0, 1, round(gamma * 256))
    description = b"desc" + struct.pack(">II", 0, 4) + b"RGB\0" + bytes(78)
    tags = {
        b"desc": description,
        b"wtpt": _xyz(D50),
        b"rXYZ": _xyz(columns[:, 0]),
        b"gXYZ": _xyz(columns[:, 1]),
        b"bXYZ": _xyz(columns[:, 2]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    return _profile(tags)


def _primaries(xy: tuple[float, ...]) -> NDArray[np.float64]:
    """Return X, Y and Z of red, green and blue in columns, adapted to D50 by Bradford's matrix."""
    red, green, blue, white = (
        np.array([x / y, 1, (1 - x - y) / y]) for x, y in zip(xy[::2], xy[1::2], strict=True)
    )
    columns = np.stack([red, green, blue], axis=1)
    columns = columns * np.linalg.solve(columns, white)
    scale = (_BRADFORD @ D50) / (_BRADFORD @ white)
    adapted: NDArray[np.float64] = np.linalg.inv(_BRADFORD) @ np.diag(scale) @ _BRADFORD @ columns
    return adapted


def _xyz(values: NDArray[np.float64]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def _profile(tags: dict[bytes, bytes]) -> bytes:
    table, data = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += struct.pack(">4sII", name, start + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    size = 128 + len(table) + len(data)
    head = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + _xyz(D50)[8:]
    return head.ljust(128, b"\0") + table + data
