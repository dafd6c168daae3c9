"""Everything of a person in one file."""

import csv
import gc
import io
import json
import re
import zipfile
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished
from django.test import Client
from rest_framework.test import APIClient

from detector.accounts import export, export_rows
from detector.analyses import submission
from detector.enums import Source
from detector.models import Analysis, PhotoTag, User
from detector.reviews import consent as review_consent
from detector.reviews import verdicts
from detector.tests.factories import (
    MOMENT,
    AnalysisFactory,
    FaceFactory,
    VideoFactory,
    WebhookEndpointFactory,
    with_timeline,
)
from detector.tests.people import logged_in
from detector.videos import uploads

pytestmark = pytest.mark.django_db
URL = "/api/v1/export/"


@pytest.fixture
def history(owner: User, stranger: User, analysed: Analysis) -> Analysis:
    analysed.photo.tags.create(name="lake", owner=analysed.photo.owner)
    analysed.photo.tags.create(name="summer", owner=analysed.photo.owner)
    analysed.photo.note = '=HYPERLINK("x")'
    analysed.photo.save()
    AnalysisFactory.create(photo__owner=owner, photo__filename="nobody.jpg")
    FaceFactory.create(analysis__photo__owner=stranger)
    return analysed


def content(api: APIClient | Client, kind: str) -> bytes:
    response: Any = api.get(URL, {"type": kind})
    assert response.status_code == 200
    assert response.streaming
    assert response["Content-Disposition"].endswith(f'.{kind}"')
    return b"".join(response)


def test_csv_has_a_row_a_face_and_one_for_a_photo_without(
    history: Analysis, api: APIClient
) -> None:
    rows = list(csv.DictReader(io.StringIO(content(api, "csv").decode())))
    assert list(rows[0]) == list(export.COLUMNS)
    face, nobody = rows
    assert (face["emotion"], face["index"], face["p_happy"]) == ("happy", "0", "0.9")
    assert (face["tags"], face["note"]) == ("lake;summer", '\'=HYPERLINK("x")')
    assert face["uploaded_at"].endswith("Z")
    assert (nobody["filename"], nobody["emotion"], nobody["index"]) == ("nobody.jpg", "", "")


def test_json_holds_every_analysis_with_its_faces(history: Analysis, api: APIClient) -> None:
    data = json.loads(content(api, "json"))
    assert [len(analysis["faces"]) for analysis in data["analyses"]] == [1, 0]
    assert data["analyses"][0]["note"] == '=HYPERLINK("x")'
    assert data["analyses"][0]["tags"] == ["lake", "summer"]


def test_zip_holds_both_the_pictures_and_what_the_columns_mean(
    history: Analysis, api: APIClient
) -> None:
    with zipfile.ZipFile(io.BytesIO(content(api, "zip"))) as archive:
        assert archive.testzip() is None
        readme = archive.read("README.txt").decode()
        assert all(f"\n{name} " in readme for name in export.COLUMNS)
        assert b"nobody.jpg" in archive.read("faces.csv")
        assert len(json.loads(archive.read("analyses.json"))["analyses"]) == 2
        with history.photo.image.open() as file:
            assert archive.read(f"images/{history.photo_id}.jpg") == file.read()


def test_the_account_is_exported_without_its_secrets(
    history: Analysis, owner: User, stranger: User, api: APIClient
) -> None:
    login = {"ip": "192.0.2.7", "user_agent": "Firefox", "last_seen_at": MOMENT}
    for person in (owner, stranger):
        UserSession.objects.create(user=person, session_key=str(person.pk), **login)
    hook = WebhookEndpointFactory.create(owner=owner, description="kiosk")
    WebhookEndpointFactory.create(owner=stranger)
    review_consent.agree(owner)
    verdicts.correct(owner, history.faces.get(), "sad", comment="bad day")
    text = content(api, "json").decode()
    told = json.loads(text)["account"]
    assert (told["email"], told["time_zone"]) == (owner.email, owner.time_zone)
    assert told["consent"]["version"] == owner.consent_version
    assert told["review_consent"]["given_at"].endswith("Z")
    assert [(one["address"], one["browser"]) for one in told["logins"]] == [
        ("192.0.2.7", "Firefox")
    ]
    assert [(one["url"], one["description"]) for one in told["webhooks"]] == [(hook.url, "kiosk")]
    assert [one["scopes"] for one in told["tokens"]] == [["read", "write"]]
    [verdict] = told["verdicts"]
    assert (verdict["kind"], verdict["verdict"], verdict["comment"]) == (
        "owner",
        "sad",
        "bad day",
    )
    assert hook.secret not in text
    assert str(owner.pk) not in text
    with zipfile.ZipFile(io.BytesIO(content(api, "zip"))) as archive:
        assert json.loads(archive.read("account.json"))["verdicts"] == [verdict]
        assert "account.json" in archive.read("README.txt").decode()


