"""Analyse and forget: the result stays, and no pixel of the picture."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from PIL.ExifTags import IFD, Base
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from detector.accounts import preferences
from detector.analyses import explanations, heat_maps, leases, queueing, reanalysis, submission
from detector.enums import Source, Status
from detector.exceptions import DetectorError
from detector.insights import rollups
from detector.models import (
    Analysis,
    DailyEmotion,
    Explanation,
    ModelVersion,
    Photo,
    ReviewCase,
    User,
)
from detector.photos import images, trash
from detector.registry import selectors as model_selectors
from detector.reviews import consent as review_consent
from detector.tests.outages import files
from detector.tests.stub_analyser import StubAnalyser

pytestmark = pytest.mark.django_db
MakePicture = Callable[..., SimpleUploadedFile]
WorkOff = Callable[[], list[Analysis]]


@pytest.fixture
def upload(owner: User, django_capture_on_commit_callbacks: Any) -> Callable[..., Analysis]:
    def send(file: SimpleUploadedFile, forget: bool | None = True) -> Analysis:
        file.seek(0)
        with django_capture_on_commit_callbacks(execute=True):
            result = submission.submit(owner, [file], Source.WEB, forget=forget)
        return result.accepted[0]

    return send


@pytest.fixture
def finish(work_off: WorkOff, django_capture_on_commit_callbacks: Any) -> WorkOff:
    """Return a function that analyses what waits, with what follows the commit."""

    def run() -> list[Analysis]:
        with django_capture_on_commit_callbacks(execute=True):
            return work_off()

    return run


def test_the_result_stays_and_the_pixels_go(
    owner: User, api: APIClient, web: Client, upload: Callable[..., Analysis], finish: WorkOff,
    picture: MakePicture, analyser: StubAnalyser,
) -> None:  # fmt: skip
    review_consent.agree(owner)
    upload(picture())
    # While it is analysed there is the upload alone: no copy is ever made.
    analyser.before_answer = lambda: during.append(files())
    during: list[set[str]] = []
    [analysis] = finish()
    assert [len(found) for found in during] == [1]
    assert files() == set()
    photo = Photo.objects.get()
    assert photo.forgotten_at is not None
    assert (photo.width, photo.height, photo.stored_bytes) == (64, 48, 0)
    shown = api.get(f"/api/v1/analyses/{analysis.pk}/").json()
    assert (shown["status"], shown["faces"][0]["emotion"]) == ("done", "happy")
    assert shown["image"]["forgotten_at"] is not None
    for part in ("image", "annotated", "faces/0/crop", "faces/0/explanation"):
        answer = api.get(f"/api/v1/analyses/{analysis.pk}/{part}/")
        assert (answer.status_code, answer.json()["error"]["code"]) == (410, "picture_forgotten")
    page = web.get(f"/photos/{photo.pk}/").content.decode()
    assert "only the result was to be kept" in page
    assert "Analyse again" not in page
    assert "photo-image" not in page
    assert f"/photos/{photo.pk}/image/" not in page
    for url in ("/history/", f"/analyses/{analysis.pk}/card/", "/insights/"):
        assert web.get(url).status_code == 200
    assert f"/photos/{photo.pk}/thumbnail/" not in web.get("/history/").content.decode()
    # Nobody reviews, explains, learns from or analyses again what is not there.
    assert not ReviewCase.objects.exists()
    assert not model_selectors.is_for_the_shadow(analysis.pk)
    with pytest.raises(DetectorError, match="Only the result was kept"):
        explanations.request(analysis.faces.get())
    said = web.post(f"/photos/{photo.pk}/faces/0/explanation/", HTTP_HX_REQUEST="true")
    assert "Only the result was kept" in said.content.decode()
    assert queueing.analyse_again(owner, [photo.pk]) == 0
    other = ModelVersion.objects.create(name="other", sha256="1" * 64, status="active")
    with pytest.raises(DetectorError, match="has read all"):
        reanalysis.start(model=other, actor=None)
    export = b"".join(api.get("/api/v1/export/?type=zip"))
    assert f"images/{photo.pk}".encode() not in export
    assert b"".join(api.get("/api/v1/export/?type=csv")).count(b",happy,") == 1


def test_a_failure_forgets_as_well_and_is_tried_again_with_the_file(
    api: APIClient, web: Client, upload: Callable[..., Analysis], finish: WorkOff,
    picture: MakePicture, analyser: StubAnalyser, django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    file = picture()
    analyser.error = DetectorError("corrupt_image", "Damaged.")
    failed = upload(file)
    finish()
    assert files() == set()
    answer = api.post(f"/api/v1/analyses/{failed.pk}/retry/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "picture_forgotten")
    page = web.post(f"/photos/{failed.photo_id}/retry/", follow=True).content.decode()
    assert "Upload it again to try once more" in page
    analyser.error = None
    assert upload(file) == failed
    assert [analysis.status for analysis in finish()] == [Status.DONE]
    assert files() == set()
    # The operator ends another one.
    other = upload(picture())
    with django_capture_on_commit_callbacks(execute=True):
        assert leases.cancel(other)
    assert files() == set()


def test_uploaded_again_it_is_kept_where_that_is_wanted_now(
    upload: Callable[..., Analysis], finish: WorkOff, picture: MakePicture
) -> None:
    file = picture()
    first = upload(file)
    finish()
    assert upload(file) == first
    assert (finish(), files()) == ([], set())
    assert upload(file, forget=False).photo == first.photo
    [renewal] = finish()
    renewal.photo.refresh_from_db()
    assert (renewal.status, renewal.photo.forgotten_at, renewal.photo.forget) == (
        Status.DONE, None, False,
    )  # fmt: skip
    assert len(files()) == 2
    # What is kept already stays so.
    upload(file, forget=True)
    finish()
    assert len(files()) == 2


def test_one_that_is_forgotten_while_it_is_sent_again_stays_so(
    upload: Callable[..., Analysis], finish: WorkOff, picture: MakePicture
) -> None:
    """As by a double click: the second upload finds no file, since the first has just ended."""
    file = picture()
    first = upload(file)
    asked = default_storage.exists

    def exists(name: str) -> bool:
        finish()
        return asked(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(default_storage, "exists", exists)
        assert upload(file) == first
    assert files() == set()
    assert Photo.objects.get().forgotten_at is not None


def test_a_picture_in_the_bin_goes_where_the_result_alone_is_wanted_now(
    owner: User, upload: Callable[..., Analysis], finish: WorkOff, picture: MakePicture
) -> None:
    file = picture()
    first = upload(file, forget=False)
    finish()
    heat_maps.draw(explanations.request(first.faces.get()).pk)
    # The upright copy, its thumbnail, and the heat map, which shows the face.
    assert len(files()) == 3
    trash.discard(owner, [first.photo_id])
    assert upload(file, forget=True) == first
    assert files() == set()
    photo = Photo.objects.get()
    assert (photo.deleted_at, photo.stored_bytes) == (None, 0)
    assert photo.forgotten_at is not None
    assert not Explanation.objects.exists()


def test_kept_again_it_counts_when_it_counted_and_within_the_quota(
    owner: User, upload: Callable[..., Analysis], finish: WorkOff, picture: MakePicture,
    settings: Settings,
) -> None:  # fmt: skip
    exif = Image.Exif()
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = "2024:05:03 23:30:00"
    file = picture(exif=exif)
    upload(file)
    finish()
    size = file.size or 0
    settings.QUOTA_BYTES = size - 1
    with pytest.raises(IndexError):
        upload(file, forget=False)
    assert files() == set()
    settings.QUOTA_BYTES = size
    # The camera's clock now says another moment.
    preferences.set_time_zone(owner, "Pacific/Auckland")
    owner.refresh_from_db()
    upload(file, forget=False)
    finish()
    counted = set(DailyEmotion.objects.values_list("day", "faces"))
    rollups.rebuild(owner)
    assert counted == set(DailyEmotion.objects.values_list("day", "faces"))


def test_the_account_decides_where_the_upload_says_nothing(
    owner: User, api: APIClient, web: Client, picture: MakePicture
) -> None:
    assert (
        web.post("/settings/retention/", {"days": "", "forget_pictures": "on"}).status_code == 302
    )
    owner.refresh_from_db()
    assert owner.forget_pictures
    assert api.get("/api/v1/me/").json()["forget_pictures"] is True
    assert 'id="forget" checked' in web.get("/upload/").content.decode()

    def wishes(send: Callable[[SimpleUploadedFile], Any]) -> bool:
        before = set(Photo.objects.values_list("pk"))
        assert send(picture()).status_code in (200, 202, 302)
        return Photo.objects.exclude(pk__in=[pk for (pk,) in before]).get().forget

    def by_page(**said: Any) -> Callable[[SimpleUploadedFile], Any]:
        return lambda file: web.post("/upload/", {"images": [file], **said})

    def by_program(query: str) -> Callable[[SimpleUploadedFile], Any]:
        url = f"/api/v1/analyses/{query}"
        return lambda file: api.post(url, {"images": [file]}, format="multipart")

    assert wishes(by_program("")) is True
    assert wishes(by_program("?forget=false")) is False
    assert wishes(by_page()) is True
    assert wishes(by_page(forget="no")) is False
    web.post("/settings/retention/", {"days": ""})
    assert wishes(by_program("")) is False
    assert wishes(by_program("?forget=true")) is True
    assert wishes(by_page(forget=["no", "yes"])) is True


def test_the_same_key_with_another_wish_is_another_request(
    api: APIClient, picture: MakePicture
) -> None:
    content = picture().read()

    def send(query: str) -> int:
        images = [SimpleUploadedFile("a.jpg", content)]
        url, headers = f"/api/v1/analyses/{query}", {"Idempotency-Key": "k"}
        return int(
            api.post(url, {"images": images}, format="multipart", headers=headers).status_code
        )

    assert [send("?forget=true"), send("?forget=true"), send("")] == [202, 202, 409]


def test_pixels_of_a_forgotten_photo_are_not_asked_for() -> None:
    photo = Photo(forgotten_at="2026-01-01")
    with pytest.raises(DetectorError) as caught:
        images.normalise(photo)
    assert caught.value.code == "picture_forgotten"
