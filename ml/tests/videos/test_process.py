"""Tests of inspecting and sampling videos in a process of its own."""

import os
import subprocess
from collections.abc import Callable
from contextlib import closing
from typing import Any, BinaryIO

import numpy as np
import pytest

from ml.tests.videos import making
from ml.videos import child, errors, foreign, process, reading
from ml.videos.sampling import Sampler
from ml.videos.types import DEFAULT_LIMITS, Frame, Limits, VideoInfo


def shade(frame: Frame) -> int:
    """Return the number of the picture of `making.shades` that a frame shows."""
    return round((float(frame.rgb.mean()) - 16) / 4)


def sampled(content: bytes, *spans: tuple[float, float], rate: float = 5) -> list[Frame]:
    with making.as_file(content) as file:
        return list(process.sample(file, spans, rate=rate, side=1280))


def inspected(content: bytes, limits: Limits = DEFAULT_LIMITS) -> VideoInfo:
    with making.as_file(content) as file:
        return process.inspect(file, limits)


def inspected_here(content: bytes, limits: Limits = DEFAULT_LIMITS) -> VideoInfo:
    """Inspect without a process, which takes half a second."""
    with making.as_file(content) as file:
        return reading.inspect(file, limits)


def sampler(file: BinaryIO) -> Sampler:
    return Sampler(file, rate=5, side=1280, limits=DEFAULT_LIMITS)


@pytest.mark.parametrize("name", making.BAD)
def test_a_bad_video_has_its_own_code(name: str) -> None:
    make, code = making.BAD[name]
    with pytest.raises(errors.VideoError) as caught:
        inspected_here(make())
    assert caught.value.code == code
    assert caught.value.message.endswith(".")


def test_an_index_that_leads_nowhere_is_damage() -> None:
    with pytest.raises(errors.VideoError, match="The video"):
        inspected_here(making.leading_nowhere())


def test_no_two_bad_videos_share_a_code() -> None:
    codes = [code for _, code in making.BAD.values()]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("head", "code", "container"),
    [
        (b"OggS" + bytes(24) + b"\x80theora", "unsupported_container", "Ogg"),
        (b"OggS" + bytes(24) + b"\x01vorbis", "no_video_stream", None),
        (b"ID3\x03" + bytes(60), "no_video_stream", None),
        (b"RIFF\x24\0\0\0WAVEfmt ", "no_video_stream", None),
        ((b"G" + bytes(187)) * 2, "unsupported_container", "MPEG transport stream"),
        ((bytes(4) + b"G" + bytes(187)) * 2, "unsupported_container", "MPEG transport stream"),
        (b"\0\0\x01\xba" + bytes(60), "unsupported_container", "MPEG program stream"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "unsupported_container", "Windows Media"),
        (b"\0\0\0\x18ftypheic" + bytes(60), "photo_file", None),
        ("Grüße".encode() * 200, "text_file", None),
        ("Grüße".encode()[:3], "text_file", None),
        (b"\xff\xfeh\0i\0", "text_file", None),
        (bytes(64), "unsupported_format", None),
        (b"caf\xe9 " * 20, "unsupported_format", None),
    ],
)
def test_what_is_no_video_is_named(head: bytes, code: str, container: str | None) -> None:
    error = foreign.error_of(head)
    assert (error.code, error.details.get("container")) == (code, container)
    assert error.message.endswith(".")


def test_a_cover_is_no_video() -> None:
    """Tags may come before the tracks, so the cover may be the first stream."""
    film = inspected_here(making.with_cover(film=True))
    assert (film.codec, film.frames) == ("h264", 20)
    with pytest.raises(errors.VideoError) as caught:
        inspected_here(making.with_cover(film=False))
    assert caught.value.code == "no_video_stream"


def test_of_several_films_the_one_that_is_shown_is_read() -> None:
    assert inspected_here(making.with_a_film_that_is_off()).width == 320


def test_the_process_passes_errors_on() -> None:
    with pytest.raises(errors.VideoError, match="only sound"):
        inspected(making.sound_only())


def test_a_file_that_is_too_large_is_not_opened() -> None:
    with pytest.raises(errors.VideoError) as caught:
        inspected_here(making.video(making.shades(2)), Limits(max_bytes=100))
    assert caught.value.code == "file_too_large"


