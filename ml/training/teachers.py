"""Teachers: finished networks whose opinions a smaller one learns from.

Knowledge distillation (Hinton et al. 2015, arXiv:1503.02531) in its "consistent" form (Beyer et al.
2022, arXiv:2106.05237): the teachers see the very image that the student sees, as the augmentation
changed it. Where that costs too much, the teachers look once at each unchanged image, but from
several distances (`VIEWS`), and what they say is kept beside the run. Only training images pass
here.

`python -m ml.training.teachers --run broad` keeps a finished run in `ml/weights/teachers/`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from ml import architectures
from ml.calibration import softmax
from ml.labels import EMOTIONS, HEADS
from ml.manifest import REMEDY, WEIGHTS_FOLDER
from ml.training.files import RUNS

TEACHERS_FOLDER: Final = WEIGHTS_FOLDER / "teachers"
"""Networks that never serve; released versions teach as well."""

VIEWS: Final = (1.0, 1.08, 0.93)
"""Zooms, each also in the mirror. On validation the six views together are 1.3 points better on
`fer2013` than face and mirror image alone, and as good on `consensus` (v3)."""

STUDIED: Final = "studied-*.npz"
"""What a teacher said of the training images, its name for the star, in the folder of a run."""

Targets = dict[str, Any]
"""Head → (N, 7) float32 distributions, tensors."""


def path_of(name: str) -> Path:
    """Return the file of this teacher. Raises ValueError if there is none."""
    for path in (TEACHERS_FOLDER / f"{name}.keras", WEIGHTS_FOLDER / name / "model.keras"):
        if path.is_file():
            return path
    raise ValueError(f"there is no teacher {name!r} here; it can be trained anew: {REMEDY}")


def load(name: str, precision: str = "float32") -> keras.Model:
    """Load a teacher that computes in that precision. Raises ValueError if there is none."""
    return architectures.load(path_of(name), precision)


def keep(run: Path) -> Path:
    """Make a teacher of a finished run, named as its folder is; the file.

    Raises ValueError where the run is not there.
    """
    target = TEACHERS_FOLDER / f"{run.name}.keras"
    TEACHERS_FOLDER.mkdir(parents=True, exist_ok=True)
    architectures.for_serving(architectures.load(run / "best.keras")).save(target)
    return target


class Panel:
    """Teachers who say together what they see."""

    def __init__(self, names: Sequence[str], precision: str) -> None:
        self.models = [load(name, precision) for name in names]

    def weights(self) -> list[tuple[list[Any], list[Any]]]:
        """Return what each of them knows, as tensors."""
        return [
            (
                [variable.value for variable in model.trainable_variables],
                [variable.value for variable in model.non_trainable_variables],
            )
            for model in self.models
        ]

    def opinion(self, weights: list[tuple[list[Any], list[Any]]], images: Any) -> Targets:
        """Return their mean probabilities of images (N, 48, 48, 1), by these `weights()`."""
        logits = [
            model.stateless_call(*known, images, training=False)[0]
            for model, known in zip(self.models, weights, strict=True)
        ]
        return {
            head: sum(ops.softmax(each[head]) for each in logits) / len(logits) for head in HEADS
        }


def studied(
    names: Sequence[str], images: NDArray[np.uint8], folder: Path, precision: str
) -> Targets:
    """Return head → mean probabilities (N, 7) of all views and teachers for images (N, 48, 48).

    What each teacher says is read from `folder` where an earlier start of the run wrote it.
    """
    files = {name: folder / STUDIED.replace("*", name) for name in names}
    each = [_studied(name, images, file, precision) for name, file in files.items()]
    return {head: np.mean([said[head] for said in each], axis=0) for head in HEADS}


def _studied(name: str, images: NDArray[np.uint8], kept: Path, precision: str) -> Targets:
    """Return a teacher's mean over all views, and keep it in the .npz file `kept`."""
    if not kept.is_file():
        said: Targets = {head: np.zeros((len(images), len(EMOTIONS)), np.float32) for head in HEADS}
        model = load(name, precision)
        for zoom in VIEWS:
            pixels = _zoomed(images, zoom)
            for view in (pixels, pixels[:, :, ::-1]):
                logits = model.predict(view, batch_size=256, verbose=0)
                for head in HEADS:
                    said[head] += softmax(logits[head]).astype(np.float32) / (2 * len(VIEWS))
        part = kept.with_suffix(".part.npz")
        np.savez(part, **said)
        part.replace(kept)
    with np.load(kept) as file:
        return {head: file[head] for head in HEADS}


def _zoomed(images: NDArray[np.uint8], zoom: float) -> NDArray[np.float32]:
    """Enlarge images (N, H, W, 1) about the centre; missing pixels repeat the border."""
    side = images.shape[1]
    matrix = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), 0, zoom)
    pixels = [
        cv2.warpAffine(image, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
        for image in images
    ]
    return np.stack(pixels)[..., None].astype(np.float32)


def blend(labels: Targets, opinions: Targets, share: float) -> Targets:
    """Return targets with a share of the teachers; all of it for images without a label."""
    blended = {}
    for head in HEADS:
        has_label = ops.sum(labels[head], axis=1, keepdims=True) > 0
        part = ops.where(has_label, share, 1.0)
        blended[head] = (1 - part) * labels[head] + part * opinions[head]
    return blended


def main() -> None:
    """Parse the command line and keep the run."""
    parser = argparse.ArgumentParser(description="Keep a finished run as a teacher.")
    parser.add_argument("--run", required=True, help="its folder under var/training/")
    arguments = parser.parse_args()
    try:
        print(keep(RUNS / arguments.run))
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
