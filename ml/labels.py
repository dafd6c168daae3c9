"""The seven emotions in FER2013's order, and the two heads. This package lists them only here."""

from typing import Final

EMOTIONS: Final = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
HEADS: Final = ("consensus", "fer2013")