def test_videos_are_exported_and_do_not_disturb_an_upload(
    owner: User, stranger: User, api: APIClient
) -> None:
    video = with_timeline(VideoFactory.create(owner=owner))
    VideoFactory.create(owner=stranger)
    VideoFactory.create(owner=owner, deleted_at=video.uploaded_at)
    part = uploads.begin(owner, filename="part.mp4", length=9)
    uploads.begin(stranger, filename="other.mp4", length=9)
    whole_json = json.loads(content(api, "json"))
    [begun] = whole_json["video_uploads"]
    assert begun | {"created_at": "", "expires_at": ""} == {
        "id": str(part.pk), "filename": "part.mp4", "length": 9, "offset": 0,
        "created_at": "", "expires_at": "",
    }  # fmt: skip
    [told] = whole_json["videos"]
    assert told["id"] == str(video.pk)
    assert told["timeline"]["tracks"][0]["frames"]["emotions"] == ["happy"] * 5
    whole = content(api, "zip")
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert archive.read(f"videos/{video.pk}.mp4") == b"video as received"
        assert json.loads(archive.read(f"videos/{video.pk}.json")) == told
        assert json.loads(archive.read("video_uploads.json")) == [begun]
    result = submission.submit(owner, [SimpleUploadedFile("all.zip", whole)], Source.WEB)
    assert [item.error.code for item in result.rejected] == ["no_photo_in_archive"]


@pytest.mark.parametrize("kind", ["csv", "json", "zip"])
def test_of_nothing(api: APIClient, kind: str) -> None:
    assert content(api, kind)


def test_other_types_are_refused(api: APIClient) -> None:
    assert api.get(URL, {"type": "xml"}).status_code == 400


@pytest.mark.parametrize(("pieces", "others"), [(export.csv_pieces, 0), (export.json_pieces, 10)])
def test_a_page_of_photos_takes_two_queries(
    owner: User, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any, pieces: Any,
    others: int,
) -> None:  # fmt: skip
    for n in range(7):
        face = FaceFactory.create(analysis__photo__owner=owner)
        PhotoTag.objects.create(photo=face.analysis.photo, owner=owner, name=f"tag{n}")
    monkeypatch.setattr(export_rows, "PAGE_SIZE", 3)
    # Account, live sessions, unfinished uploads (and the time) and videos come after the photos.
    with django_assert_num_queries(1 + 2 * 3 + others):
        content = b"".join(pieces(owner))
    # Each photo has its own tag, also on the last page.
    for n in range(7):
        assert content.count(f"tag{n}".encode()) == 1


def test_many_faces_come_in_pieces(owner: User) -> None:
    analysis = AnalysisFactory.create(photo__owner=owner)
    for index in range(3):
        FaceFactory.create(analysis=analysis, index=index)
    AnalysisFactory.create_batch(400, photo__owner=owner, photo__image="x.jpg")
    pieces = list(export.csv_pieces(owner))
    assert len(pieces) == 4
    assert b"".join(pieces).count(b"\r\n") == 404


def test_as_many_as_may_hold_a_thread_each(
    history: Analysis,
    api: APIClient,
    admin_client: Client,
    owner: User,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_ones: list[Any] = [api.get(URL) for _ in range(settings.STREAMED_ANSWERS)]
    refused = api.get(URL)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "busy")
    assert int(refused["Retry-After"]) > 0
    page = admin_client.post(f"/admin/detector/user/{owner.pk}/export/", follow=True)
    assert "Others are exporting" in page.content.decode()
    (address,) = re.findall(
        r'href="([^"]+)"><span>Take out', logged_in(owner).get("/settings/").content.decode()
    )
    told = logged_in(owner).get(address)
    assert (told.status_code, told["Retry-After"]) == (503, "1")
    assert "<h1>Others are exporting" in told.content.decode()
    # One that was sent, one that was closed without a look, and one that nobody remembers.
    assert b"".join(open_ones.pop())
    open_ones.append(api.get(URL))
    # Else Django closes the connection to the database, and with it what the test made.
    monkeypatch.setattr(request_finished, "send", lambda **_: None)
    open_ones.pop().close()
    open_ones.append(api.get(URL))
    assert open_ones[-1].status_code == 200
    del open_ones
    gc.collect()
    assert content(api, "zip")
    whole: Any = logged_in(owner).get(address)
    assert whole["Content-Disposition"].endswith('.zip"')
    assert whole["Cache-Control"] == "private, no-store"
    names = zipfile.ZipFile(io.BytesIO(b"".join(whole))).namelist()
    assert "account.json" in names


@pytest.mark.parametrize("bom", [True, False])
def test_spreadsheets_are_told_that_it_is_utf8(
    history: Analysis, api: APIClient, bom: bool
) -> None:
    query = {"bom": str(bom).lower()}
    mark = b"\xef\xbb\xbf" if bom else b""
    table = b"".join(api.get(URL, {"type": "csv", **query}))
    assert table.startswith(mark + b"analysis,photo,")
    assert next(csv.reader(io.StringIO(table.decode("utf-8-sig"))))[0] == "analysis"
    with zipfile.ZipFile(io.BytesIO(b"".join(api.get(URL, {"type": "zip", **query})))) as zipped:
        assert zipped.read("faces.csv").startswith(mark + b"analysis,photo,")
    json.loads(b"".join(api.get(URL, {"type": "json", **query})))


def test_the_pages_give_spreadsheets_what_they_need(history: Analysis, web: Client) -> None:
    chosen = {"action": "export", "photo": str(history.photo_id)}
    assert web.post("/history/several/", chosen).content.startswith(b"\xef\xbb\xbfphoto,")
    assert b'href="/settings/export/"' in web.get("/settings/").content
    everything = io.BytesIO(b"".join(web.get("/settings/export/")))
    with zipfile.ZipFile(everything) as zipped:
        assert zipped.read("faces.csv").startswith(b"\xef\xbb\xbfanalysis,")
