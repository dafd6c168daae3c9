"""Measure the constants of the detector's eight-bit graph: `python -m ml.training.detector_ranges`.

Training faces of FER2013, of 24 to 180 pixels, stand on walls of one colour and of blurred noise.
With two pictures of scikit-image they show the network what its tensors hold. Writes the files of
`ml.centerface_int8.FOLDER`, and prints the checksum for `ml.centerface_graph`.
"""

import argparse
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import onnx
import onnxruntime
import skimage.data
from numpy.typing import NDArray
from onnxruntime import quantization

from ml import centerface, centerface_graph, centerface_int8, runtime
from ml.training import data

CANVASES: Final = 240
FACES: Final = 3
SIZES: Final = (24, 36, 48, 72, 110, 180)
SHAPE: Final = (256, 320)
STRENGTH: Final = 0.5
"""Share of the way, on a logarithmic scale, to channels of the same range. All the way, weights
would differ as much as the channels did."""
AT_FACES: Final = (0.2, 0.95)
"""Scores between these decide whether a face counts."""
Picture = NDArray[np.uint8]


def pictures(crops: NDArray[np.uint8]) -> list[Picture]:
    """Return the pictures (H, W, 3) to measure by, made of crops (N, 48, 48)."""
    random = np.random.default_rng(3)
    photos: Any = skimage.data
    found = [_rgb(photos.astronaut()), _rgb(photos.camera())]
    return [np.asarray(cv2.resize(picture, SHAPE[::-1]), np.uint8) for picture in found] + [
        _canvas(crops, random, blurred=bool(number % 2)) for number in range(CANVASES)
    ]


def _canvas(crops: NDArray[np.uint8], random: np.random.Generator, *, blurred: bool) -> Picture:
    wall = np.full((*SHAPE, 3), random.integers(0, 256, 3), np.uint8)
    if blurred:
        noise = random.integers(0, 256, (*SHAPE, 3)).astype(np.uint8)
        wall = np.asarray(cv2.GaussianBlur(noise, (0, 0), 3), np.uint8)
    for _ in range(FACES):
        side = int(random.choice(SIZES))
        crop = crops[random.integers(len(crops))]
        face = cv2.resize(crop, (side, side), interpolation=cv2.INTER_CUBIC)
        top, left = (int(random.integers(0, length - side)) for length in SHAPE)
        wall[top : top + side, left : left + side] = face[..., None]
    return wall


def _rgb(picture: NDArray[Any]) -> Picture:
    pixels = picture if picture.ndim == 3 else np.stack([picture] * 3, axis=-1)
    return np.ascontiguousarray(pixels[..., :3], np.uint8)


class _Inputs(quantization.CalibrationDataReader):
    """Hands out one picture after the other, as the tool asks for them."""

    def __init__(self, pictures: list[Picture]) -> None:
        self._left: Iterator[Picture] = iter(pictures)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """Return the next input, or None after the last."""
        picture = next(self._left, None)
        return None if picture is None else {centerface.INPUT: centerface.network_input(picture)}


def factors(content: bytes, pictures: list[Picture]) -> dict[str, list[int]]:
    """Return by how many sixteenths each channel of each hidden tensor is divided."""
    model = onnx.load_from_string(content)
    names = [name for _, name, _ in centerface_int8.hidden(model)]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=providers)
    highest: list[Any] = [0.0] * len(names)
    for picture in pictures:
        seen = session.run(names, {centerface.INPUT: centerface.network_input(picture)})
        for index, values in enumerate(seen):
            highest[index] = np.maximum(highest[index], values.max(axis=(0, 2, 3)))
    return dict(zip(names, map(_sixteenths, highest), strict=True))


def _sixteenths(highest: NDArray[np.float32]) -> list[int]:
    """Return the factors for the highest values of the channels of one tensor, (C,)."""
    usual = np.median(highest[highest > 0])
    wished = np.clip(highest / usual, 1e-6, None) ** STRENGTH
    return [int(n) for n in np.clip(np.rint(16 * wished), 1, 255)]


def lowered(float32: bytes, int8: bytes, pictures: list[Picture]) -> float:
    """Return by how much the logits of scores are lower in eight bits, on average, at faces."""
    networks = [runtime.session(content, any_size=True) for content in (float32, int8)]
    differences = []
    for picture in pictures:
        given = {centerface.INPUT: centerface.network_input(picture)}
        before, after = (
            np.clip(network.run([centerface.OUTPUTS[0]], given)[0], 1e-6, 1 - 1e-6)
            for network in networks
        )
        logits = np.log(before / (1 - before)) - np.log(after / (1 - after))
        differences.append(logits[(before > AT_FACES[0]) & (before < AT_FACES[1])])
    return float(np.concatenate(differences).mean())


def main() -> None:
    """Parse the command line, measure, and write the constants."""
    parser = argparse.ArgumentParser(description="Measure the detector's ranges.")
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    shown = pictures(data.load(options.data, data.Split.TRAIN).images)
    content = centerface_graph.read(centerface_graph.FLOAT32)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        found = {"factors": factors(content, shown), "score": 0}
        _write(folder, found)
        made = centerface_int8.quantize(content, folder, _Inputs(shown))
        found["score"] = round(16 * lowered(content, made, shown))
        _write(folder, found)
        print(hashlib.sha256(centerface_int8.quantize(content, folder)).hexdigest())
        # Only now, so that an interrupted run leaves the files alone.
        centerface_int8.FOLDER.mkdir(exist_ok=True)
        for name in (centerface_int8.CONSTANTS, centerface_int8.RANGES):
            shutil.copyfile(folder / name, centerface_int8.FOLDER / name)


def _write(folder: Path, constants: dict[str, Any]) -> None:
    text = json.dumps(constants) + "\n"
    (folder / centerface_int8.CONSTANTS).write_text(text, encoding="ascii")


if __name__ == "__main__":
    main()
