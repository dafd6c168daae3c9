"""Analyse image files: `python -m ml.analyse PATH…` prints one JSON line per image.

A line is {"path", "width", "height", "faces"} or {"path", "error": {"code", "message"}}. Width and
height are those of the upright image; a face is as in `FaceAnalysis.as_dict`. The exit code is 1
when any file failed.
"""

import argparse
import io
import json
import sys
from pathlib import Path

from ml import images, inference
from ml.centerface_graph import FaceDetectorError
from ml.manifest import ManifestError


def analyse(path: Path, analyser: inference.Analyser) -> dict[str, object]:
    """Analyse one file. Returns its line of output."""
    try:
        with path.open("rb") as file:
            # As uploads are: decoding alone does not notice each damage.
            images.inspect(file)
            images.verify(file)
            rgb = images.decode(file).rgb
    except images.ImageError as error:
        return {"path": str(path), "error": {"code": error.code, "message": error.message}}
    except OSError as error:
        message = f"The file cannot be read: {error.strerror}."
        return {"path": str(path), "error": {"code": "unreadable_file", "message": message}}
    height, width = rgb.shape[:2]
    faces = [face.as_dict() for face in analyser.analyse(rgb)]
    return {"path": str(path), "width": width, "height": height, "faces": faces}


def main() -> int:
    """Parse the command line and analyse the files. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Find faces and classify their expressions.")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="an image file")
    parser.add_argument("--version", help="name of the weights")
    arguments = parser.parse_args()
    try:
        analyser = inference.load(arguments.version)
    except (ManifestError, FaceDetectorError) as error:
        parser.error(str(error))
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A path need not be text. What is none becomes an escape, which JSON has, too.
        sys.stdout.reconfigure(errors="backslashreplace")
    failed = False
    for path in arguments.paths:
        line = analyse(path, analyser)
        failed = failed or "error" in line
        print(json.dumps(line, ensure_ascii=False), flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
