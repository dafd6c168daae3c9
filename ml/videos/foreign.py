"""Tells what a file is that is no video of a known kind, so that each has its own error."""

import re
from typing import Final

from ml import image_kinds
from ml.videos import errors
from ml.videos.errors import VideoError

TS_PACKET: Final = 188
"""Bytes of a packet of an MPEG transport stream, each of which begins alike (ISO/IEC 13818-1)."""

_CONTAINERS: Final = {
    "Flash Video": re.compile(rb"FLV\x01"),
    "Windows Media": re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    "MPEG program stream": re.compile(rb"\x00\x00\x01[\xba\xb3]"),
    # The second kind of packets has a timestamp of four bytes before each (AVCHD).
    "MPEG transport stream": re.compile(rb"G.{187}G|.{4}G.{191}G", re.DOTALL),
    "RealMedia": re.compile(rb"\.RMF"),
    "Ogg": re.compile(rb"OggS.{24}(?:\x80theora|fishead)", re.DOTALL),
    "DV": re.compile(rb"\x1f\x07\x00[\x3f\xbf]"),
    "MXF": re.compile(rb"\x06\x0e\x2b\x34"),
}
"""First bytes of containers of videos that are not read here."""
_SOUND: Final = re.compile(
    rb"ID3[\x02-\x04]|\xff[\xe2\xe3\xf1-\xf3\xf9-\xfb]|fLaC|OggS|FORM.{4}AIF[CF]|RIFF.{4}WAVE|#!AMR",
    re.DOTALL,
)
_ARCHIVE: Final = re.compile(rb"PK(?:\x03\x04|\x05\x06)|Rar!\x1a\x07|7z\xbc\xaf|\x1f\x8b|\xfd7zXZ")
_DOCUMENT: Final = re.compile(rb"%PDF|\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1|\{\\rtf")
_PLAYLIST: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:#EXTM3U|\[playlist\]|ffconcat version|<asx|<\?wpl|<MPD)", re.IGNORECASE
)
_BINARY: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def error_of(head: bytes) -> VideoError:
    """Return the error of a file that begins with these bytes and is in no known container."""
    for name, signature in _CONTAINERS.items():
        if signature.match(head):
            return errors.unsupported_container(name)
    if image_kinds.is_known(head):
        return errors.photo_file()
    if _SOUND.match(head):
        return errors.no_video_stream()
    if _ARCHIVE.match(head):
        return errors.archive_file()
    if _DOCUMENT.match(head):
        return errors.document_file()
    if _PLAYLIST.match(head):
        return errors.playlist()
    return errors.text_file() if _is_text(head) else errors.unsupported()


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    if _BINARY.search(head):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The head may end within a character.
        return error.start > len(head) - 4
    return True
