r"""Turn a finished run into weights that serve.

    python -m ml.training.export --run patient-wide --version v9 --data FILE.npz \
        --elsewhere OTHER.npz
    python -m ml.training.export --again v9 --version v10 --data FILE.npz

Writes `ml/weights/<version>/`: the Keras model without its optimizer, the ONNX graph that serves,
in int8 unless that costs accuracy, plots, and the manifest with calibration (fitted on validation
and, where they are given, on faces from elsewhere) and figures of the test split, which nothing
before this step looks at. `--again` takes the network of earlier weights and chooses only how it is
served. The folder appears whole or not at all.
"""

import argparse
import json
import os
import platform
import shutil
from datetime import UTC, datetime
from importlib.metadata import version as library_version
from pathlib import Path
from typing import Any, Final

# TensorFlow logs to stderr as soon as it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from numpy.typing import NDArray

from ml import architectures, calibration, inference, manifest
from ml.classifier import Classifier
from ml.labels import EMOTIONS, HEADS
from ml.training import data, figures, history, robustness, shift
from ml.training.calibrate import CERTAIN_ACCURACY, Fit, fit
from ml.training.files import RUNS, write_whole
from ml.training.judge import judge_splits
from ml.training.quantization import quantize

KERAS_FILE: Final = "model.keras"
GRAPH_FILE: Final = "model.onnx"
QUANTIZED_FILE: Final = "model.int8.onnx"
QUANTIZATION_COST: Final = 0.002
"""Mean accuracy of the heads on validation that the quantized graph may lose and still serve."""
LIBRARIES: Final = ("keras", "tensorflow", "numpy", "onnx", "tf2onnx", "onnxruntime")


def export_graph(model: keras.Model, path: Path) -> None:
    """Write the ONNX graph: `crops` (N, 48, 48, 1) float32 → both heads (N, 7) float32.

    Raises ValueError where it does not answer as the model does: not every layer survives.
    """
    crops = np.random.default_rng(2013).integers(0, 256, (8, *manifest.INPUT_SHAPE), np.uint8)
    # Keras learns the signature from a call.
    expected = model(crops.astype(np.float32))
    model.export(str(path), format="onnx", verbose=False)
    found = Classifier(path).logits(crops[..., 0])
    for head in HEADS:
        if not np.allclose(found[head], expected[head], rtol=1e-3, atol=1e-3):
            raise ValueError(f"the exported graph of {model.name} answers otherwise than it does")


def export(
    run: Path,
    version: str,
    faces: Path,
    weights: Path = manifest.WEIGHTS_FOLDER,
    against: str = inference.DEFAULT_VERSION,
    elsewhere: Path | None = None,
) -> Path:
    """Export the run's best weights as a version, replacing an older one; the new folder.

    `elsewhere` has faces that take part in choosing how it serves. Its robustness is measured
    beside that of the version `against`.
    """
    part, target = weights / f".{version}.part", weights / version
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    model = architectures.for_serving(architectures.load(run / "best.keras"))
    model.save(part / KERAS_FILE)
    export_graph(model, part / GRAPH_FILE)
    splits = {split: data.load(faces, split) for split in data.Split}
    training, validation = splits[data.Split.TRAIN], splits[data.Split.VALIDATION]
    quantize(part / GRAPH_FILE, training.images, part / QUANTIZED_FILE)
    others = data.load(elsewhere) if elsewhere else None
    fits = {
        name: fit(part / name, training, validation, others)
        for name in (GRAPH_FILE, QUANTIZED_FILE)
    }
    serving = serving_file(fits)
    if serving != GRAPH_FILE:
        (part / GRAPH_FILE).unlink()  # the Keras model has the same weights
    fitted = fits[serving]
    judgement = judge_splits(part / serving, fitted, splits, others)
    classify = _classify(part / serving, fitted)
    hardened = _robustness(classify, version, validation)
    if against != version:
        hardened["accuracy"][against] = _curves(against, faces, validation)
    epochs = history.read(run)
    history.write(part, epochs)
    figures.save(figures.history(epochs), part / "history.png")
    figures.save(figures.confusion(judgement.matrices), part / "confusion_matrix.png")
    figures.save(figures.reliability(judgement.reliability), part / "reliability.png")
    figures.save(figures.robustness(hardened["accuracy"]), part / "robustness.png")
    document = {
        "version": version,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "serving": {
            "file": serving,
            "mirror_below": fitted.view.mirror_below,
            "softening": fitted.view.soften,
        },
        "validation_by_export": {
            name: {"accuracy": each.accuracy, "merit": each.merit} for name, each in fits.items()
        },
        "input": {
            "shape": list(manifest.INPUT_SHAPE),
            "dtype": "float32",
            "range": list(manifest.INPUT_RANGE),
            "colour": "grayscale, BT.601 luma, 0 black to 255 white",
        },
        "labels": list(EMOTIONS),
        "heads": list(HEADS),
        "parameters": int(model.count_params()),
        "data": _data(faces, splits, others),
        "seed": _training(run, epochs, faces)["config"]["seed"],
        "training": _training(run, epochs, faces),
        **_calibration(fitted, others is not None),
        "metrics": judgement.results,
        "robustness": hardened,
        "shift": _shift(classify, fitted, splits[data.Split.TEST], others),
        "libraries": {name: library_version(name) for name in LIBRARIES}
        | {"python": platform.python_version()},
    }
    manifest.write(document, part)
    old = weights / f".{version}.old"
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.replace(old)
    part.replace(target)
    shutil.rmtree(old, ignore_errors=True)
    return target


