"""Tests of leaving out frames that are not sampled."""

from types import SimpleNamespace

import numpy as np
import pytest

from ml.tests.videos import making
from ml.videos import reading, skipping
from ml.videos.sampling import Sampler
from ml.videos.types import DEFAULT_LIMITS


def packets(*times: int | None, discarded: int | None = None) -> list[SimpleNamespace]:
    return [SimpleNamespace(pts=time, is_discard=time == discarded) for time in times]


@pytest.mark.parametrize(
    ("given", "needed"),
    [
        # Slots of ten; the last frame of a slot is decoded before those between.
        (packets(0, 9, 3, 6, 18, 12, 15), [0, 12]),
        (packets(0, None, 4, None), [0, None, None]),
        (packets(8, 2, 5, discarded=2), [5]),
        (packets(-4, 1, 5), [-4, 1]),
        (packets(*range(0, 700, 7)), [n for n in range(0, 700, 7) if n % 10 < 7]),
        ([], []),
    ],
)
def test_the_first_frame_of_each_slot_is_needed(
    given: list[SimpleNamespace], needed: list[int | None]
) -> None:
    told = list(skipping.with_need(given, lambda time: time // 10))
    assert [packet for packet, _ in told] == given
    assert [packet.pts for packet, is_needed in told if is_needed] == needed


@pytest.mark.parametrize(("container", "codec"), [("mp4", "libx264"), ("matroska", "libx265")])
def test_the_same_frames_are_sampled_from_fewer(
    monkeypatch: pytest.MonkeyPatch, container: str, codec: str
) -> None:
    rng = np.random.default_rng(0)
    scene = np.kron(rng.integers(0, 256, (16, 40, 3), np.uint8), np.ones((10, 10, 1), np.uint8))
    panned = [np.ascontiguousarray(scene[:120, 2 * n : 2 * n + 160]) for n in range(90)]
    content = making.video(panned, rate=30, container=container, codec=codec)
    decoded, counts, found = reading._decoded, [0, 0], []
    for place, codecs in enumerate([frozenset[str](), skipping.CODECS]):

        def counted(packet: object, place: int = place) -> list[object]:
            frames = decoded(packet)
            counts[place] += len(frames)
            return [*frames]

        monkeypatch.setattr(reading, "_decoded", counted)
        monkeypatch.setattr(skipping, "CODECS", codecs)
        with making.as_file(content) as file:
            sampler = Sampler(file, rate=5, side=160, limits=DEFAULT_LIMITS)
            found.append([*sampler.frames(0, 1), *sampler.frames(1, 2.2), *sampler.frames(0.6, 3)])
    assert len(found[0]) == 23
    assert [frame.time for frame in found[0]] == [frame.time for frame in found[1]]
    assert all(np.array_equal(a.rgb, b.rgb) for a, b in zip(*found, strict=True))
    assert counts[1] < 0.8 * counts[0]
