"""Draw pictures of a stored photo on demand: with bounding boxes, and crops of faces."""

import io
from collections.abc import Iterable

from PIL import Image, ImageColor, ImageDraw, ImageFont

from detector.analyses import crops
from detector.common import storage
from detector.common.words import percent
from detector.enums import Emotion
from detector.exceptions import DetectorError
from detector.models import Face, Photo
from detector.photos import images

QUALITY = 88
CROP_SIDE = 512
"""The largest side of a crop, in pixels."""
LONGEST = 2
"""Ratio of the sides up to which lines and letters grow with the long one."""

COLOURS = {
    Emotion.ANGRY: "#C8402F",
    Emotion.DISGUST: "#5E8C31",
    Emotion.FEAR: "#7A56C2",
    Emotion.HAPPY: "#D99A00",
    Emotion.SAD: "#2F74C0",
    Emotion.SURPRISE: "#D9651A",
    Emotion.NEUTRAL: "#6B7785",
}
"""The same as in `static/css/tokens.css`."""


def annotated(photo: Photo, faces: Iterable[Face]) -> bytes:
    """Return the upright photo as JPEG, each face in a box with number, emotion and confidence.

    Raises DetectorError `busy` where no decoding slot becomes free.
    """
    with images.decoding_slot():
        picture = _opened(photo)
        draw = ImageDraw.Draw(picture)
        for face in (face for face in faces if not face.is_dismissed):
            _mark(draw, picture.size, face)
        return _jpeg(picture)


def crop(photo: Photo, face: Face) -> bytes:
    """Return a square around a face as JPEG, at most `CROP_SIDE` wide; black beyond the photo.

    Raises DetectorError `busy` where no decoding slot becomes free.
    """
    left, top, side = crops.square_around(face)
    with images.decoding_slot():
        picture = _opened(photo).crop((left, top, left + side, top + side))
        picture.thumbnail((CROP_SIDE, CROP_SIDE))
        return _jpeg(picture)


def _opened(photo: Photo) -> Image.Image:
    try:
        content = storage.read(photo.image)
        with Image.open(io.BytesIO(content)) as image:
            return image.convert("RGB")
    except FileNotFoundError as error:
        raise DetectorError("file_missing", "The stored file is gone.") from error


def _mark(draw: ImageDraw.ImageDraw, size: tuple[int, int], face: Face) -> None:
    colour = ImageColor.getrgb(COLOURS[Emotion(face.effective_emotion)])
    # In a panorama, letters by its long side alone would be as high as the picture.
    side = min(max(size), LONGEST * min(size))
    thickness = max(2, round(side / 300))
    box = (face.x, face.y, face.x + face.width, face.y + face.height)
    draw.rectangle(box, outline=colour, width=thickness)
    text = f"{face.index + 1} {_words(face)}"
    letters = max(10.0, side / 45)
    font = ImageFont.load_default(letters)
    height = round(letters * 1.4)
    width = draw.textlength(text, font=font) + letters * 0.8
    x = min(max(face.x, 0), max(size[0] - width, 0))
    y = face.y - height if face.y >= height else max(face.y, 0)
    draw.rectangle((x, y, x + width, y + height), fill=colour)
    draw.text((x + width / 2, y + height / 2), text, "white", font=font, anchor="mm")


def _words(face: Face) -> str:
    if face.shown_confidence is None:
        return f"{face.effective_emotion}, corrected"
    doubt = "?" if face.is_uncertain else ""
    return f"{face.effective_emotion}{doubt} {percent(face.shown_confidence).replace(' ', '')}"


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return buffer.getvalue()
