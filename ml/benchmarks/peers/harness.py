"""Runs one package on given crops and photos, and writes its predictions to a file.

It runs in the package's own environment, so it may import nothing but NumPy.
"""

import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Classify = Callable[[NDArray[np.uint8]], str]
"""A crop (48, 48) uint8 grey → the name of an emotion, as in `ml.labels`."""
Analyse = Callable[[NDArray[np.uint8]], list[str]]
"""A photo (H, W, 3) uint8 RGB → the emotion of each face found."""

WARM_UP: Final = 20


def run(variants: dict[str, Classify], analyse: Analyse) -> None:
    """Read the first file of the command line and write the second.

    Input: `crops` (N, 48, 48), and one array per photo named photo:NAME. Output: each variant's
    answers and milliseconds per face (median and mean), the emotions in every photo, and the peak
    memory of the process in megabytes.
    """
    # One core, however many threads a package starts.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with np.load(sys.argv[1]) as file:
        arrays = {name: file[name] for name in file.files}
    crops = arrays["crops"]
    result: dict[str, Any] = {"answers": {}, "milliseconds": {}}
    for name, classify in variants.items():
        for crop in crops[:WARM_UP]:
            classify(crop)
        answers, seconds = [], []
        for crop in crops:
            began = time.perf_counter()
            answers.append(classify(crop))
            seconds.append(time.perf_counter() - began)
        result["answers"][name] = answers
        result["milliseconds"][name] = [
            1000 * statistics.median(seconds),
            1000 * statistics.fmean(seconds),
        ]
    result["photos"] = {
        name.removeprefix("photo:"): analyse(photo)
        for name, photo in arrays.items()
        if name.startswith("photo:")
    }
    result["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    Path(sys.argv[2]).write_text(json.dumps(result))
