"""Uploads photos, ZIPs and videos while faults happen, each until it was accepted."""

import contextlib
import io
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
import numpy as np
from PIL import Image

from detector.tests.e2e import pictures

END_SECONDS = 300
"""Beyond this, what is not accepted or not finished counts as lost or stuck."""
FORGOTTEN = 5
"""Upload one photo in so many to be forgotten: its result alone is kept."""
PHOTOS_IN_A_ZIP = 10
SMALL = (64, 80)
"""Width and height of the photos in ZIPs: the smaller, the more of them in the same time."""


@dataclass
class Load:
    """Uploads, one by one, as many as are allowed so far."""

    client: httpx.Client
    kind: str = "photo"
    accepted: list[str] = field(default_factory=list)
    allowed: int = 0
    ended: bool = False
    error: str = ""

    def run(self) -> None:
        """Go on until told to end and all that is allowed was uploaded."""
        sendings = SENDINGS[self.kind]()
        try:
            while not self.ended or len(self.accepted) < self.allowed:
                if len(self.accepted) < self.allowed:
                    self.accepted += self._accepted(*next(sendings))
                else:
                    time.sleep(0.02)
        except AssertionError as error:
            self.error = str(error)

    def _accepted(self, address: str, name: str, content: bytes) -> list[str]:
        """Return the ids of what became of a file. It is sent again until nothing is refused."""
        field_name = "video" if self.kind == "video" else "images"
        end = time.monotonic() + END_SECONDS
        last = ""
        while time.monotonic() < end:
            # A server may end between two requests, or in the middle of one.
            with contextlib.suppress(httpx.TransportError):
                answer = self.client.post(address, files={field_name: (name, content)})
                last = f"{answer.status_code} {answer.text[:200]}"
                if answer.status_code in (200, 201, 202):
                    body = answer.json()
                    if self.kind == "video":
                        return [str(body["id"])]
                    if not body["rejected"]:
                        return [str(each["id"]) for each in body["accepted"]]
            time.sleep(0.5)
        raise AssertionError(f"Not accepted for minutes: {last}")


def photos(*, small: bool = False) -> Iterator[bytes]:
    """Yield photos with one face, no two alike."""
    pixels = pictures.astronaut().copy()
    if small:
        face = pixels[:256, 130:330]
        pixels = np.array(Image.fromarray(face).resize(SMALL))
    for number in range(100_000):
        pixels[0, :8] = np.frombuffer(number.to_bytes(24, "big"), np.uint8).reshape(8, 3)
        pixels[:8, :8] = (number * 37 % 256, number // 7 % 256, number % 256)
        yield pictures.jpeg(pixels)


def _photos() -> Iterator[tuple[str, str, bytes]]:
    for number, photo in enumerate(photos()):
        address = "analyses/" if (number + 1) % FORGOTTEN else "analyses/?forget=true"
        yield address, "me.jpg", photo


def _zips() -> Iterator[tuple[str, str, bytes]]:
    source = photos(small=True)
    while True:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for number in range(PHOTOS_IN_A_ZIP):
                archive.writestr(f"{number}.jpg", next(source))
        yield "analyses/", "all.zip", content.getvalue()


def _videos() -> Iterator[tuple[str, str, bytes]]:
    film = pictures.walk(2)
    for number in range(1000):
        # What follows the last box of an MP4 is not read: `free` is the box of unused bytes.
        yield "videos/", "walk.mp4", film + b"\x00\x00\x00\x0cfree" + number.to_bytes(4, "big")


SENDINGS: dict[str, Callable[[], Iterator[tuple[str, str, bytes]]]] = {
    "photo": _photos,
    "zip": _zips,
    "video": _videos,
}
