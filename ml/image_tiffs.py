"""Corrects what Pillow makes of rare TIFFs: the order of bytes, separate planes, kinds of numbers.

Tags and their values are those of TIFF 6.0.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, TiffImagePlugin

_SEPARATE_PLANES: Final = 2
"""Value of PlanarConfiguration: all red first, then all green, then all blue."""
_SIGNED: Final = 2
"""Value of SampleFormat."""
_NATIVE: Final = {"I;16BS": "I;16NS", "I;32BS": "I;32NS", "F;32BF": "F;32NF"}
"""Raw modes of big numbers → those of the same numbers in the order of this machine's bytes."""


def correct_tiles(image: Image.Image) -> None:
    """Correct how an opened image, or a page of it, is to be unpacked. Call it before loading."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        image.tile = [_corrected(image, tile) for tile in image.tile]


def _corrected(image: TiffImagePlugin.TiffImageFile, tile: Any) -> Any:
    if not isinstance(tile.args, tuple):
        return tile
    raw_mode, *rest = tile.args
    if tile.codec_name == "libtiff":
        # libtiff has put the bytes in the order of this machine.
        raw_mode = _NATIVE.get(raw_mode, raw_mode)
    elif image.tag_v2.get(ExifTags.Base.PlanarConfiguration) == _SEPARATE_PLANES:
        raw_mode = _of_plane(image, raw_mode)
    return ImageFile._Tile(tile.codec_name, tile.extents, tile.offset, (raw_mode, *rest))


def _of_plane(image: TiffImagePlugin.TiffImageFile, letter: str) -> str:
    """Return the raw mode of a plane, of which Pillow kept only the letter of its channel."""
    tags = image.tag_v2
    bits = _bits(image)
    if tags.get(ExifTags.Base.SamplesPerPixel, 1) > 1:
        return f"{letter};16{'L' if tags.prefix == b'II' else 'B'}" if bits == 16 else letter
    zero_means = tags.get(ExifTags.Base.PhotometricInterpretation, 0)
    kind = tags.get(ExifTags.Base.SampleFormat, (1,))
    order = tags.get(ExifTags.Base.FillOrder, 1)
    known = TiffImagePlugin.OPEN_INFO.get((tags.prefix, zero_means, kind, order, (bits,), ()))
    return known[1] if known else letter


def numbers(image: Image.Image) -> NDArray[np.generic]:
    """Return the levels of a grey image of more than 8 bits as numbers of the kind in its file.

    Pillow widens signed 16-bit numbers, and takes unsigned 32-bit ones for signed.
    """
    values = np.asarray(image)
    if not isinstance(image, TiffImagePlugin.TiffImageFile) or image.mode != "I":
        return values
    signed = image.tag_v2.get(ExifTags.Base.SampleFormat, (1,))[0] == _SIGNED
    return values.astype(np.int16 if _bits(image) == 16 else np.int32 if signed else np.uint32)


def white(image: Image.Image) -> float:
    """Return the level of white of unsigned numbers of 16 bits or fewer."""
    bits = _bits(image) if isinstance(image, TiffImagePlugin.TiffImageFile) else 16
    return float(2**bits - 1)


def _bits(image: TiffImagePlugin.TiffImageFile) -> int:
    return int(image.tag_v2.get(ExifTags.Base.BitsPerSample, (1,))[0])
