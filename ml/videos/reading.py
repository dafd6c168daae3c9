"""Read a video with FFmpeg. Only `child` calls this, in a process with limits."""

import errno
from collections import deque
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, BinaryIO, Final

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ml.videos import errors, foreign, kinds, skipping, timestamps
from ml.videos.types import Limits, VideoInfo

CODECS: Final = frozenset(
    {"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "prores"}
    | {"h263", "msmpeg4v3", "theora", "dvvideo"}
)
"""What cameras, phones and browsers write. FFmpeg has hundreds more, and most holes were there."""
COVER: Final = Disposition.attached_pic
"""The cover of a song or film is a stream of one picture, which may come first."""
ENCRYPTED_TAG: Final = "drmi"
"""Sample entry of streams with Apple's FairPlay. Packets of Common Encryption say it themselves."""
FIRST_PACKETS: Final = 300
"""Packets within which a frame must be decodable."""
BUFFER_BYTES: Final = 256 * 2**10
MAX_PLACES: Final = 32
"""More than the frames that a decoder of H.264 or H.265 keeps back to put them in order."""


def inspect(file: BinaryIO, limits: Limits) -> VideoInfo:
    """Check a file and return its facts. Raises VideoError."""
    head = checked_head(file, limits)
    with opened(file, head) as container:
        stream = stream_of(container, limits)
        first = _first_frame(container, stream)
        aspect = aspect_of(stream)
        width, height = shown_size(first, aspect)
        if width * height > limits.max_pixels:
            raise errors.too_large(width, height, limits.max_pixels)
        rotation = first.rotation
        claimed = timestamps.claimed(container, stream)
    # Opened anew: after a decoder has run, not every container can be read from its start again.
    file.seek(0)
    with opened(file, head) as container:
        stream = stream_of(container, limits)
        found = timestamps.extent(container, stream)
        start = timestamps.origin(container, stream)
        timestamps.check_duration(found, start, claimed, limits)
        return VideoInfo(
            format=kinds.name_of(kinds.container_of(head) or "", head),
            codec=stream.codec_context.codec.canonical_name,
            duration=found.late + found.shown,
            frames=found.frames,
            frame_rate=found.frames / found.shown,
            width=width,
            height=height,
            rotation=rotation,
            has_audio=bool(container.streams.audio),
        )


def checked_head(file: BinaryIO, limits: Limits) -> bytes:
    """Return the first bytes of a file that may be a video. Raises VideoError."""
    size = file.seek(0, 2)
    file.seek(0)
    if size == 0:
        raise errors.VideoError("empty_file", "The file is empty.")
    if size > limits.max_bytes:
        raise errors.VideoError(
            "file_too_large",
            f"The file is larger than {limits.max_bytes / 2**20:g} MB.",
            {"bytes": size, "max_bytes": limits.max_bytes},
        )
    head = file.read(kinds.HEAD_BYTES)
    file.seek(0)
    if kinds.container_of(head) is None:
        raise foreign.error_of(head)
    return head


class _File:
    """A file for FFmpeg. Damaged indexes lead to places that no file has: that is damage, too."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.tell, self._file = file.read, file.tell, file

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a position, as files do. Raises InvalidDataError where there is none."""
        try:
            return self._file.seek(offset, whence)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            raise av.error.InvalidDataError(errno.EINVAL, "No such position") from error


def opened(file: BinaryIO, head: bytes) -> InputContainer:
    """Open a file that begins with these bytes. Raises VideoError."""
    try:
        return av.open(
            _File(file),
            "r",
            format=kinds.container_of(head),
            buffer_size=BUFFER_BYTES,
            metadata_errors="replace",
        )
    except (av.FFmpegError, ValueError) as error:
        raise errors.corrupt() from error


def stream_of(container: InputContainer, limits: Limits) -> VideoStream:
    """Return the video stream, once it is known to be decodable. Raises VideoError."""
    films = [each for each in container.streams.video if not each.disposition & COVER]
    if not films:
        raise errors.no_video_stream()
    # As players do: the first one that is switched on.
    stream = min(films, key=lambda each: not each.disposition & Disposition.default)
    context: Any = stream.codec_context
    if context is None:
        raise errors.VideoError(
            "unknown_codec", "The codec of the video is not known.", {"codec": None}
        )
    if context.codec_tag == ENCRYPTED_TAG:
        raise errors.encrypted()
    # Not the name of its decoder, which is libdav1d for av1.
    codec = context.codec.canonical_name
    if codec not in CODECS:
        raise errors.VideoError(
            "unknown_codec",
            f"The codec of the video is not supported: {codec}.",
            {"codec": codec},
        )
    if context.width * context.height > limits.max_pixels:
        raise errors.too_large(context.width, context.height, limits.max_pixels)
    # A platform has a worker for each core.
    context.thread_count = 1
    return stream


def _first_frame(container: InputContainer, stream: VideoStream) -> VideoFrame:
    """Return the first frame that can be decoded. Raises VideoError."""
    packets = 0
    for packet in timestamps.packets(container, stream):
        packets += packet.size > 0
        if any("encryption" in str(data.data_type) for data in packet.iter_sidedata()):
            raise errors.encrypted()
        for frame in _decoded(packet):
            return frame
        if packets > FIRST_PACKETS:
            break
    raise errors.corrupt() if packets else errors.no_frames()


def _decoded(packet: Any) -> list[VideoFrame]:
    try:
        return [frame for frame in packet.decode() if not frame.is_corrupt]
    except av.FFmpegError:
        return []


def frames_from(
    container: InputContainer, stream: VideoStream, start: float, slot_of: Callable[[float], int]
) -> Iterator[tuple[float, VideoFrame]]:
    """Yield the frames from the last key frame before `start` on, with their times in seconds.

    Of each slot of time there is the first frame. Further ones are left out where that is cheaper.
    """
    origin = timestamps.origin(container, stream)
    _seek(container, stream, start, origin)
    if timestamps.are_missing(container):
        yield from _in_order(container, stream, origin)
        return
    # Formats without timestamps: each frame follows the one before.
    moment, step = -1.0, 1 / float(stream.average_rate or 25)
    for packet in _needed_packets(container, stream, lambda time: slot_of(time - origin)):
        for frame in _decoded(packet):
            shown_at: float | None = frame.time
            moment = moment + step if shown_at is None else shown_at - origin
            yield moment, frame


def _in_order(
    container: InputContainer, stream: VideoStream, origin: float
) -> Iterator[tuple[float, VideoFrame]]:
    """Yield frames as they are shown, each at the first place that no frame has yet."""
    places: deque[int] = deque()
    own: dict[int, int] = {}
    unit, context = float(stream.time_base or Fraction(1, 25)), stream.codec_context
    can_hold_many = context.codec.canonical_name in skipping.CODECS
    for packet in timestamps.packets(container, stream):
        # Other decoders keep one frame back at most.
        most = MAX_PLACES if can_hold_many else 1 + context.has_b_frames
        if packet.size and packet.dts is not None:
            places.append(packet.dts)
            if packet.is_keyframe and packet.pts is not None:
                own[packet.pts] = packet.dts
        for frame in _decoded(packet):
            # Places of frames that are damaged, or refer to what is before the start, stay empty.
            first = own.pop(frame.pts, 0) if frame.pts is not None else 0
            while places and (places[0] < first or len(places) > most):
                places.popleft()
            if places:
                yield places.popleft() * unit - origin, frame


def _needed_packets(
    container: InputContainer, stream: VideoStream, slot_of: Callable[[float], int]
) -> Iterator[Any]:
    """Yield the packets of a stream, each after the decoder was told whether it may skip it."""
    context: Any = stream.codec_context
    packets, unit = timestamps.packets(container, stream), stream.time_base
    if context.codec.canonical_name not in skipping.CODECS or unit is None:
        yield from packets
        return
    for packet, is_needed in skipping.with_need(packets, lambda pts: slot_of(float(pts * unit))):
        context.skip_frame = "DEFAULT" if is_needed else "NONREF"
        yield packet


def _seek(container: InputContainer, stream: VideoStream, start: float, origin: float) -> None:
    """Go to the last key frame before `start`; where that fails, all is read from the beginning."""
    if start <= 0:
        return
    # A little earlier: the time of a key frame may be that of decoding, not of showing.
    target = max(start - 0.5, 0.0) + origin
    try:
        container.seek(int(target / float(stream.time_base or 1)), stream=stream, backward=True)
    except av.FFmpegError:
        container.seek(0)


def aspect_of(stream: VideoStream) -> float:
    """Return the width of a pixel over its height; 1 where the file says nothing credible."""
    said = stream.sample_aspect_ratio
    return float(said) if said and 0.25 <= said <= 4 else 1.0


def shown_size(frame: VideoFrame, aspect: float) -> tuple[int, int]:
    """Return width and height of a frame as it is shown: upright, and with square pixels."""
    width, height = max(round(frame.width * aspect), 1), frame.height
    return (height, width) if frame.rotation % 180 == 90 else (width, height)
