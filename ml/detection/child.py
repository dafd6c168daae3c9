"""Analyses photos that come through a pipe: `python -m ml.detection.child MEMORY_BYTES`.

A request is a line of JSON with the number of `bytes`, the limits and the version of the weights.
The photo follows as plain bytes. The answer is a line of JSON: size, model, faces and times, or an
`error`. The process can write no file, leaves no core dump, and ends with its input.
"""

import io
import json
import resource
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, Final

PIPES: Final = (0, 1)


def limit(memory_bytes: int) -> None:
    """Limit the memory of this process, and forbid it to write files."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer one request after the other until the input ends."""
    for line in iter(requests.readline, b""):
        request = json.loads(line)
        photo = requests.read(request["bytes"])
        answers.write(json.dumps(_answer(request, photo)).encode() + b"\n")
        answers.flush()


def _answer(request: dict[str, Any], photo: bytes) -> dict[str, Any]:
    from ml.centerface_graph import FaceDetectorError
    from ml.images import ImageError
    from ml.manifest import ManifestError

    try:
        return analyse(request, photo)
    except ImageError as error:
        problem = {"code": error.code, "message": error.message, "details": error.details}
    except (ManifestError, FaceDetectorError) as error:
        problem = {"code": "model_unusable", "message": str(error), "details": {}}
    except MemoryError:
        message = "To read the photo takes too much time or memory."
        problem = {"code": "image_too_costly", "message": message, "details": {}}
    return {"error": problem}


def analyse(request: dict[str, Any], photo: bytes) -> dict[str, Any]:
    """Check, decode and analyse a photo as an upload is. Raises ImageError or ManifestError."""
    from ml import images, inference, memory

    limits, file = images.Limits(**request["limits"]), io.BytesIO(photo)
    folder = Path(request["models_folder"])
    timings: dict[str, float] = {}

    def stage_done(stage: str, milliseconds: float) -> None:
        timings[stage] = round(milliseconds, 1)

    began = time.perf_counter()
    header = images.inspect(file, limits)
    images.verify(file, limits)
    rgb = images.decode(file, limits).rgb
    stage_done("normalise", 1000 * (time.perf_counter() - began))
    try:
        analyser = inference.load(request["version"], folder)
        found = analyser.analyse(rgb, on_stage=stage_done)
        height, width = rgb.shape[:2]
    finally:
        pixels = rgb.shape[0] * rgb.shape[1]
        del rgb
        memory.give_back(pixels)
    return {
        "format": header.format,
        "width": width,
        "height": height,
        "model": {"name": analyser.version, "sha256": analyser.sha256},
        # Boxes and scores as they are stored, not rounded for people.
        "faces": [
            face.as_dict() | {"box": asdict(face.box), "detection_score": face.detection_score}
            for face in found
        ],
        "timings_ms": timings,
    }


def main() -> None:
    """Limit this process, then answer what comes."""
    limit(int(sys.argv[1]))
    requests, answers = PIPES
    with open(requests, "rb", closefd=False) as into, open(answers, "wb", closefd=False) as out:
        serve(into, out)


if __name__ == "__main__":
    main()
