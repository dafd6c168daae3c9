"""The seven emotions, in FER2013's order; the only place that lists them for this package."""

from typing import Final

EMOTIONS: Final = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
HEADS: Final = ("consensus", "fer2013")