@pytest.mark.parametrize("container", making.CODECS)
def test_every_container_is_read(container: str) -> None:
    content = making.video(making.shades(30), container=container, sound=container == "mov")
    info = inspected_here(content)
    assert info.duration == pytest.approx(3.0)
    assert (info.frames, info.width, info.height) == (30, 160, 120)
    with making.as_file(content) as file:
        frames = list(Sampler(file, rate=5, side=99, limits=DEFAULT_LIMITS).frames(1, 3))
    assert [frame.time for frame in frames] == [1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4, 2.6, 2.8]
    assert [shade(frame) for frame in frames] == pytest.approx(list(range(10, 30, 2)), abs=1)
    assert frames[0].rgb.shape == (74, 99, 3)


@pytest.mark.parametrize(
    ("container", "codec"), [("mp4", "libx265"), ("webm", "libvpx-vp9"), ("mp4", "libsvtav1")]
)
def test_codecs_of_phones_and_browsers_are_read(container: str, codec: str) -> None:
    content = making.video(making.shades(10), container=container, codec=codec)
    assert inspected_here(content).frames == 10
    with making.as_file(content) as file:
        frames = list(Sampler(file, rate=5, side=1280, limits=DEFAULT_LIMITS).frames(0, 1))
    assert [shade(frame) for frame in frames] == pytest.approx([0, 2, 4, 6, 8], abs=1)


def test_the_spans_do_not_change_what_is_sampled() -> None:
    content = making.video(making.shades(40), rate=12)
    whole = sampled(content, (0, 4))
    parts = sampled(content, (0, 1), (1, 2.2), (2.2, 4))
    assert len(whole) == 17
    assert [frame.time for frame in parts] == [frame.time for frame in whole]
    assert all(np.array_equal(one.rgb, other.rgb) for one, other in zip(parts, whole, strict=True))


def test_decoding_goes_on_from_span_to_span(monkeypatch: pytest.MonkeyPatch) -> None:
    opened, openings = reading.opened, []

    def noted(*arguments: Any) -> Any:
        openings.append(arguments)
        return opened(*arguments)

    monkeypatch.setattr(reading, "opened", noted)
    content = making.video(making.shades(60), options={"movflags": "faststart"})
    spans = [(0, 1), (1, 2), (2.4, 3), (4.2, 5), (0.2, 0.6)]
    with making.as_file(content) as file:
        sampling = sampler(file)
        counts = []
        for start, end in spans:
            shades = [shade(frame) for frame in sampling.frames(start, end)]
            assert shades == pytest.approx(list(range(round(10 * start), round(10 * end), 2)))
            counts.append(len(openings))
    assert counts == [1, 1, 1, 2, 3]


def test_a_decoder_reads_on_after_its_file_was_closed() -> None:
    limits = Limits(cpu_seconds=9)
    with making.as_file(making.video(making.shades(40))) as file:
        decoder = process.Decoder(file, rate=5, side=1280, limits=limits)
    with closing(decoder):
        assert [shade(frame) for frame in decoder.frames(0, 1)] == [0, 2, 4, 6, 8]
        assert [shade(frame) for frame in decoder.frames(3, 4)] == [30, 32, 34, 36, 38]
        at_first, decoder._cpu_seconds = decoder.can_go_on, 4.5
        after_half_its_time, decoder._cpu_seconds = decoder.can_go_on, 0.0
        next(decoder.frames(0, 1))
        assert (at_first, after_half_its_time, decoder.can_go_on) == (True, False, False)
    assert decoder._child.returncode is not None


def test_a_decoder_without_orders_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs, ours = os.pipe()
    os.write(ours, b"[0, 1]\n[1, 2.5]\n")
    monkeypatch.setattr(child, "IDLE_SECONDS", 0)
    assert list(child._orders(theirs)) == [(0, 1), (1, 2.5)]
    os.close(ours)
    monkeypatch.setattr(process, "PROGRAM", ("/bin/true",))
    with making.as_file(b"x") as file:
        decoder = process.Decoder(file, rate=5, side=1280, limits=DEFAULT_LIMITS)
    with closing(decoder), pytest.raises(process.DecoderEndedError):
        next(decoder.frames(0, 1))


