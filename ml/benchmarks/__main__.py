"""Measures the speed of serving: `python -m ml.benchmarks [--version NAME] [--json FILE]`.

Only the weights are needed. The pictures are synthetic, since time depends on their size alone.
"""

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from ml import inference, manifest, preprocessing
from ml.classifier import Classifier
from ml.types import Box, FaceDetection

PHOTO: Final = (1224, 1632)
"""Height and width of the photo: 2 megapixels."""
BATCHES: Final = (1, 8, 32)


def median_ms(call: Callable[[], object], rounds: int) -> float:
    """Return the median milliseconds of a call, after one call to warm up."""
    call()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return float(np.median(times) * 1000)


def run(version: str | None = None, rounds: int = 20) -> dict[str, float]:
    """Measure, in milliseconds, loading, each step of a 2-megapixel photo and batches of crops."""
    inference.unload()
    began = time.perf_counter()
    analyser = inference.load(version)
    inference.warm_up(version)
    results = {"load_and_warm_up_ms": (time.perf_counter() - began) * 1000}
    random = np.random.default_rng(2013)
    photo = random.integers(0, 256, (*PHOTO, 3), dtype=np.uint8)
    results["analyse_2_megapixels_ms"] = median_ms(lambda: analyser.analyse(photo), rounds)
    eyes_to_mouth = np.array([[400, 420], [500, 420], [450, 480], [410, 530], [490, 530]])
    face = FaceDetection(Box(350, 350, 200, 240), eyes_to_mouth.astype(np.float32), 0.9)
    results["align_ms"] = median_ms(lambda: preprocessing.crop(photo, face), rounds)
    for batch in BATCHES:
        crops = random.integers(0, 256, (batch, 48, 48), dtype=np.uint8)
        results[f"classify_{batch}_ms"] = _classify_ms(analyser, crops, rounds)
    weights = manifest.read(analyser.version)
    alone = Classifier(weights.serving_path, soften=weights.softening, threads=1)
    for views, mirror_below in (("one_view", 0.0), ("two_views", 1.0)):
        look = partial(alone.logits, crops[:1], mirror_below)
        results[f"one_thread_{views}_ms"] = median_ms(look, 5 * rounds)
    results["explain_ms"] = median_ms(lambda: analyser.explain(crops[0], "happy"), rounds)
    results["faces_per_second"] = BATCHES[-1] * 1000 / results[f"classify_{BATCHES[-1]}_ms"]
    return {name: round(value, 2) for name, value in results.items()}


def _classify_ms(analyser: inference.Analyser, crops: np.ndarray, rounds: int) -> float:
    return median_ms(lambda: analyser.classify(crops), rounds)


def main() -> None:
    """Parse the command line, measure and print the results."""
    parser = argparse.ArgumentParser(description="Measure the speed of serving.")
    parser.add_argument("--version", help="name of the weights")
    parser.add_argument("--rounds", type=int, default=20, help="calls of each kind")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    results = run(arguments.version, arguments.rounds)
    for name, value in results.items():
        print(f"{name:28}{value:10.2f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
