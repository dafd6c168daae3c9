"""What can be wrong with a video, each with a code and a sentence."""

from typing import Any, Final, Self

FORMATS: Final = ("MP4", "MOV", "WEBM", "MKV", "AVI")
KINDS: Final = f"a video of a known kind ({', '.join(FORMATS)})"


class VideoError(Exception):
    """A file that cannot be used as a video.

    `code` is one of empty_file, file_too_large, unsupported_format, unsupported_container,
    text_file, document_file, photo_file, archive_file, playlist, corrupt_video, no_video_stream,
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
    """Return the error of a file of which nothing is known but that it is no video."""
    return _foreign("unsupported_format", f"This is not {KINDS}.")


def unsupported_container(name: str) -> VideoError:
    """Return the error of a video in a container that is not read here."""
    sentence = f"A video in the container {name} cannot be read: save it as MP4 or WebM."
    return _foreign("unsupported_container", sentence, container=name)


def text_file() -> VideoError:
    """Return the error of a text, such as subtitles."""
    return _foreign("text_file", f"This is a text, not {KINDS}.")


def document_file() -> VideoError:
    """Return the error of a PDF or an office document."""
    return _foreign("document_file", f"This is a document, not {KINDS}.")


def photo_file() -> VideoError:
    """Return the error of a picture."""
    return _foreign("photo_file", "This is a picture, not a video: upload it as a photo.")


def archive_file() -> VideoError:
    """Return the error of a ZIP or another archive."""
    return _foreign("archive_file", "This is an archive: unpack it, and upload each video of it.")


def playlist() -> VideoError:
    """Return the error of a list of videos."""
    return _foreign(
        "playlist", "This is a playlist, which only names videos: upload the video itself."
    )


def _foreign(code: str, message: str, **details: Any) -> VideoError:
    return VideoError(code, message, {**details, "supported": list(FORMATS)})


def no_video_stream() -> VideoError:
    """Return the error of a file of sound."""
    return VideoError("no_video_stream", "The file has no pictures, only sound or text.")


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
