"""What a process keeps of the memory that a large photo needed."""

import subprocess
import sys

MAX_KEPT_MB = 70
"""A photo of 12 megapixels takes 36 MB decoded, and 100 MB for a moment. What the detector works in
at its working scale is kept for the next photo."""

PROGRAM = """
import io, sys
from pathlib import Path

import numpy as np
from PIL import Image

from ml import images, inference, memory

def jpeg(width, height):
    file = io.BytesIO()
    Image.fromarray(np.full((height, width, 3), 128, np.uint8)).save(file, "JPEG")
    return file

def kept_after(file):
    rgb = images.decode(file).rgb
    analyser.analyse(rgb)
    pixels = rgb.size // 3
    del rgb
    memory.give_back(pixels)
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1024

inference.warm_up()
analyser = inference.load()
before = max(kept_after(jpeg(640, 480)) for _ in range(3))
print(kept_after(jpeg(4000, 3000)) - before)
"""


def test_a_large_photo_leaves_little_behind() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert float(ran.stdout) < MAX_KEPT_MB
