"""Small videos, made in memory for tests, and bad ones."""

import io
import struct
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.stream import Disposition
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
CODECS = {
    "mp4": "libx264",
    "mov": "libx264",
    "matroska": "libx264",
    "webm": "libvpx",
    "avi": "mpeg4",
}


def shades(count: int, width: int = 160, height: int = 120) -> list[Picture]:
    """Return grey pictures, each a little lighter than the one before: the shade tells which."""
    return [np.full((height, width, 3), 16 + 4 * (n % 50), np.uint8) for n in range(count)]


def video(
    pictures: Iterable[Picture],
    *,
    container: str = "mp4",
    codec: str | None = None,
    rate: int = 10,
    times: Sequence[float] | None = None,
    rotation: int = 0,
    sound: bool = False,
    options: dict[str, str] | None = None,
    encoder: dict[str, str] | None = None,
) -> bytes:
    """Return a video file of these pictures; `times` in seconds where the rate varies."""
    frames = [av.VideoFrame.from_ndarray(picture, format="rgb24") for picture in pictures]
    file = tempfile.NamedTemporaryFile()  # noqa: SIM115  by name, since some options read it again
    with file, av.open(file.name, "w", format=container, options=options or {}) as out:
        stream: Any = out.add_stream(codec or CODECS[container], rate=rate, options=encoder)
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        if rotation:
            stream.set_display_rotation(rotation)
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for frame, at in zip(frames, times or (), strict=False):
            frame.pts, frame.time_base = round(1000 * at), Fraction(1, 1000)
        audio: Any = out.add_stream("aac", rate=8000) if sound else None
        for picture_or_end in [*frames, None]:
            out.mux(stream.encode(picture_or_end))
        if sound:
            _silence(out, audio, 8000 * len(frames) // rate)
            out.mux(audio.encode(None))
        out.close()
        return Path(file.name).read_bytes()


def at_one_time() -> bytes:
    """Return a WebM of three frames, all with the timestamp 0."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="webm") as out:
        stream: Any = out.add_stream("libvpx", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        frames = [av.VideoFrame.from_ndarray(picture, format="rgb24") for picture in shades(3)]
        for frame_or_end in [*frames, None]:
            for packet in stream.encode(frame_or_end):
                packet.pts = packet.dts = 0
                out.mux(packet)
    return buffer.getvalue()


def sound_only() -> bytes:
    """Return an MP4 of one second of silence."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as out:
        audio: Any = out.add_stream("aac", rate=8000)
        _silence(out, audio, 8000)
        out.mux(audio.encode(None))
    return buffer.getvalue()


def with_cover(*, film: bool) -> bytes:
    """Return an MP4 of two seconds with a cover as its first stream: a film, or a song."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as out:
        streams: list[Any] = [out.add_stream("mjpeg", rate=10)]
        streams += [out.add_stream("libx264", rate=10)] if film else []
        audio: Any = out.add_stream("aac", rate=8000)
        streams[0].disposition = Disposition.attached_pic
        for stream, kind in zip(streams, ("yuvj420p", "yuv420p"), strict=False):
            stream.width, stream.height, stream.pix_fmt = 160, 120, kind
        for stream, count in zip(streams, (1, 20), strict=False):
            for picture in shades(count):
                out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            out.mux(stream.encode(None))
        _silence(out, audio, 16000)
        out.mux(audio.encode(None))
    return _with_tags_first(buffer.getvalue())


def with_a_film_that_is_off() -> bytes:
    """Return an MP4 of a second with two films, of which the first is switched off."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as out:
        streams: list[Any] = [out.add_stream("libx264", rate=10) for _ in range(2)]
        for number, stream in enumerate(streams):
            stream.disposition = Disposition.default if number else Disposition(0)
            stream.width, stream.height, stream.pix_fmt = 160 * (1 + number), 120, "yuv420p"
        for stream in streams:
            for picture in shades(10, stream.width):
                out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            out.mux(stream.encode(None))
    return buffer.getvalue()


def _with_tags_first(content: bytes) -> bytes:
    """Move the box of an MP4 that has the cover before those of its tracks."""
    at = content.index(b"moov") - 4
    tracks, tags = content.index(b"trak", at) - 4, content.index(b"udta", at) - 4
    end = at + int.from_bytes(content[at : at + 4], "big")
    return content[:tracks] + content[tags:end] + content[tracks:tags] + content[end:]


def _silence(out: Any, audio: Any, samples: int) -> None:
    sound = av.AudioFrame.from_ndarray(np.zeros((1, samples), np.float32), "fltp", "mono")
    sound.sample_rate = 8000
    out.mux(audio.encode(sound))


def without_frames() -> bytes:
    """Return an MP4 with a video stream in which no frame is."""
    content = bytearray(video(shades(1)))
    for name in (b"stts", b"stsz", b"stsc", b"stco"):
        _empty(content, name)
    return bytes(content)


def _empty(content: bytearray, name: bytes) -> None:
    """Set the number of entries of a table of an MP4 to zero (ISO/IEC 14496-12, 8.6 and 8.7)."""
    at = content.index(name) + 4
    # Version and flags, and of stsz the one size of all samples, come before the number.
    place = at + (8 if name == b"stsz" else 4)
    content[place : place + 4] = struct.pack(">I", 0)


def claiming(seconds: float) -> bytes:
    """Return a Matroska file of two seconds whose header claims another duration."""
    content = bytearray(video(shades(20), container="matroska"))
    # The element Duration: its id, a length of eight bytes, milliseconds as a double (RFC 9559).
    at = content.index(b"\x44\x89\x88") + 3
    content[at : at + 8] = struct.pack(">d", 1000 * seconds)
    return bytes(content)


def claiming_in_its_head(seconds: int) -> bytes:
    """Return an MP4 of two seconds with a wrong duration in the one box that players ignore."""
    content = bytearray(video(shades(20)))
    at = content.index(b"mvhd") + 4
    (scale,) = struct.unpack(">I", content[at + 12 : at + 16])
    content[at + 16 : at + 20] = struct.pack(">I", seconds * scale)
    return bytes(content)


def truncated(seconds: int = 3, part: float = 0.5) -> bytes:
    """Return the first part of an MP4 whose index comes first: it knows what is missing."""
    rng = np.random.default_rng(0)
    noisy = [rng.integers(0, 256, (120, 160, 3), np.uint8) for _ in range(10 * seconds)]
    whole = video(noisy, options={"movflags": "faststart"})
    return whole[: int(len(whole) * part)]


def leading_nowhere() -> bytes:
    """Return a damaged MP4 in fragments, whose frames are at a place that no file has."""
    content = bytearray(video(shades(10), options={"movflags": "frag_keyframe+empty_moov"}))
    # The size of the box of codecs, and the offset of the data: ISO/IEC 14496-12, 8.5.2 and 8.8.7.
    content[content.index(b"stsd") - 4] = 62
    content[content.index(b"tfhd") + 12] = 128
    return bytes(content)


def encrypted() -> bytes:
    """Return an MP4 with Common Encryption (ISO/IEC 23001-7)."""
    key = {
        "encryption_scheme": "cenc-aes-ctr",
        "encryption_key": "0" * 32,
        "encryption_kid": "1" * 32,
    }
    return video(shades(10), options=key)


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "empty_file"),
    "text": (lambda: b"WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n" * 3, "text_file"),
    "pdf": (lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n", "document_file"),
    "playlist": (lambda: b"#EXTM3U\nfile:///etc/passwd\n", "playlist"),
    "noise": (lambda: bytes(range(256)) * 8, "unsupported_format"),
    "picture": (lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "photo_file"),
    "archive": (lambda: b"PK\x03\x04\x14\0\0\0", "archive_file"),
    "foreign container": (lambda: b"FLV\x01\x05\0\0\0\x09", "unsupported_container"),
    "broken": (lambda: b"\x00\x00\x00\x18ftypisom" + bytes(range(256)) * 8, "corrupt_video"),
    "sound only": (sound_only, "no_video_stream"),
    "no frames": (without_frames, "no_frames"),
    "truncated": (truncated, "video_truncated"),
    "a hundred hours": (lambda: claiming(360_000), "false_duration"),
    "too long": (lambda: video(shades(5), times=[0, 700, 1400, 2100, 2800]), "video_too_long"),
    "too many pixels": (lambda: video(shades(1, 4096, 2304)), "video_too_large"),
    "unknown codec": (
        lambda: video(shades(5), container="matroska", codec="ffv1"),
        "unknown_codec",
    ),
    "encrypted": (encrypted, "encrypted_video"),
}
"""Bad videos: what makes the file, and the code of its error."""


@contextmanager
def as_file(content: bytes) -> Iterator[BinaryIO]:
    """Yield a real file with this content."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        yield file
