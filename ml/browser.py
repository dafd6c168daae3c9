"""Tells a browser what it needs to find faces and expressions as `ml.inference` does.

The scripts in `static/js/live/` repeat a part of this package: the detector with its closer looks,
but not the turning of faces on their side; the crop, the two networks that read it, calibration and
quality flags. They type no constant of their own: `constants` collects them from the modules and
from the manifest.
"""

from pathlib import Path
from typing import Any, Final

from ml import (
    centerface,
    centerface_graph,
    detection_views,
    face_check,
    face_detection,
    overlaps,
    preprocessing,
    quality,
    turned_faces,
)
from ml.labels import EMOTIONS
from ml.manifest import Manifest, sha256_of
from ml.types import NEAR_EDGE, Doubts

FRAME_SIDE: Final = 640
"""Long side to which larger frames are shrunk."""
DETECTION_SCALE: Final = face_detection.COARSE
"""Scale at which a frame goes through the detector. `CenterFace` looks at photos of 320 to 960
pixels at the same scale first, and no closer where their faces are clear. So both find the same,
but for what the server's eight bits change: docs/decisions/0042-detector-in-eight-bits.md."""
SLOW_DETECTION_SCALE: Final = 0.3
"""The same on a device that is too slow for it."""
HEAD: Final = "consensus"


def networks(weights: Manifest) -> dict[str, Path]:
    """Return the files of the networks by their part in the work."""
    return {
        "detector": centerface_graph.FLOAT32.path,
        "expression": weights.serving_path,
        "check": face_check.FOLDER / face_check.GRAPH,
    }


def checksums(weights: Manifest) -> dict[str, str]:
    """Return the SHA-256 of each of the `networks`, as it should be."""
    return {
        "detector": centerface_graph.FLOAT32.sha256,
        "expression": weights.sha256,
        "check": sha256_of(face_check.FOLDER / face_check.GRAPH),
    }


def constants(weights: Manifest) -> dict[str, Any]:
    """Return every constant that the scripts use, as plain values for JSON."""
    return {
        "version": weights.version,
        "emotions": list(EMOTIONS),
        "frameSide": FRAME_SIDE,
        "detectionScale": DETECTION_SCALE,
        "slowDetectionScale": SLOW_DETECTION_SCALE,
        "detector": _detector(),
        "closer": _closer(),
        "crop": {
            "size": preprocessing.CROP_SIZE,
            "sidePerSize": preprocessing.SIDE_PER_SIZE,
            "rise": preprocessing.RISE,
        },
        "classifier": _classifier(weights),
        "quality": _quality(),
    }


def _detector() -> dict[str, Any]:
    return {
        "input": centerface.INPUT,
        "outputs": list(centerface.OUTPUTS),
        "stride": centerface.STRIDE,
        "multiple": centerface.INPUT_MULTIPLE,
        "threshold": face_detection.SCORE_THRESHOLD,
        "faint": face_detection.FAINT_THRESHOLD,
        "trace": face_detection.TRACE_THRESHOLD,
        "largeShare": face_detection.LARGE_SHARE,
        "nmsIou": overlaps.NMS_IOU,
        "maxShared": overlaps.MAX_SHARED,
        "nearEdge": NEAR_EDGE,
        "maxRoll": turned_faces.MAX_ROLL,
        "maxWidth": turned_faces.MAX_WIDTH,
    }


def _closer() -> dict[str, Any]:
    """Return the constants of the looks that follow the first pass of the detector."""
    return {
        "clearSize": face_detection.CLEAR_SIZE,
        "traceSize": face_detection.TRACE_SIZE,
        "side": detection_views.CLOSE_UP,
        "wholeShare": face_detection.WHOLE_SHARE,
        "wholeSide": face_detection.SMALL_SIDE,
        "last": face_detection.LAST,
        "far": face_detection.FAR_THRESHOLD,
        "passes": [[one.side, one.wall] for one in face_detection.DETECTION_PASSES],
        "brightPercentile": detection_views.BRIGHT_PERCENTILE,
        "bright": detection_views.BRIGHT,
        "maxGain": detection_views.MAX_GAIN,
    }


def _classifier(weights: Manifest) -> dict[str, Any]:
    calibration = weights.calibration[HEAD]
    return {
        "head": HEAD,
        "mirrorBelow": weights.mirror_below,
        "softening": weights.softening,
        "temperature": calibration.temperature,
        "bias": list(calibration.bias),
        "uncertainThreshold": weights.uncertain_threshold,
    }


def _quality() -> dict[str, Any]:
    return {
        "flags": list(quality.FLAGS),
        "unreadable": sorted(quality.UNREADABLE),
        "doubts": list(Doubts._fields),
        "smallestFace": quality.SMALLEST_FACE,
        "minSharpness": quality.MIN_SHARPNESS,
        "maxTurn": quality.MAX_TURN,
        "eyesCovered": quality.EYES_COVERED,
        "mouthCovered": quality.MOUTH_COVERED,
        "minScore": quality.MIN_SCORE,
        # JSON has no infinity, and no score is above 1.
        "maxDoubt": [[min(below, 2.0), most] for below, most in quality.MAX_DOUBT],
        "maxOutside": quality.MAX_OUTSIDE,
    }
