"""Networks for faces from elsewhere: other cameras, other light, posed expressions.

v7 is good at faces of its own kind and loses a fifth of its accuracy on others. So these learn from
images that are changed far more, for longer, and rare emotions come up more often. Two large
teachers learn first, then one small student from both, image by image as it sees them.

On a GPU, with JAX; minutes each on an NVIDIA H100:

    KERAS_BACKEND=jax python -m ml.training.train --config teacher-wide --data FILE.npz --resume
    KERAS_BACKEND=jax python -m ml.training.teachers --run teacher-wide
    KERAS_BACKEND=jax python -m ml.training.train --config pupil --data FILE.npz --resume

With TensorFlow on two cores the same commands take days.
"""

from dataclasses import replace
from typing import Final

from ml.training.config import Augmentation, TrainingConfig

HARSH: Final = Augmentation(
    rotation_degrees=18.0,
    zoom=0.2,
    shift=0.09,
    brightness=0.15,
    contrast=0.35,
    erase_probability=0.25,
    blur_probability=0.15,
    noise=8.0,
    mixup=0.2,
    gamma=0.4,
    slope=0.3,
    cover_probability=0.1,
    coarse_probability=0.15,
    jpeg_probability=0.2,
)

TEACHER_WIDE: Final = TrainingConfig(
    name="teacher-wide",
    channels=(64, 128, 256, 512),
    convolutions=(2, 2, 3, 2),
    dropout=(0.1, 0.15, 0.2, 0.3),
    dense_units=256,
    dense_dropout=0.5,
    epochs=186,
    batch_size=512,
    peak_learning_rate=4e-3,
    warmup_share=0.2,
    weight_decay=0.03,
    ema_momentum=0.998,
    augmentation=HARSH,
    precision="mixed_bfloat16",
    block="residual",
    squeeze_excitation=True,
    balance=0.4,
    seed=81,
)
"""6.5 million parameters, residual blocks that weigh channels."""

TEACHER_DEEP: Final = replace(
    TEACHER_WIDE,
    name="teacher-deep",
    channels=(64, 128, 256, 256),
    convolutions=(1, 3, 4, 4),
    squeeze_excitation=False,
    epochs=265,
    balance=0.2,
    seed=82,
)
"""5.5 million parameters, more of them in depth."""

TEACHER_LARGE: Final = replace(
    TEACHER_WIDE,
    name="teacher-large",
    channels=(48, 96, 192, 384),
    convolutions=(1, 2, 3, 3),
    block="plain",
    side=64,
    epochs=159,
    balance=0.3,
    seed=83,
)
"""Plain blocks that weigh channels, on crops enlarged to 64 pixels."""

PUPIL: Final = replace(
    TEACHER_WIDE,
    name="pupil",
    channels=(32, 64, 128, 256),
    convolutions=(1, 2, 4, 3),
    dropout=(0.05, 0.05, 0.1, 0.1),
    dense_dropout=0.3,
    epochs=135,
    weight_decay=0.02,
    label_smoothing={"consensus": 0.0, "fer2013": 0.0},
    squeeze_excitation=False,
    teachers=("teacher-wide", "teacher-deep", "teacher-large"),
    teachers_share=0.8,
    balance=0.5,
    seed=84,
)
"""2.7 million parameters; four fifths of its labels are its teachers'."""

PUPIL_WIDE: Final = replace(
    PUPIL,
    name="pupil-wide",
    channels=(48, 96, 192, 256),
    convolutions=(1, 2, 2, 3),
    block="plain",
    epochs=134,
    balance=0.3,
    seed=85,
)
"""The shape of `wide`, 2.8 million parameters."""

PATIENT: Final = replace(
    PUPIL,
    name="patient",
    squeeze_excitation=True,
    dropout=(0.0, 0.0, 0.05, 0.05),
    dense_dropout=0.2,
    epochs=400,
    teachers=("teacher-wide", "teacher-deep"),
    teachers_share=0.9,
    seed=86,
)
"""`PUPIL` with blocks that weigh channels, for three times as long, by the two teachers that are
best elsewhere. A pupil reaches its teachers where it sees the same images often enough (Beyer et
al. 2022, arXiv:2106.05237). Eight minutes on an NVIDIA H100 beside `PATIENT_WIDE`."""

PATIENT_WIDE: Final = replace(
    PATIENT,
    name="patient-wide",
    channels=(40, 80, 160, 224),
    dropout=(0.0, 0.0, 0.0, 0.0),
    dense_dropout=0.1,
    teachers_share=1.0,
    augmentation=replace(HARSH, mixup=0.4),
    seed=87,
)
"""A third more arithmetic; learns from its teachers alone, and from stronger mixtures."""

SHALLOW: Final = replace(
    PATIENT_WIDE,
    name="shallow",
    convolutions=(1, 2, 3, 2),
    epochs=16,
    batch_size=128,
    peak_learning_rate=1e-3,
    warmup_share=0.15,
    start="v9",
    frozen=("block1", "block2"),
    teachers=("v9",),
    seed=88,
)
"""v9 without the last steps of blocks 3 and 4, taught by v9: three quarters of its time.

Steps of a residual network do little each (Veit et al. 2016, arXiv:1605.06431): without these two
v9 still reads most faces as before, and a short run mends the rest. Blocks 1 and 2 stay as
they are. An hour and a half on two cores."""

CONFIGS: Final = {
    config.name: config
    for config in (
        *(TEACHER_WIDE, TEACHER_DEEP, TEACHER_LARGE),
        *(PUPIL, PUPIL_WIDE, PATIENT, PATIENT_WIDE, SHALLOW),
    )
}
