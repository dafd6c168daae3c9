"""Networks and changes to images are the same on every backend of Keras that trains."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ml import manifest
from ml.calibration import softmax
from ml.labels import HEADS
from ml.tests.conftest import made_faces
from ml.tests.test_augmentation import HARSH, changed

pytestmark = [pytest.mark.training, pytest.mark.weights]

PROGRAM = """
import sys
# Keras would import it, only to see whether what it loads is TensorFlow's own.
sys.modules["tensorflow"] = None
import jax
import numpy as np
import keras
from ml import architectures
from ml.tests.test_augmentation import HARSH, drawn
from ml.training.augmentation import augment

assert keras.backend.backend() == "jax"
crops = np.load(sys.argv[1])
model = architectures.load(sys.argv[2])
said = model.predict(crops[..., None].astype(np.float32), verbose=0)
# Compiled as a whole, as training does; operation by operation takes three times as long.
change = jax.jit(lambda images, draws: augment(images, draws, HARSH))
changed = change(crops[..., None].astype(np.float32), drawn(len(crops), seed=5))
np.savez(sys.argv[3], changed=np.asarray(changed)[..., 0], **said)
"""
HASTY = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
"""Compile at once, not well: what is compiled here runs once."""


def test_a_checkpoint_says_the_same_with_jax(tmp_path: Path) -> None:
    if not importlib.util.find_spec("jax"):
        assert os.environ.get("REQUIRE_SERVICES") != "1", "jax is not installed"
        pytest.skip("jax is not installed")
    from ml import architectures

    crops = made_faces(16)
    weights = manifest.read(manifest.DEFAULT_VERSION).provenance("model.keras")
    np.save(tmp_path / "crops.npy", crops)
    files = (tmp_path / "crops.npy", weights, tmp_path / "found.npz")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, files)],
        env=os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": HASTY},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    expected: dict[str, NDArray[np.float32]] = architectures.load(weights).predict(
        crops[..., None].astype(np.float32), verbose=0
    )
    with np.load(tmp_path / "found.npz") as found:
        for head in HEADS:
            assert np.abs(softmax(found[head]) - softmax(expected[head])).max() < 1e-4
        apart = np.abs(found["changed"] - changed(crops, HARSH))
    # A coefficient of JPEG that lies between two steps may be rounded either way.
    assert np.median(apart) < 0.01
    assert apart.mean() < 0.5
