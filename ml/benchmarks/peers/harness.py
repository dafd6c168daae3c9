"""Runs one package on given crops and photos, and writes its predictions, or times them.

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

Decode = Callable[[str], NDArray[np.uint8]]
"""The path of a file → its photo (H, W, 3) uint8 RGB."""

WARM_UP: Final = 20
TIMING: Final = "--time"
"""The only argument of a package that is timed."""


def is_timed() -> bool:
    """Return whether the package is to be timed: `time_photos` instead of `run`."""
    return sys.argv[1:] == [TIMING]


def time_photos(decode: Decode, analyse: Analyse) -> None:
    """Read a path per line and answer with the number of faces and the milliseconds, as JSON.

    Milliseconds are those of the process on one core, from the file to the emotions.
    """
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        began = time.process_time()
        faces = len(analyse(decode(line.rstrip("\n"))))
        milliseconds = 1000 * (time.process_time() - began)
        print(json.dumps([faces, milliseconds]), file=answers, flush=True)


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
