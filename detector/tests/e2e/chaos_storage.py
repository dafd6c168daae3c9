"""Faults of the storage: of a volume, and of an object store."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from detector.tests.e2e.chaos_services import servers
from detector.tests.e2e.platform import Platform
from detector.tests.e2e.servers import S3_TIMEOUT

VOLUME_BYTES = 2**30
BAD_SECONDS = 8
PAGE = 2**12


def media(platform: Platform) -> Path:
    """Return the folder of the stored files."""
    return platform.folder / "var" / "media"


@contextlib.contextmanager
def own_volume(platform: Platform) -> Iterator[bool]:
    """Put the stored files on a volume of their own, in memory. Yield whether that is allowed."""
    folder = platform.folder / "volume"
    folder.mkdir()
    options = f"size={VOLUME_BYTES},mode=0700"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        yield False
        return
    try:
        media(platform).parent.mkdir(mode=0o700, exist_ok=True)
        media(platform).symlink_to(folder)
        yield True
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _remount(platform: Platform, options: str) -> bool:
    command = ["mount", "-o", f"remount,{options}", str(platform.folder / "volume")]
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0


def fill(platform: Platform) -> None:
    """Leave no space for a while: the volume shrinks to what is on it."""
    folder = media(platform)
    end = time.monotonic() + BAD_SECONDS
    try:
        while time.monotonic() < end:
            space = os.statvfs(folder)
            used = (space.f_blocks - space.f_bfree) * space.f_frsize
            _remount(platform, f"size={used + PAGE}")
            time.sleep(0.05)
    finally:
        assert _remount(platform, f"size={VOLUME_BYTES}")


def forbid_writing(platform: Platform) -> None:
    """Make the volume read-only for a while, as a kernel does after errors of a disk."""
    folder = media(platform)
    end = time.monotonic() + BAD_SECONDS
    # It is refused while a file is open for writing.
    while not _remount(platform, "ro") and time.monotonic() < end:
        time.sleep(0.005)
    try:
        assert os.statvfs(folder).f_flag & os.ST_RDONLY, "The volume was always in use"
        time.sleep(BAD_SECONDS)
    finally:
        assert _remount(platform, "rw")


def move_away(platform: Platform) -> None:
    """Take the folder away for a while. A file stands in its place."""
    folder = media(platform)
    away = folder.with_name("media-away")
    folder.rename(away)
    folder.touch()
    try:
        time.sleep(BAD_SECONDS)
    finally:
        folder.unlink()
        away.rename(folder)


def answer_500(platform: Platform) -> None:
    """Let the store answer each call with an error."""
    _during("500", platform, BAD_SECONDS)


def say_nothing(platform: Platform) -> None:
    """Let the store be silent, for longer than the platform waits."""
    _during("silent", platform, 4 * S3_TIMEOUT)


def be_slow(platform: Platform) -> None:
    """Let each packet to and from the store take half a second."""
    _during("slow", platform, BAD_SECONDS)


def _during(fault: str, platform: Platform, seconds: float) -> None:
    store = servers(platform).store
    store.begin(fault)
    try:
        time.sleep(seconds)
    finally:
        store.begin("")


def stop_the_store(platform: Platform) -> None:
    """Let the stack's store sleep for longer than the platform waits."""
    [pid] = platform.children("store")
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(25)
    finally:
        os.kill(pid, signal.SIGCONT)
