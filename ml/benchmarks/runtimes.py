"""Compares serving runtimes on our network: `python -m ml.benchmarks.runtimes`.

Needs TensorFlow for Keras' results and for the conversion to LiteRT. LiteRT is measured where
`--litert-python` names an interpreter with `ai-edge-litert` and NumPy. Each measurement has its own
process. The runtimes alternate, so that other load slows all of them alike.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf

from ml import manifest

PROBE: Final = Path(__file__).with_name("runtime_probe.py")
FACES: Final = 200


def prepare(version: str, folder: Path) -> tuple[dict[str, Path], Path]:
    """Return the graph of each runtime, and the file of crops with Keras' logits."""
    weights = manifest.read(version)
    model = keras.saving.load_model(weights.provenance("model.keras"), compile=False)
    random = np.random.default_rng(2013)
    crops = random.uniform(0, 255, (FACES, *manifest.INPUT_SHAPE)).astype(np.float32)
    expected = folder / "crops.npz"
    np.savez(expected, crops=crops, **model.predict(crops, verbose=0))
    lite = folder / "model.tflite"
    lite.write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
    graph = weights.serving_path
    return {"onnxruntime": graph, "opencv": graph, "litert": lite}, expected


def probe(python: str, mode: str, runtime: str, graph: Path, crops: Path) -> dict[str, float]:
    """Measure once in a new process. Returns {"crashed": code} where that process died."""
    command = [python, str(PROBE), mode, runtime, str(graph), str(crops)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return {"crashed": float(done.returncode)}
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def compare(version: str, rounds: int, litert_python: str | None) -> dict[str, dict[str, float]]:
    """Return the figures of each runtime, as medians over `rounds` measurements."""
    with tempfile.TemporaryDirectory() as folder:
        graphs, crops = prepare(version, Path(folder))
        pythons = {"onnxruntime": sys.executable, "opencv": sys.executable}
        if litert_python:
            pythons["litert"] = litert_python
        turns: dict[str, list[dict[str, float]]] = {name: [] for name in pythons}
        for _ in range(rounds):
            for name, python in pythons.items():
                turns[name].append(probe(python, "speed", name, graphs[name], crops))
        table = {
            name: {key: statistics.median(turn[key] for turn in found) for key in found[0]}
            for name, found in turns.items()
        }
        for name, python in pythons.items():
            table[name] |= probe(python, "threads", name, graphs[name], crops)
    return table


def main() -> None:
    """Parse the command line, compare and print the results."""
    parser = argparse.ArgumentParser(description="Compare serving runtimes on our network.")
    parser.add_argument("--version", default=manifest.DEFAULT_VERSION, help="exported weights")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each runtime")
    parser.add_argument("--litert-python", help="interpreter with ai-edge-litert and NumPy")
    arguments = parser.parse_args()
    table = compare(arguments.version, arguments.rounds, arguments.litert_python)
    for name, figures in table.items():
        print(name, *(f"{key} {value:.3g}" for key, value in figures.items()), sep=" | ")


if __name__ == "__main__":
    main()
