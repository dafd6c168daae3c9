"""Measure videos: `python -m detector.benchmarks.videos [--minutes 20] [--json FILE]`.

1. Frames per second of a 720p clip on one core, from the file to the expressions, beside
   `fer.Video` with its own detector on the same clip. Ours decodes in a process of its own on the
   same core.
2. The time of one worker and of two on the same video, through the whole platform, several times.
3. The memory of a worker early in a long video, and at its end.

Limits: at least five times the frames of `fer.Video`; two workers at most 0.6 of the time of one;
at the end at most a tenth more memory. The first needs the environment of `make bench-peers`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Final

from detector.tests.e2e import pictures
from detector.tests.e2e.platform import SERVING, Platform, running, until

CLIP_SECONDS: Final = 8
FRAME_RATE: Final = 25
SIZE: Final = (1280, 720)
MIN_RATIO, MAX_SHARE, MAX_GROWTH = 5.0, 0.6, 1.1
PATIENCE_SECONDS: Final = 3600
USUAL: Final = {"SWEEP_INTERVAL": "5", "ANALYSIS_LEASE": "30", "ANALYSIS_RESEND_AFTER": "20"}
"""The defaults of the settings that tests shorten."""
SECONDS: Final = """
from detector.models import Video
video = Video.objects.get()
print((video.finished_at - video.uploaded_at).total_seconds())
"""


def main() -> None:
    """Measure, print the figures, and fail where a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20, help="length of the long video")
    parser.add_argument("--seconds", type=int, default=120, help="of the video that is shared")
    parser.add_argument("--rounds", type=int, default=3, help="of one worker and of two")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures = {
        **speed(),
        **sharing(options.seconds, options.rounds),
        **memory(60 * options.minutes),
    }
    for name, value in figures.items():
        print(f"{name:32}{value:10.2f}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    beyond = [
        figures.get("times fer.Video", MIN_RATIO) < MIN_RATIO,
        figures["two workers over one"] > MAX_SHARE,
        figures["memory end over early"] > MAX_GROWTH,
    ]
    if any(beyond):
        sys.exit("A limit is exceeded.")


def speed() -> dict[str, float]:
    """Return the frames per second of ours and of `fer.Video`, with faces in as many frames."""
    with tempfile.TemporaryDirectory() as folder:
        clip, figures = Path(folder) / "clip.mp4", Path(folder) / "figures.json"
        clip.write_bytes(pictures.walk(CLIP_SECONDS, rate=FRAME_RATE, size=SIZE))
        module = [sys.executable, "-m", "ml.benchmarks.peers.videos"]
        subprocess.run([*module, str(clip), "--json", str(figures)], check=True)
        found: dict[str, float] = json.loads(figures.read_text(encoding="utf-8"))
        return found


def sharing(seconds: int, rounds: int) -> dict[str, float]:
    """Return the seconds of one worker and of two on the same video: medians, taken in turns."""
    video = pictures.walk(seconds, rate=5, size=SIZE)
    pairs = [[_seconds_of(video, workers) for workers in (1, 2)] for _ in range(rounds)]
    one, two = map(median, zip(*pairs, strict=True))
    share = median(both / alone for alone, both in pairs)
    return {"one worker, s": one, "two workers, s": two, "two workers over one": share}


def _seconds_of(video: bytes, workers: int) -> float:
    """Return the seconds from the upload of a video to its end, by the platform's own clock.

    Who asks whether it is done takes a processor's time, and hears of it later.
    """
    with tempfile.TemporaryDirectory() as folder:
        platform = Platform(Path(folder), SERVING, WORKER_CONCURRENCY=str(workers), **USUAL)
        with running(platform), platform.client(platform.token("filmer")) as client:
            sent = client.post("videos/", files={"video": ("clip.mp4", video)})
            address = sent.raise_for_status().headers["Location"]
            until(
                lambda: client.get(address).json()["status"] == "done",
                PATIENCE_SECONDS,
                "The analysis",
            )
            return float(platform.manage("shell", "--no-imports", "--command", SECONDS))


def memory(seconds: float) -> dict[str, float]:
    """Return the most memory of a worker after a tenth of a long video, and at its end, in MB."""
    video = pictures.walk(round(seconds), rate=5, size=(640, 360))
    with tempfile.TemporaryDirectory() as folder:
        platform = Platform(Path(folder), SERVING, WORKER_CONCURRENCY="1")
        with running(platform), platform.client(platform.token("filmer")) as client:
            sent = client.post("videos/", files={"video": ("long.mp4", video)})
            address = sent.raise_for_status().headers["Location"]

            def percent() -> int:
                return int(client.get(address).json()["progress"]["percent"])

            until(lambda: percent() >= 10, PATIENCE_SECONDS, "A tenth")
            early = _peak_megabytes(platform)
            until(lambda: percent() >= 100, PATIENCE_SECONDS, "The analysis")
            end = _peak_megabytes(platform)
    return {
        "memory early, MB": early,
        "memory at the end, MB": end,
        "memory end over early": end / early,
    }


def _peak_megabytes(platform: Platform) -> float:
    (worker,) = platform.children("worker")
    lines = Path(f"/proc/{worker}/status").read_text(encoding="utf-8").splitlines()
    (peak,) = (line for line in lines if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


if __name__ == "__main__":
    main()
