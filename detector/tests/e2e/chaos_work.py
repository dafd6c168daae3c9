"""Faults of the work itself: messages, a photo that crashes its worker, an owner who leaves."""

import os
import signal
import time
from contextlib import suppress

import numpy as np

from detector.tests.e2e import pictures
from detector.tests.e2e.chaos_audit import ask
from detector.tests.e2e.platform import Platform, until

QUIET_SECONDS = 240
BAD_PHOTOS = 3
LEAVER = "leaver"


def repeat_messages(platform: Platform) -> None:
    """Send messages of all rows three times, and some of rows that do not exist, in any order."""
    ask(platform, "repeat_messages()")


def crash_the_decoder(platform: Platform) -> None:
    """Let some photos crash every worker that takes one. They must fail, and all else go on.

    The signal is that of a crash in C. No other photo is under way meanwhile.
    """
    user = f"victim-{time.time_ns()}"
    token = ask(platform, f"tokens([{user!r}])")[user]
    until(lambda: ask(platform, "under_way()") == 0, QUIET_SECONDS, "Quiet")
    photos = [("images", ("bad.jpg", _slow_photo())) for _ in range(BAD_PHOTOS)]
    with platform.client(token) as client:
        client.post("analyses/", files=photos).raise_for_status()
    seen = 0
    end = time.monotonic() + QUIET_SECONDS
    while ask(platform, f"under_way({user!r})") and time.monotonic() < end:
        assert platform.process is not None
        assert platform.process.poll() is None, "The photos ended the whole platform"
        claims = ask(platform, f"claims_of({user!r})")
        if claims > seen:
            for pid in platform.children("worker"):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSEGV)
            seen = claims
        time.sleep(0.02)
    found = ask(platform, f"outcomes({user!r})")
    assert found == [["failed", "worker_lost"]] * BAD_PHOTOS, found


def _slow_photo() -> bytes:
    """Return a photo whose analysis takes long enough to be met in it."""
    pixels = np.tile(pictures.astronaut(), (12, 12, 1))
    pixels[:8, :3] = np.frombuffer(os.urandom(72), np.uint8).reshape(8, 3, 3)
    return pictures.jpeg(pixels)


def erase_an_account(platform: Platform) -> None:
    """Erase an account whose photos and video are being analysed. Nothing may be left."""
    user = f"{LEAVER}-{time.time_ns()}"
    token = ask(platform, f"tokens([{user!r}])")[user]
    with platform.client(token) as client:
        video = {"video": ("walk.mp4", pictures.walk(4))}
        slow = {"images": ("slow.jpg", _slow_photo())}
        photos = [("images", (f"{n}.jpg", p)) for n, p in enumerate(pictures.portraits(20))]
        client.post("videos/", files=video).raise_for_status()
        client.post("analyses/", files=slow).raise_for_status()
        client.post("analyses/", files=photos).raise_for_status()
    assert ask(platform, f"under_way({user!r})"), "All was analysed before it could be erased"
    ask(platform, f"erase({user!r})")
    until(lambda: ask(platform, "under_way()") == 0, QUIET_SECONDS, "Quiet")
    # Messages to workers name ids until they are taken.
    left = ask(platform, f"traces_of({user!r})")
    assert left["traces"] == left["queue"], left
    until(lambda: not ask(platform, f"traces_of({user!r})")["traces"], QUIET_SECONDS, "No trace")
