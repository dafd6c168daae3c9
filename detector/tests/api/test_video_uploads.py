"""Videos in parts, by tus 1.0 as https://tus.io/protocols/resumable-upload says."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from detector.enums import Scope
from detector.models import User, Video, VideoUpload
from detector.tests.conftest import api_client
from detector.tests.factories import VideoUploadFactory
from detector.tests.videos.conftest import _read_here, watching  # noqa: F401
from detector.tests.videos.films import film
from detector.tests.videos.sending import URL, ask, begin, send
from detector.videos import uploads

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MIN_PART_BYTES", 10)


@pytest.fixture(scope="module")
def content() -> bytes:
    return film(1).read()


def error_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_an_upload_goes_on_where_it_was_cut_off(api: APIClient, content: bytes) -> None:
    begun = begin(api, len(content), "Größe.mp4")
    address = begun["Location"]
    assert (begun.status_code, begun["Tus-Resumable"]) == (201, "1.0.0")
    assert begun.json()["filename"] == "Größe.mp4"
    assert begun["Upload-Expires"].endswith("GMT")

    first = send(api, address, 0, content[:500])
    assert (first.status_code, first["Upload-Offset"], first.content) == (204, "500", b"")
    asked = ask(api, address)
    assert (asked.status_code, asked["Upload-Offset"]) == (200, "500")
    assert (asked["Upload-Length"], asked["Cache-Control"]) == (str(len(content)), "no-store")
    assert asked["Upload-Metadata"].startswith("filename R3LDtsOfZS5tcDQ=,")
    assert "Upload-Video" not in asked

    last = send(api, address, 500, content[500:])
    video = Video.objects.get()
    assert (last.status_code, last["Upload-Video"]) == (204, str(video.pk))
    assert (video.filename, video.stored_bytes) == ("Größe.mp4", len(content))
    # Who lost the answer is told again.
    assert ask(api, address)["Upload-Video"] == str(video.pk)
    assert api.get(address).json()["video"] == str(video.pk)
    assert [item["id"] for item in api.get(URL).json()["results"]] == [begun.json()["id"]]


def test_a_file_may_come_in_one_part(api: APIClient, content: bytes) -> None:
    address = begin(api, len(content))["Location"]
    assert send(api, address, 0, content)["Upload-Video"] == str(Video.objects.get().pk)


def test_who_may_only_write_can_upload_and_is_told_no_names(owner: User, content: bytes) -> None:
    client = api_client(owner, [Scope.WRITE])
    address = begin(client, len(content))["Location"]
    send(client, address, 0, content[:500])
    asked = ask(client, address)
    assert (asked["Upload-Offset"], "Upload-Metadata" in asked) == ("500", False)
    assert error_of(client.get(address)) == (403, "insufficient_scope")
    assert send(client, address, 500, content[500:]).status_code == 204


def test_an_upload_is_discarded(api: APIClient, content: bytes) -> None:
    address = begin(api, len(content))["Location"]
    send(api, address, 0, content[:500])
    answer = api.delete(address, headers={"Tus-Resumable": "1.0.0"})
    assert (answer.status_code, answer["Tus-Resumable"]) == (204, "1.0.0")
    assert ask(api, address).status_code == 404
    assert error_of(send(api, address, 500, content[500:])) == (404, "not_found")


def test_uploads_of_others_are_not_there(stranger_api: APIClient, owner: User) -> None:
    address = f"{URL}{VideoUploadFactory.create(owner=owner).pk}/"
    assert ask(stranger_api, address).status_code == 404
    assert error_of(send(stranger_api, address, 0, b"x" * 1000)) == (404, "not_found")
    assert VideoUpload.objects.get().offset == 0


def test_a_bad_video_has_its_own_code(api: APIClient) -> None:
    address = begin(api, 8)["Location"]
    assert error_of(send(api, address, 0, b"no video")) == (400, "text_file")
    assert ask(api, address).status_code == 404


def test_what_is_wrong_is_refused(api: APIClient) -> None:
    address = begin(api, 1000)["Location"]
    part = b"x" * 100
    assert error_of(send(api, address, 100, part)) == (409, "wrong_offset")
    assert error_of(send(api, address, 0, b"few")) == (400, "part_too_small")
    assert error_of(send(api, address, 0, b"x" * 1001)) == (400, "part_too_long")
    assert error_of(send(api, address, 0, part, **{"Upload-Offset": "-1"})) == (400, "invalid")
    old = send(api, address, 0, part, **{"Tus-Resumable": "0.2.2"})
    assert error_of(old) == (412, "unsupported_tus_version")
    assert (old["Tus-Version"], old["Tus-Resumable"]) == ("1.0.0", "1.0.0")
    as_form = api.patch(
        address, {"part": "x"}, headers={"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
    )
    assert error_of(as_form) == (415, "unsupported_media_type")
    assert error_of(begin(api, 0)) == (400, "empty_file")
    assert error_of(begin(api, 10**12)) == (413, "upload_too_large")
    for wrong in ("filename !", "filename gA==", "filename " + "QUJD" * 1000):
        assert error_of(begin(api, 9, **{"Upload-Metadata": wrong})) == (400, "invalid")
    assert error_of(begin(api, 9, **{"Upload-Length": "nine"})) == (400, "invalid")


def test_the_server_tells_what_it_can(api: APIClient) -> None:
    answer = api.options(URL)
    assert (answer["Tus-Version"], answer["Tus-Extension"]) == (
        "1.0.0", "creation,termination,expiration",
    )  # fmt: skip
    assert int(answer["Tus-Max-Size"]) == api.get("/api/v1/me/").json()["limits"]["video_bytes"]


def test_a_session_needs_its_csrf_token(owner: User, content: bytes) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(owner)
    assert error_of(begin(client, 9)) == (403, "permission_denied")
    client.get("/videos/")
    token = {"X-CSRFToken": client.cookies["csrftoken"].value}
    begun = begin(client, len(content), **token)
    assert begun.status_code == 201
    assert send(client, begun["Location"], 0, content, **token).status_code == 204
