"""Image files: each kind either works or has an error code of its own."""

import io
from collections.abc import Callable
from unittest.mock import Mock

import numpy as np
import pillow_heif
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import ExifTags, Image

from detector.analyses import pipeline, submission
from detector.enums import Source, Status
from detector.models import Analysis, Photo, User
from detector.photos import images
from detector.tests.conftest import encoded
from detector.tests.e2e import pictures
from detector.tests.stub_analyser import StubAnalyser
from ml import images as decoder
from ml import inference

RGB = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8))


def heic() -> bytes:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(RGB).save(buffer)
    return buffer.getvalue()


def deep() -> Image.Image:
    return Image.fromarray(np.linspace(0, 65535, 2400).reshape(40, 60).astype(np.uint16))


GOOD: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: encoded(RGB),
    "grey JPEG": lambda: encoded(RGB.convert("L")),
    "CMYK JPEG": lambda: encoded(RGB.convert("CMYK")),
    "PNG": lambda: encoded(RGB, "PNG"),
    "PNG with alpha": lambda: encoded(RGB.convert("RGBA"), "PNG"),
    "PNG with a palette": lambda: encoded(RGB.convert("P"), "PNG"),
    "PNG of 16 bits": lambda: encoded(deep(), "PNG"),
    "PNG of 1 bit": lambda: encoded(RGB.convert("1"), "PNG"),
    "WebP": lambda: encoded(RGB, "WEBP"),
    "GIF": lambda: encoded(RGB, "GIF"),
    "animated GIF": lambda: encoded(
        RGB, "GIF", save_all=True, append_images=[RGB.rotate(90), RGB.rotate(180)]
    ),
    "BMP": lambda: encoded(RGB, "BMP"),
    "TIFF": lambda: encoded(RGB, "TIFF"),
    "TIFF of 16 bits": lambda: encoded(deep(), "TIFF"),
    "HEIC": heic,
}


def run(owner: User, name: str, content: bytes) -> Analysis:
    result = submission.submit(owner, [SimpleUploadedFile(name, content)], Source.WEB)
    assert result.rejected == []
    pipeline.run(result.accepted[0].pk)
    return Analysis.objects.select_related("photo").get()


@pytest.mark.parametrize("kind", GOOD)
def test_good_ones_reach_the_network_upright_and_in_colour(
    owner: User, analyser: StubAnalyser, kind: str
) -> None:
    done = run(owner, "a.jpg", GOOD[kind]())
    assert done.status == Status.DONE, done.error_code
    assert analyser.seen == [(40, 60, 3)]
    with done.photo.image.open() as file, Image.open(file) as kept:
        assert (kept.format, kept.mode, kept.size) == ("JPEG", "RGB", (60, 40))
    assert done.photo.thumbnail


def test_a_later_analysis_reads_nearly_the_same_pixels(owner: User) -> None:
    photo = np.asarray(pictures.astronaut())
    [accepted] = submission.submit(
        owner, [SimpleUploadedFile("a.png", encoded(Image.fromarray(photo), "PNG"))], Source.WEB
    ).accepted
    first = images.normalise(accepted.photo)
    again = images.normalise(Photo.objects.get())
    assert np.array_equal(first, photo)
    assert np.abs(first.astype(int) - again).mean() < 2
    one, other = (inference.load().analyse(pixels)[0] for pixels in (first, again))
    assert one.emotion == other.emotion
    assert one.probabilities == pytest.approx(other.probabilities, abs=0.03)


def test_a_photo_is_decoded_once(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    [accepted] = submission.submit(
        owner, [SimpleUploadedFile("a.png", encoded(RGB, "PNG"))], Source.WEB
    ).accepted
    decode = Mock(wraps=decoder.decode)
    monkeypatch.setattr(decoder, "decode", decode)
    images.normalise(accepted.photo)
    decode.assert_called_once()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_orientations_end_upright(
    owner: User, analyser: StubAnalyser, orientation: int
) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    done = run(owner, "a.jpg", encoded(RGB, exif=exif))
    height, width, _ = analyser.seen[0]
    assert (width, height) == ((60, 40) if orientation < 5 else (40, 60))
    assert (done.photo.width, done.photo.height) == (width, height)


def test_content_decides_not_the_name(owner: User) -> None:
    assert run(owner, "really.jpg", encoded(RGB, "WEBP")).photo.format == "WEBP"


@pytest.mark.parametrize("kind", sorted(set(GOOD) - {"animated GIF"}))
def test_cut_in_half(owner: User, kind: str) -> None:
    content = GOOD[kind]()
    half = SimpleUploadedFile("half", content[: len(content) // 2])
    [rejection] = submission.submit(owner, [half], Source.WEB).rejected
    assert rejection.error.code == "corrupt_image"
    assert not Photo.objects.exists()


def test_animation_cut_after_its_first_frame_still_has_that(owner: User) -> None:
    content = GOOD["animated GIF"]()
    assert run(owner, "a.gif", content[: len(content) // 2]).status == Status.DONE
