"""Pictures in the public domain that ship in wheels, and the committed weights."""

import os
import shutil
from pathlib import Path
from typing import Any

import cv2
import matplotlib
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from ml import inference

Photo = NDArray[np.uint8]
PICTURES: Any = skimage.data
"""scikit-image's pictures; it types its functions only in part."""


@pytest.fixture(scope="session")
def astronaut() -> Photo:
    """Return a photo (512, 512, 3) with one smiling face."""
    return np.ascontiguousarray(PICTURES.astronaut())


@pytest.fixture(scope="session")
def coffee() -> Photo:
    """Return a photo (400, 600, 3) without a face."""
    return np.ascontiguousarray(PICTURES.coffee())


@pytest.fixture(scope="session")
def hopper() -> Photo:
    """Return a photo (600, 512, 3) with one face, glasses and cap."""
    path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.fixture(scope="session")
def montage(astronaut: Photo, hopper: Photo) -> Photo:
    """Return (512, 1024 + 437, 3) with three faces: astronaut, hopper, mirrored astronaut."""
    smaller = cv2.resize(hopper, (437, 512), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(np.hstack([astronaut, smaller, astronaut[:, ::-1]]))


@pytest.fixture(scope="session")
def analyser() -> inference.Analyser:
    return inference.load()


@pytest.fixture(scope="session")
def crops() -> NDArray[np.uint8]:
    """Return (200, 48, 48) training images of the file EMOTIONSITE_DATA, else generated ones."""
    source = os.environ.get("EMOTIONSITE_DATA")
    if source:
        with np.load(source) as file:
            return np.asarray(file["images"][:200])
    return made_faces(200)


def made_faces(count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return (count, 48, 48) variants of the astronaut's face: shifted, scaled, relit, noisy."""
    random = np.random.default_rng(seed)
    grey = cv2.cvtColor(PICTURES.astronaut(), cv2.COLOR_RGB2GRAY)
    faces = np.empty((count, 48, 48), np.uint8)
    for face in faces:
        side = int(random.integers(90, 150))
        x, y = random.integers(150, 200), random.integers(40, 80)
        piece = cv2.resize(grey[y : y + side, x : x + side], (48, 48), interpolation=cv2.INTER_AREA)
        light, noise = random.uniform(0.5, 1.3), random.normal(0, 8, (48, 48))
        face[:] = np.clip(piece * light + noise + random.uniform(-30, 30), 0, 255)
    return faces


def save_faces(path: Path, count: int, seed: int = 1) -> Path:
    """Save generated faces with random labels and votes; three of five are for training."""
    random = np.random.default_rng(seed)
    np.savez(
        path,
        images=made_faces(count),
        label=random.integers(0, 7, count).astype(np.uint8),
        votes=random.integers(0, 4, (count, 10)).astype(np.uint8),
        usage=np.repeat([0, 0, 0, 1, 2], count // 5).astype(np.uint8),
    )
    return path


@pytest.fixture(scope="session")
def faces_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 160 faces: 96 for training, 32 for validation, 32 for the test."""
    return save_faces(tmp_path_factory.mktemp("data") / "faces.npz", 160)


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory, faces_file: Path) -> Path:
    """Return the folder of a finished smoke run.

    Beside it lies `interrupted`: what the same run had written after its first epoch.
    """
    from ml.training import callbacks, config, train

    folder = tmp_path_factory.mktemp("runs") / "whole"
    finish = callbacks.EpochState.on_epoch_end

    def keep(state: callbacks.EpochState, epoch: int, logs: Any = None) -> None:
        finish(state, epoch, logs)
        if not epoch:
            shutil.copytree(folder, folder.with_name("interrupted"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(callbacks.EpochState, "on_epoch_end", keep)
        train.train(config.SMOKE, faces_file, folder, resume=False)
    return folder


@pytest.fixture
def gradient() -> Photo:
    """Return (32, 48, 3): red grows to the right, green downwards, blue stays."""
    y, x = np.mgrid[0:32, 0:48]
    return np.stack([x * 5, y * 7, np.full_like(x, 90)], axis=2).astype(np.uint8)
