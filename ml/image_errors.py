"""Names what can be wrong with a file that should be a photo, by a code and a sentence."""

from ml.image_kinds import FORMATS


class ImageError(Exception):
    """A file that cannot be used as a photo.

    `code` is one of empty_file, file_too_large, unsupported_format, image_too_large,
    too_many_frames, too_many_scans and corrupt_image; `message` is a sentence for people;
    `details` holds plain values.
    """

    def __init__(self, code: str, message: str, details: dict[str, object] | None = None) -> None:
        super().__init__(message)
        self.code, self.message = code, message
        self.details: dict[str, object] = details or {}


def too_many_pixels(allowed: int, sides: dict[str, int]) -> ImageError:
    """Return the error of an image with more pixels than allowed."""
    return ImageError(
        "image_too_large",
        f"The image has more than {allowed / 1e6:g} megapixels.",
        {**sides, "max_pixels": allowed},
    )


def corrupt() -> ImageError:
    """Return the error of an image that is damaged beyond use."""
    return ImageError("corrupt_image", "The image is damaged or incomplete.")


def unsupported_format(message: str) -> ImageError:
    """Return the error of a file that is no photo of a known kind."""
    return ImageError("unsupported_format", message, {"supported": list(FORMATS)})
