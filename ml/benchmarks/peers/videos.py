"""Compares the speed on a video: `python -m ml.benchmarks.peers.videos CLIP [--json FILE]`.

Ours and `fer.Video`, each in its own environment and process on one core, analyse every frame of
the same file, from the file to the expressions. Seconds are those of the processor, so that other
work on the machine does not count; ours decodes in further processes, which count as well.
"""

import argparse
import json
import os
import resource
import subprocess
import time
from pathlib import Path
from typing import Any, Final

from ml import inference
from ml.benchmarks.peers.__main__ import OURS, environment
from ml.videos import process

PEER: Final = "fer"
WHOLE: Final = (0.0, 86_400.0)


def main() -> None:
    """Compare, print the figures and write them; or, for ours alone, answer with JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--ours", action="store_true", help="time ours alone, in this process")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.ours:
        print(json.dumps(timed(options.clip)))
        return
    module = ["-m", "ml.benchmarks.peers.videos", "--ours"]
    frames, faces, seconds = _answer(OURS, [*module, str(options.clip)])
    theirs = _answer(PEER, ["-m", "ml.benchmarks.peers.run_fer_video", str(options.clip)])
    figures = {
        "ours, frames/s": frames / seconds,
        "ours, frames with a face": faces,
        "fer.Video, frames/s": theirs[0] / theirs[2],
        "fer.Video, frames with a face": theirs[1],
        "times fer.Video": (frames / seconds) / (theirs[0] / theirs[2]),
    }
    for name, value in figures.items():
        print(f"{name:32}{value:10.2f}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def timed(clip: Path) -> tuple[int, int, float]:
    """Return the frames, those with a face, and the seconds of the processor that they took."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    inference.warm_up()
    analyser = inference.load()
    began, frames, faces = _seconds(), 0, 0
    with clip.open("rb") as file:
        rate = process.inspect(file).frame_rate
        for frame in process.sample(file, [WHOLE], rate=rate, side=1280):
            frames += 1
            faces += bool(analyser.analyse(frame.rgb))
    return frames, faces, _seconds() - began


def _seconds() -> float:
    """Return the time of the processor of this process and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _answer(package: str, arguments: list[str]) -> list[Any]:
    quiet = {"PYTHONPATH": str(Path.cwd()), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [str(environment(package)), *arguments], env=os.environ | quiet, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, check=True,
    )  # fmt: skip
    answer: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


if __name__ == "__main__":
    main()
