"""Teach the small network that sees covered eyes, covered mouths and what is no face.

    python -m ml.training.face_check --data FILE.npz

It looks at crops of the train split, of which half get a cover (`ml.training.covering`), and at
crops of pictures without a face (`ml.training.invented`), where the detector sees something like
one and anywhere else; moved, turned and scaled as much as the serving path does. Writes
`ml/weights/face_check/`: the ONNX graph and `face_check.json` with its checksum and command. What
it finds: `ml.training.studies.covered_faces` and `ml.training.studies.invented_faces`. Takes some
ten minutes on one core.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import cv2
import keras
import numpy as np
from keras import layers
from numpy.random import Generator
from numpy.typing import NDArray

from ml import face_check, manifest, preprocessing
from ml.face_detection import CenterFace
from ml.training import covering, data, invented
from ml.training.files import write_whole
from ml.types import Doubts

Crops = NDArray[np.uint8]
EPOCHS: Final = 6
ROWS: Final = 8_000
"""Crops of faces an epoch."""
BATCH: Final = 128
WIDTHS: Final = (16, 32, 48)
SHARES: Final = (0.42, 0.19, 0.21, 0.05, 0.13)
"""Of the faces of an epoch: as they are, eyes, mouth, both covered, covered beside them."""
PLACES: Final = ((False, False), (True, False), (False, True), (True, True), (False, False))
FACELESS_SHARE: Final = 0.25
"""Crops without a face that an epoch has, over those with one."""
PICTURES: Final = 24
"""Pictures without a face of each kind."""
PICTURES_SEED: Final = 1
"""Other pictures than `ml.training.studies.invented_faces` judges by."""
SCALES: Final = (0.35, 1.0, 1.7)
"""The detector is mistaken at other sizes, too."""
LEAST_LIKELY: Final = 0.04
"""Detection score from which something in such a picture is shown as no face."""
SHIFT: Final = 2.2
"""Standard deviation in pixels by which a crop is moved."""


def network() -> keras.Model:
    """Return a network: standardised crops (N, 48, 48, 1) → logits (N, 3) of `Doubts`."""
    crops = keras.Input((covering.SIDE, covering.SIDE, 1), name="crops")
    x = crops
    for width in WIDTHS:
        x = layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    return keras.Model(crops, layers.Dense(len(Doubts._fields), name="doubts")(x))


def faceless(kind: str, count: int) -> list[Crops]:
    """Return crops of pictures of a kind: what looks like a face, and squares anywhere."""
    detector = CenterFace(score_threshold=LEAST_LIKELY, passes=())
    random = np.random.default_rng([PICTURES_SEED, list(invented.KINDS).index(kind)])
    crops = []
    for picture in invented.pictures(kind, count, PICTURES_SEED):
        for scale in SCALES:
            sized = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            seen = np.asarray(sized, np.uint8)
            likely = sorted(detector.look(seen), key=lambda face: -face.score)[:3]
            crops += [preprocessing.crop(seen, face) for face in likely]
        for _ in range(2):
            x, y = random.uniform(0, 1, 2) * picture.shape[1::-1]
            square = preprocessing.Frame(x, y, random.uniform(20, 200), random.uniform(-180, 180))
            crops.append(preprocessing.cut(picture, square))
    return crops


def moved(crop: Crops, random: Generator) -> Crops:
    """Turn, scale, shift, mirror and relight crops at random."""
    middle = (covering.SIDE - 1) / 2
    scale = float(np.exp(random.normal(0, 0.07)))
    turn = cv2.getRotationMatrix2D((middle, middle), random.normal(0, 7), scale)
    matrix = np.asarray(turn, np.float64)
    matrix[:, 2] += random.normal(0, SHIFT, 2)
    changed = cv2.warpAffine(crop, matrix, crop.shape, borderMode=cv2.BORDER_REPLICATE)
    if random.random() < 0.3:
        changed = cv2.GaussianBlur(changed, (0, 0), random.uniform(0.3, 1.2))
    if random.random() < 0.5:
        changed = changed[:, ::-1]
    lit = changed * random.uniform(0.5, 1.3) + random.normal(0, random.choice([0, 3, 8]), (48, 48))
    return np.clip(lit, 0, 255).astype(np.uint8)


def epoch(faces: Crops, nothing: Crops, number: int) -> tuple[Any, Any]:
    """Return the standardised crops of an epoch and their doubts (N, 3)."""
    random = np.random.default_rng([2013, number])
    rows = random.permutation(len(faces))[:ROWS]
    kinds = random.choice(len(SHARES), len(rows), p=SHARES)
    crops, amiss = [], []
    for row, kind in zip(rows, kinds, strict=True):
        crop = covering.covered(faces[row], PLACES[kind], faces, random) if kind else faces[row]
        crops.append(moved(crop, random))
        amiss.append((*PLACES[kind], False))
    for row in random.integers(0, len(nothing), int(FACELESS_SHARE * len(rows))):
        crops.append(moved(nothing[row], random))
        amiss.append((False, False, True))
    return face_check.standardised(np.stack(crops)), np.array(amiss, np.float32)


def teach(faces: Crops, nothing: Crops, epochs: int) -> keras.Model:
    """Train a network for so many epochs, and return it."""
    keras.utils.set_random_seed(2013)
    model = network()
    steps = epochs * int(min(ROWS, len(faces)) * (1 + FACELESS_SHARE) / BATCH + 1)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps, warmup_target=2e-3, warmup_steps=max(steps // 10, 1)
    )
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=1e-3),
        keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.01),
    )
    for number in range(epochs):
        history = model.fit(*epoch(faces, nothing, number), batch_size=BATCH, verbose=0)
        print(f"epoch {number + 1}: loss {history.history['loss'][0]:.4f}", flush=True)
    return model


def main() -> None:
    """Parse the command line, teach and write."""
    parser = argparse.ArgumentParser(description="Teach what speaks against reading a crop.")
    parser.add_argument("--data", type=Path, required=True, help="the .npz of faces")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--pictures", type=int, default=PICTURES, help="of each kind")
    parser.add_argument(
        "--without", nargs="*", default=(), choices=list(invented.KINDS), help="kinds to leave out"
    )
    parser.add_argument("--folder", type=Path, default=face_check.FOLDER, help="where to write")
    arguments = parser.parse_args()
    faces = data.load(arguments.data, data.Split.TRAIN)
    kinds = [kind for kind in invented.KINDS if kind not in arguments.without]
    nothing = np.stack([crop for kind in kinds for crop in faceless(kind, arguments.pictures)])
    print(f"{len(nothing)} crops without a face", flush=True)
    model = teach(faces.take(faces.has_consensus).images, nothing, arguments.epochs)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    graph = arguments.folder / face_check.GRAPH
    model.export(str(graph), format="onnx", verbose=False)
    document = {
        "file": face_check.GRAPH,
        "sha256": manifest.sha256_of(graph),
        "command": "python -m ml.training.face_check --data fer2013plus.npz",
        "epochs": arguments.epochs,
        "crops_without_a_face": len(nothing),
    }
    write_whole(arguments.folder / face_check.DOCUMENT, json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
