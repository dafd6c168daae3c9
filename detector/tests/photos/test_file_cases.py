"""A folder of files that once failed, with what is right for each.

Every kind has tests with inputs of its own; these are the files themselves, where one has them:
`FILE_CASES`, or `shared/cases` beside the checkout.
"""

import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from skimage import data

from detector.analyses import pipeline, submission
from detector.enums import Source
from detector.models import Analysis, Photo, User
from detector.registry import networks
from ml import images, inference

FOLDER = Path(os.environ.get("FILE_CASES", settings.BASE_DIR.parent / "shared" / "cases"))

pytestmark = [
    pytest.mark.weights,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="the folder of cases is not here"),
]

FACES = (
    "avif.avif",
    "avif_mif1_brand.avif",
    "float_hdr_1.2.tif",
    "gif_black_first.gif",
    "icc_Display_P3.png",
    "icc_ProPhoto_RGB.png",
    "jpeg_minus_20_bytes.jpg",
    "jpeg_no_eoi.jpg",
)
MOMENTS = {
    "epoch.jpg": None,
    "iso.jpg": datetime(2021, 5, 3, 10, tzinfo=UTC),
    "only_datetime.jpg": datetime(2003, 3, 3, 3, 3, 3, tzinfo=UTC),
    "only_digitized.jpg": datetime(2003, 3, 3, 3, 3, 3, tzinfo=UTC),
    "subsec.jpg": datetime(2021, 5, 3, 12, 0, 0, 999_000, tzinfo=UTC),
}
ARCHIVES = {
    "cp1252_umlaut.zip": ["Grüße äöü.jpg"],
    "macos_usb_stick_appledouble.zip": ["IMG_1.jpg"],
    "synology_qnap.zip": ["IMG_1.jpg"],
    "utf8_without_flag.zip": ["Grüße äöü.jpg"],
    "windows_backslash.zip": ["IMG_1.jpg"],
}


def sent_in(owner: User, name: str) -> list[Photo]:
    """Upload a valid file and analyse its photos."""
    file = SimpleUploadedFile(name, (FOLDER / name).read_bytes())
    result = submission.submit(owner, [file], Source.WEB)
    assert result.rejected == []
    for accepted in result.accepted:
        pipeline.run(accepted.pk)
    return list(Photo.objects.order_by("id"))


@pytest.fixture(scope="module")
def network() -> inference.Analyser:
    return inference.load()


@pytest.mark.parametrize("name", FACES)
def test_pictures(
    owner: User, name: str, network: inference.Analyser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks, "analyser", lambda: network)
    [photo] = sent_in(owner, name)
    done = Analysis.objects.get()
    assert done.faces.count() == 1, done.error_code
    assert photo.frame == (1 if name == "gif_black_first.gif" else None)
    with photo.image.open() as file:
        pixels = images.decode(io.BytesIO(file.read())).rgb
    difference = np.abs(pixels.astype(int) - data.astronaut())
    assert name.startswith("float") or difference.mean() < 5


@pytest.mark.parametrize("name", MOMENTS)
def test_capture_times(owner: User, name: str) -> None:
    owner.time_zone = "UTC"
    owner.save()
    [photo] = sent_in(owner, name)
    assert photo.captured_at == MOMENTS[name]
    assert photo.taken_at - (MOMENTS[name] or photo.uploaded_at) == timedelta(0)


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives(owner: User, name: str) -> None:
    assert [photo.filename for photo in sent_in(owner, name)] == ARCHIVES[name]


def test_every_file_is_in_a_table() -> None:
    tables = {*FACES, *MOMENTS, *ARCHIVES, "README.md"}
    assert {path.name for path in FOLDER.iterdir()} <= tables