def test_a_varying_rate_is_sampled_by_time() -> None:
    times = [0, 0.1, 0.2, 0.25, 0.3, 1.5, 1.55, 2.0]
    frames = sampled(making.video(making.shades(8), times=times), (0, 3))
    assert [(frame.time, shade(frame)) for frame in frames] == [
        (0.0, 0), (0.2, 2), (1.5, 5), (2.0, 7),
    ]  # fmt: skip


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_pictures_that_begin_after_the_sound_are_sampled_to_their_end(container: str) -> None:
    times = [3 + n / 10 for n in range(10)]
    content = making.video(making.shades(10), container=container, times=times, sound=True)
    info = inspected_here(content)
    # Matroska counts what an encoder of sound puts before its first sample.
    assert info.duration == pytest.approx(4.0, abs=0.2)
    assert info.frame_rate == pytest.approx(10, abs=0.5)
    with making.as_file(content) as file, closing(sampler(file)) as sampling:
        shades = [shade(frame) for frame in sampling.frames(0, info.duration)]
    assert shades[0] == 0
    assert shades[-1] >= 8


@pytest.mark.parametrize(("codec", "options"), [("libx264", {}), ("mpeg4", {"bf": "2"})])
def test_frames_of_an_avi_that_are_shown_in_another_order_than_stored(
    codec: str, options: dict[str, str]
) -> None:
    content = making.video(making.shades(40), container="avi", codec=codec, encoder=options)
    info = inspected_here(content)
    assert info.frames == 40
    assert info.duration == pytest.approx(4.0)
    with making.as_file(content) as file, closing(sampler(file)) as sampling:
        for start, end in ((0, 4), (2, 4)):
            frames = [(frame.time, shade(frame)) for frame in sampling.frames(start, end)]
            numbers = list(range(10 * start, 10 * end, 2))
            assert [time for time, _ in frames] == [number / 10 for number in numbers]
            assert [number for _, number in frames] == pytest.approx(numbers, abs=1)


def test_frames_that_share_one_time_are_a_moment() -> None:
    info = inspected_here(making.at_one_time())
    assert info.frames == 3
    assert 0 < info.duration < 1


@pytest.mark.parametrize(("rotation", "corner"), [(90, (-1, 0)), (-90, (0, -1)), (180, (-1, -1))])
def test_a_rotated_video_comes_upright(rotation: int, corner: tuple[int, int]) -> None:
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[:60, :80] = 255
    content = making.video([picture] * 5, rotation=rotation)
    info = inspected(content)
    frame = sampled(content, (0, 1))[0]
    assert frame.rgb.shape[:2] == (info.height, info.width)
    assert info.rotation % 360 == rotation % 360
    assert frame.rgb[corner].mean() > 200
    assert frame.rgb.mean() == pytest.approx(64, abs=5)


def test_a_wrong_duration_that_players_ignore_is_ignored() -> None:
    info = inspected(making.claiming_in_its_head(360_000))
    assert info.duration == pytest.approx(2.0)


def test_a_small_loss_at_the_end_is_accepted() -> None:
    info = inspected(making.truncated(part=0.97))
    assert info.duration == pytest.approx(2.9, abs=0.2)


def test_damaged_frames_are_left_out() -> None:
    content = bytearray(making.truncated(part=1.0))
    content[len(content) // 2 : len(content) // 2 + 20_000] = bytes(20_000)
    frames = sampled(bytes(content), (0, 3))
    assert 0 < len(frames) <= 15


def test_a_process_that_needs_too_much_memory_is_an_error() -> None:
    content = making.video(making.shades(2, 1920, 1080))
    with pytest.raises((errors.VideoError, RuntimeError)):
        inspected(content, Limits(memory_bytes=200 * 2**20))


def test_a_process_that_runs_too_long_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = ("/bin/sh", "-c", "ulimit -t 1; while :; do :; done")
    monkeypatch.setattr(process, "PROGRAM", busy)
    with pytest.raises(errors.VideoError) as caught:
        inspected(b"x")
    assert caught.value.code == "video_too_costly"


def test_the_process_ends_with_the_iterator(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen: Callable[..., Any] = subprocess.Popen

    def noted(*arguments: Any, **options: Any) -> Any:
        started.append(popen(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", noted)
    with making.as_file(making.video(making.shades(90, 640, 480), rate=30)) as file:
        frames = process.sample(file, [(0, 9)], rate=30, side=640)
        next(iter(frames))
        frames.close()
    assert started[0].returncode is not None


def test_the_process_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "secret")
    monkeypatch.setattr(process, "PROGRAM", ("/bin/sh", "-c", 'test -z "$SECRET_KEY" && kill $$'))
    with pytest.raises(errors.VideoError):
        inspected(b"x")
