"""Training configurations as typed Python, chosen by name on the command line."""

from dataclasses import dataclass, field, replace
from typing import Final, Literal


@dataclass(frozen=True)
class Augmentation:
    """Ranges of the random changes; see `ml.training.augmentation`."""

    rotation_degrees: float = 15.0
    zoom: float = 0.15
    shift: float = 0.08
    brightness: float = 0.2
    contrast: float = 0.3
    erase_probability: float = 0.3
    blur_probability: float = 0.0
    noise: float = 0.0
    mixup: float = 0.0
    gamma: float = 0.0
    slope: float = 0.0
    cover_probability: float = 0.0
    coarse_probability: float = 0.0
    jpeg_probability: float = 0.0


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a training run besides the data.

    `channels` are the output channels of the convolution blocks, `convolutions` how many each
    has, `dropout` the rates after them. `precision` is Keras' dtype policy: weights stay float32,
    with "mixed_bfloat16" the arithmetic between them has eight bits of mantissa. `teachers` are
    released versions or files of `ml/weights/teachers/`; their mean opinion of each changed image
    makes up `teachers_share` of its target; with `teachers_study` their opinion of the unchanged
    one, seen from several distances. `sharpness_radius` above 0 is that of `ml.training.sharpness`.
    `start` is one whose weights the run begins with; layers whose names begin as one of `frozen`
    keep them. After `patience` epochs without a better one
    the run ends; 0 lets it come to the end of its schedule.
    `block`, `squeeze_excitation` and `side` are those of `ml.architectures.vgg`; `emotion_weights`
    multiply the loss of faces by what they show, 1 unless named. Faces come up in proportion to the
    rarity of what they show to the power of `balance`; with 0 each comes once an epoch.
    """

    name: str
    channels: tuple[int, ...]
    convolutions: tuple[int, ...]
    dropout: tuple[float, ...]
    dense_units: int
    dense_dropout: float
    epochs: int
    batch_size: int = 64
    peak_learning_rate: float = 2e-3
    warmup_share: float = 0.3
    weight_decay: float = 0.02
    gradient_clip_norm: float = 5.0
    ema_momentum: float = 0.999
    label_smoothing: dict[str, float] = field(
        default_factory=lambda: {"consensus": 0.03, "fer2013": 0.07}
    )
    loss_weights: dict[str, float] = field(
        default_factory=lambda: {"consensus": 1.0, "fer2013": 1.0}
    )
    augmentation: Augmentation = Augmentation()
    precision: str = "float32"
    teachers: tuple[str, ...] = ()
    teachers_share: float = 0.0
    teachers_study: bool = False
    sharpness_radius: float = 0.0
    start: str | None = None
    frozen: tuple[str, ...] = ()
    patience: int = 0
    block: Literal["plain", "residual", "separable"] = "plain"
    squeeze_excitation: bool = False
    side: int = 48
    emotion_weights: dict[str, float] = field(default_factory=dict)
    balance: float = 0.0
    seed: int = 2013


BASELINE: Final = TrainingConfig(
    name="baseline",
    channels=(32, 64, 128, 256),
    convolutions=(2, 2, 2, 2),
    dropout=(0.10, 0.15, 0.20, 0.25),
    dense_units=256,
    dense_dropout=0.5,
    epochs=18,
)
"""VGG-like first network; about an hour on two cores.

Command: `make train` or `python -m ml.training.train --config baseline --data FILE.npz`.
What it reached stands in the manifest of the weights exported from it.
"""

LONG: Final = replace(
    BASELINE,
    name="long",
    convolutions=(1, 2, 3, 2),
    epochs=48,
    batch_size=128,
    peak_learning_rate=3e-3,
    precision="mixed_bfloat16",
)
"""As deep where it costs least, for longer: the baseline ended while accuracies were rising.

One to two hours on two cores that compute in bfloat16:
`python -m ml.training.train --config long --data FILE.npz`, again with `--resume` after a stop.
"""

WIDE: Final = replace(
    LONG, name="wide", channels=(48, 96, 192, 256), convolutions=(1, 2, 2, 3), epochs=22, seed=7
)
"""Wider, as a second opinion: 2.8 million parameters, 2.5 minutes an epoch on two cores.

Command: `python -m ml.training.train --config wide --data FILE.npz --resume`.
"""

STUDENT: Final = replace(
    LONG,
    name="student",
    epochs=50,
    peak_learning_rate=2e-3,
    label_smoothing={"consensus": 0.0, "fer2013": 0.0},
    start="v2",
    teachers=("v2",),
    teachers_share=0.5,
)
"""The network of `LONG`, on from v2 and taught by it, as born-again networks are (Furlanello et al.
2018, arXiv:1805.04770): half of its labels are people's, half v2's. Two hours on two cores.

Command: `python -m ml.training.train --config student --data FILE.npz --resume`.
"""

FLAT: Final = replace(
    STUDENT,
    name="flat",
    epochs=12,
    peak_learning_rate=1e-3,
    warmup_share=0.15,
    augmentation=Augmentation(blur_probability=0.1, noise=6.0),
    precision="float32",
    start="v3",
    teachers=("v3",),
    teachers_study=True,
    sharpness_radius=0.15,
)
"""On from v3 towards a flatter minimum, taught by what v3 says when it looks closely.

`STUDENT` ended where it began to learn its faces by heart: its best epoch was 36 of 50. Seeking
flat minima late is nearly as good as from the start (Zhou et al. 2024, arXiv:2410.10373). An hour
and a half on two cores in float32; no better than v3 (docs/decisions/0011-softened-crops.md).