def unpack(weights: manifest.Manifest, runs: Path) -> Path:
    """Write the finished run of weights below `runs`, as far as an export needs it.

    Raises ManifestError where a file of it is altered or not kept.
    """
    manifest.verify_files(weights)
    training = weights.document["training"]
    run = runs / f"{weights.version}-again"
    run.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(weights.provenance(KERAS_FILE), run / "best.keras")
    history.write(run, history.read(weights.provenance(history.FILE).parent))
    write_whole(run / "config.json", json.dumps(training["config"]))
    write_whole(run / "best.json", json.dumps({"epoch": training["best_epoch"]}))
    return run


def serving_file(fits: dict[str, Fit]) -> str:
    """Return the export that serves: the quantized one, unless that costs accuracy."""
    reached = {
        name: np.mean([np.mean(list(heads.values())) for heads in each.accuracy.values()])
        for name, each in fits.items()
    }
    worth = reached[QUANTIZED_FILE] >= reached[GRAPH_FILE] - QUANTIZATION_COST
    return QUANTIZED_FILE if worth else GRAPH_FILE


def _data(
    faces: Path, splits: dict[data.Split, data.FaceDataset], others: data.FaceDataset | None
) -> dict[str, Any]:
    return {
        "elsewhere": 0 if others is None else len(others),
        "name": "FER2013 (arXiv:1307.0414) with FER+ votes (arXiv:1608.01041)",
        "file": faces.name,
        "sha256": manifest.sha256_of(faces),
        "splits": {split.name.lower(): len(rows) for split, rows in splits.items()},
        "licence": "The images came from a web search; their licence is unsettled.",
    }


def _training(run: Path, epochs: list[history.Epoch], faces: Path) -> dict[str, Any]:
    config = json.loads((run / "config.json").read_text())
    best = json.loads((run / "best.json").read_text())
    return {
        "command": _command(config, faces.name),
        "config": config,
        "seed": config["seed"],
        "epochs": len(epochs),
        "best_epoch": best["epoch"],
        "seconds": round(sum(epoch["seconds"] for epoch in epochs)),
    }


def _command(config: dict[str, Any], faces: str) -> str:
    command = f"python -m ml.training.train --config {config['name']} --data {faces}"
    if share := config.get("share_of_run"):
        options = f"--data {faces} --run {config['name']} --share {share:g}"
        command += f" && python -m ml.training.interpolate {options}"
    return command


def _classify(network: Path, fitted: Fit) -> robustness.Classify:
    """Return what gives the probabilities of the head that people see, as they are served."""
    classifier = fitted.classifier(network)
    constants = fitted.heads["consensus"].calibration

    def classify(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return calibration.probabilities(classifier.logits(crops)["consensus"], constants)

    return classify


def _robustness(
    classify: robustness.Classify, version: str, validation: data.FaceDataset
) -> dict[str, Any]:
    """Return the accuracy under each change."""
    curves = {version: robustness.measure(classify, validation)}
    return {"split": "validation", "head": "consensus", "accuracy": curves}


def _shift(
    classify: robustness.Classify,
    fitted: Fit,
    test: data.FaceDataset,
    others: data.FaceDataset | None,
) -> dict[str, shift.Figures]:
    """Return how honest confidences are, on the test split and on faces from elsewhere."""
    sets = {"test": test} if others is None else {"test": test, "elsewhere": others}
    threshold = fitted.uncertain.threshold
    return {name: shift.measure(classify, faces, threshold) for name, faces in sets.items()}


def _curves(version: str, faces: Path, validation: data.FaceDataset) -> robustness.Curves:
    """Return the curves of other weights; from their manifest, if it is about the same faces."""
    document = manifest.read(version).document
    if document["data"]["sha256"] == manifest.sha256_of(faces) and "robustness" in document:
        known: robustness.Curves = document["robustness"]["accuracy"][version]
        return known
    return robustness.measure(inference.load(version).classify, validation)


def _calibration(fitted: Fit, elsewhere: bool) -> dict[str, Any]:
    fitted_on = "validation and elsewhere" if elsewhere else "validation"
    heads = {}
    for name, head in fitted.heads.items():
        heads[name] = {
            "temperature": head.calibration.temperature,
            "bias": dict(zip(EMOTIONS, head.calibration.bias, strict=True)),
            "prior": dict(zip(EMOTIONS, head.prior, strict=True)),
        }
    return {
        "calibration": {"fitted_on": fitted_on, **heads},
        "uncertain": {
            "threshold": fitted.uncertain.threshold,
            "wanted_accuracy": CERTAIN_ACCURACY,
            "validation_coverage": fitted.uncertain.coverage,
            "validation_accuracy": fitted.uncertain.accuracy,
        },
    }


def main() -> None:
    """Parse the command line and export."""
    parser = argparse.ArgumentParser(description="Export a finished run for serving.")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--run", help="name of the run under var/training/")
    source.add_argument("--again", help="weights whose network is to be served in a new way")
    parser.add_argument("--version", required=True, help="name of the weights to write")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of faces")
    parser.add_argument("--elsewhere", type=Path, help="an .npz of faces from elsewhere")
    parser.add_argument(
        "--against", default=inference.DEFAULT_VERSION, help="weights to compare robustness with"
    )
    arguments = parser.parse_args()
    again = arguments.again
    try:
        run = unpack(manifest.read(again), RUNS) if again else RUNS / arguments.run
        manifest.verify_files(manifest.read(arguments.against))
    except manifest.ManifestError as error:
        parser.error(str(error))
    where, elsewhere = arguments.data, arguments.elsewhere
    print(export(run, arguments.version, where, against=arguments.against, elsewhere=elsewhere))


if __name__ == "__main__":
    main()
