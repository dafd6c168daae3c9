"""What can be wrong with a video, each with a code and a sentence."""

from typing import Any, Final, Self

FORMATS: Final = ("MP4", "MOV", "WEBM", "MKV", "AVI")


class VideoError(Exception):
    """A file that cannot be used as a video.

    `code` is one of empty_file, file_too_large, unsupported_format, corrupt_video, no_video_stream,
    no_frames, unknown_codec, encrypted_video, video_too_large, video_too_long, video_truncated,
    false_duration and video_too_costly; `message` is a sentence for people; `details` holds plain
    values.
    """

    def __init__(self, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.details = code, message, details or {}

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"code": self.code, "message": self.message, "details": self.details}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the error that `as_dict` described."""
        return cls(values["code"], values["message"], values["details"])


def corrupt() -> VideoError:
    """Return the error of a file that is damaged beyond use."""
    return VideoError("corrupt_video", "The video is damaged: it cannot be opened or decoded.")


def unsupported() -> VideoError:
    """Return the error of a file that is no video."""
    return VideoError(
        "unsupported_format",
        f"This is not a video of a known kind ({', '.join(FORMATS)}).",
        {"supported": list(FORMATS)},
    )


def encrypted() -> VideoError:
    """Return the error of a video with copy protection."""
    return VideoError(
        "encrypted_video", "The video is encrypted. Upload one without copy protection."
    )


def no_frames() -> VideoError:
    """Return the error of a video stream that is empty."""
    return VideoError("no_frames", "The video has no pictures in it.")


def too_costly() -> VideoError:
    """Return the error of a file that takes more time or memory than any usual video."""
    return VideoError(
        "video_too_costly", "To read this video takes more time or memory than is allowed."
    )


def too_large(width: int, height: int, max_pixels: int) -> VideoError:
    """Return the error of frames with too many pixels."""
    return VideoError(
        "video_too_large",
        f"The pictures of the video have more than {max_pixels / 1e6:g} megapixels.",
        {"width": width, "height": height, "max_pixels": max_pixels},
    )


def too_long(seconds: float, max_seconds: float) -> VideoError:
    """Return the error of a video that is too long."""
    return VideoError(
        "video_too_long",
        f"The video is longer than {max_seconds / 60:g} minutes.",
        {"seconds": round(seconds, 1), "max_seconds": max_seconds},
    )


def truncated(seconds: float, claimed: float) -> VideoError:
    """Return the error of a file whose end is missing."""
    return VideoError(
        "video_truncated",
        f"The file is incomplete: it ends after {seconds:.0f} of {claimed:.0f} seconds.",
        {"seconds": round(seconds, 1), "claimed": round(claimed, 1)},
    )


def false_duration(seconds: float, claimed: float) -> VideoError:
    """Return the error of a header that claims hours which the file does not have."""
    return VideoError(
        "false_duration",
        f"The file claims to last {claimed / 3600:.0f} hours, but ends after {seconds:.0f} s.",
        {"seconds": round(seconds, 1), "claimed": round(claimed, 1)},
    )