Command: `python -m ml.training.train --config flat --data FILE.npz --resume`.
"""

STURDY: Final = replace(
    STUDENT,
    name="sturdy",
    epochs=24,
    peak_learning_rate=1e-3,
    warmup_share=0.15,
    augmentation=Augmentation(blur_probability=0.3, noise=15.0),
    start="v3",
    teachers=("v3",),
    teachers_study=True,
)
"""On from v3 on blurred and noisy copies, taught by what v3 says of the clean ones.

v3 loses nine points of accuracy to noise of 10 grey levels or a blur of one pixel. Half an hour on
two cores that compute in bfloat16. Then `python -m ml.training.interpolate`, since it forgets a
little of clean faces (docs/decisions/0016-blurred-and-noisy-faces.md).

Command: `python -m ml.training.train --config sturdy --data FILE.npz --resume`.
"""

BROAD: Final = replace(
    WIDE,
    name="broad",
    epochs=18,
    peak_learning_rate=2e-3,
    warmup_share=0.15,
    start="wide",
    seed=8,
)
"""`WIDE` goes on, which ended while its accuracies were rising: a teacher that owes v3 nothing.

An hour and a quarter on one core that computes in bfloat16.
Command: `python -m ml.training.train --config broad --data FILE.npz --resume`.
"""

RESIDUAL: Final = replace(
    LONG,
    name="residual",
    block="residual",
    squeeze_excitation=True,
    epochs=30,
    teachers=("v3",),
    teachers_share=0.3,
    teachers_study=True,
    seed=11,
)
"""A teacher of another shape from a first draw of its own: residual blocks that weigh channels.

Three tenths of its labels are v3's, so that 30 epochs suffice. An hour and a quarter on one core
that computes in bfloat16.
Command: `python -m ml.training.train --config residual --data FILE.npz --resume`.
"""

STUDENT_OF_FOUR: Final = replace(
    STURDY,
    name="student-of-four",
    epochs=16,
    augmentation=Augmentation(blur_probability=0.2, noise=10.0),
    start="v6",
    teachers=("v3", "v6", "broad", "residual"),
    teachers_share=0.6,
    seed=2026,
)
"""On from v6, taught by four networks of three shapes and seeds together.

Two or three minutes of study for each teacher and 16 of training on two cores that compute in
bfloat16. Command: `python -m ml.training.train --config student-of-four --data FILE.npz --resume`.
"""

LARGE_FACES: Final = replace(
    STUDENT_OF_FOUR,
    name="large-faces",
    side=64,
    epochs=24,
    peak_learning_rate=2e-3,
    start="v7",
    seed=64,
)
"""On from v7 on crops enlarged to 64 pixels, which paid in the search; 2.4 million parameters.

No better than v7 in the end. Two minutes an epoch on two cores that compute in bfloat16.
Command: `python -m ml.training.train --config large-faces --data FILE.npz --resume`.
"""

QUICK: Final = replace(
    LONG,
    name="quick",
    channels=(16, 32, 64, 128),
    dense_units=128,
    epochs=4,
    ema_momentum=0.98,
    precision="float32",
)
"""What the search compares with: half as wide as `LONG`, five to ten minutes on two cores.

Far from converged: only differences count, and those of the seeds say which are chance. Its moving
average is short: after 900 steps, that of `LONG` would still be 41 % of the first weights.
"""

SEARCH: Final = (
    QUICK,
    replace(QUICK, name="quick-seed-1", seed=1),
    replace(QUICK, name="quick-seed-2", seed=2),
    replace(QUICK, name="quick-narrow", channels=(12, 24, 48, 96)),
    replace(QUICK, name="quick-wide", channels=(24, 48, 96, 192)),
    replace(QUICK, name="quick-shallow", convolutions=(1, 1, 1, 1)),
    replace(QUICK, name="quick-deep", convolutions=(2, 3, 4, 3)),
    replace(QUICK, name="quick-residual", block="residual"),
    replace(QUICK, name="quick-separable", block="separable"),
    replace(QUICK, name="quick-squeeze", squeeze_excitation=True),
    replace(QUICK, name="quick-side-64", side=64),
    replace(QUICK, name="quick-mixup", augmentation=Augmentation(mixup=0.2)),
    replace(
        QUICK, name="quick-degraded", augmentation=Augmentation(blur_probability=0.3, noise=15.0)
    ),
    replace(QUICK, name="quick-consensus-twice", loss_weights={"consensus": 2.0, "fer2013": 1.0}),
    replace(QUICK, name="quick-fer2013-twice", loss_weights={"consensus": 1.0, "fer2013": 2.0}),
    replace(QUICK, name="quick-disgust-thrice", emotion_weights={"disgust": 3.0, "fear": 2.0}),
)
"""One change each; `ml.training.studies.search` runs what has no record yet."""

SMOKE: Final = TrainingConfig(
    name="smoke",
    channels=(4, 8, 8, 16),
    convolutions=(1, 2, 1, 1),
    dropout=(0.0, 0.0, 0.0, 0.0),
    dense_units=16,
    dense_dropout=0.0,
    epochs=2,
    batch_size=32,
    precision="mixed_bfloat16",
)
"""Seconds on any machine; the tests train it on faces drawn at random. Not for use."""

CONFIGS: Final = {
    config.name: config
    for config in (
        *(BASELINE, LONG, WIDE, STUDENT, FLAT, STURDY),
        *(BROAD, RESIDUAL, STUDENT_OF_FOUR, LARGE_FACES, *SEARCH, SMOKE),
    )
}
