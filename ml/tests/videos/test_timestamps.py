"""Videos whose timestamps do not begin at 0."""

import io
from collections.abc import Mapping
from typing import Any

import av
import pytest

from ml.tests.videos import making
from ml.videos import reading
from ml.videos.types import DEFAULT_LIMITS, VideoInfo

DASH = {"movflags": "frag_keyframe+empty_moov+default_base_moof+delay_moov+dash+frag_discont"}


def moved(
    seconds: int, container: str, options: Mapping[str, str] | None = None, last: int = 0
) -> bytes:
    """Return a video of four seconds whose timestamps are moved, none of its packets changed.

    last: by how many seconds the last picture lasts longer.
    """
    source = io.BytesIO(making.video(making.shades(40), encoder={"g": "40", "bf": "0"}))
    target = io.BytesIO()
    with (
        av.open(source, "r") as old,
        av.open(target, "w", container, options=dict(options or {})) as new,
    ):
        stream: Any = old.streams.video[0]
        copy = new.add_stream_from_template(stream)
        for packet in old.demux(stream):
            if packet.dts is not None and packet.pts is not None:
                packet.dts += round(seconds / packet.time_base)
                packet.pts += round(seconds / packet.time_base)
                packet.stream = copy
                if packet.pts >= round((seconds + 3.9) / packet.time_base):
                    packet.duration += round(last / packet.time_base)
                new.mux(packet)
    return target.getvalue()


def inspected(content: bytes) -> VideoInfo:
    with making.as_file(content) as file:
        return reading.inspect(file, DEFAULT_LIMITS)


@pytest.mark.parametrize(("container", "options"), [("matroska", {}), ("mp4", DASH)])
@pytest.mark.parametrize("seconds", [5, 100_000])
def test_a_part_of_a_broadcast_is_not_incomplete(
    container: str, options: dict[str, str], seconds: int
) -> None:
    """Its first timestamp is that of the broadcast, and its header counts from 0."""
    info = inspected(moved(seconds, container, options))
    assert info.duration == pytest.approx(4)
    assert info.frames == 40


def test_what_an_edit_list_cuts_away_does_not_count() -> None:
    """Phones and programs shorten a film without encoding it anew: players begin in between."""
    info = inspected(moved(-3, "mp4"))
    assert info.duration == pytest.approx(1)
    assert (info.frames, info.frame_rate) == (10, 10)


def test_a_screen_on_which_nothing_happens_any_more_is_not_incomplete() -> None:
    info = inspected(moved(0, "mp4", last=60))
    assert info.frames == 40
    assert 4 <= info.duration < 6
