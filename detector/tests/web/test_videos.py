"""The pages of videos, without a browser."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from detector.enums import Status
from detector.models import User, Video, VideoSegment, VideoStill, VideoUpload
from detector.tests.factories import MOMENT, VideoFactory, VideoUploadFactory, with_timeline
from detector.tests.videos.conftest import _read_here, watching  # noqa: F401
from detector.tests.videos.films import film
from detector.videos import trash

pytestmark = pytest.mark.django_db


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.fixture
def done(owner: User) -> Video:
    return with_timeline(VideoFactory.create(owner=owner, filename="walk.mp4"))


def test_a_video_is_sent_by_the_form(web: Client) -> None:
    answer = web.post("/videos/", {"video": film(1)})
    video = Video.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/videos/{video.pk}/")
    again = web.post("/videos/", {"video": film(1)}, follow=True)
    assert "You already have this video." in text_of(again)


def test_an_unfinished_upload_is_shown_and_discarded(web: Client, owner: User) -> None:
    upload = VideoUploadFactory.create(owner=owner, filename="<b>.mp4", length=2000, offset=500)
    page = text_of(web.get("/videos/"))
    assert f'data-unfinished="{upload.pk} "' in page
    assert "&lt;b&gt;.mp4" in page
    page = text_of(web.post(f"/videos/uploads/{upload.pk}/discard/", follow=True))
    assert "was discarded" in page
    assert "Unfinished uploads" not in page
    assert not VideoUpload.objects.exists()


def test_what_is_no_video_is_explained(web: Client) -> None:
    bad = web.post("/videos/", {"video": SimpleUploadedFile("notes.mp4", b"x")}, follow=True)
    assert "This is a text, not a video of a known kind" in text_of(bad)
    assert "Choose a video." in text_of(web.post("/videos/", follow=True))


def test_the_list_shows_what_was_found(web: Client, done: Video) -> None:
    page = text_of(web.get("/videos/"))
    assert "walk.mp4" in page
    assert "badge-emotion emotion-happy" in page


def test_the_list_has_pages(web: Client, owner: User) -> None:
    for _ in range(25):
        VideoFactory.create(owner=owner)
    first = web.get("/videos/")
    second = web.get(f"/videos/?before={first.context['older']}")
    assert (len(first.context["page"].items), len(second.context["page"].items)) == (24, 1)
    assert web.get("/videos/?before=nonsense").status_code == 200


def test_the_page_shows_lanes_tables_and_exports(web: Client, done: Video) -> None:
    page = text_of(web.get(f"/videos/{done.pk}/"))
    assert '<rect class="emotion-happy" x="0" width="1" height="1"/>' in page
    assert "<td>Happy</td><td>The model</td>" in page
    assert f"/videos/{done.pk}/export/srt/" in page
    assert "<video" in page


def test_the_page_costs_the_same_for_many_people(
    web: Client, done: Video, django_assert_max_num_queries: Any
) -> None:
    track = done.tracks.get()
    for index in range(1, 9):
        track.pk, track.index = None, index
        track.save()
    with django_assert_max_num_queries(8):
        web.get(f"/videos/{done.pk}/")


def test_a_video_under_way_shows_its_progress(web: Client, owner: User) -> None:
    video = VideoFactory.create(owner=owner, status=Status.RUNNING, finished_at=None)
    page = text_of(web.get(f"/videos/{video.pk}/"))
    assert f'hx-get="/videos/{video.pk}/progress/"' in page
    reloads = '<noscript><meta http-equiv="refresh"'
    assert reloads in page
    assert "HX-Refresh" not in web.get(f"/videos/{video.pk}/progress/")
    assert web.get(f"/videos/{video.pk}/timeline/").status_code == 404
    Video.objects.update(status=Status.DONE, finished_at=video.uploaded_at)
    assert web.get(f"/videos/{video.pk}/progress/")["HX-Refresh"] == "true"
    assert reloads not in text_of(web.get(f"/videos/{video.pk}/"))


def test_the_progress_of_a_video_is_another_state_with_each_step(web: Client, owner: User) -> None:
    """The script of the page keeps what is shown where the answer has the same `data-state`."""
    video = VideoFactory.create(owner=owner, status=Status.RUNNING, finished_at=None)
    with_timeline(video)
    others = [
        VideoSegment(
            video=video, index=n, start=n, end=n + 1, status=Status.QUEUED, attempt=1,
            queued_at=MOMENT, due_at=MOMENT,
        )
        for n in (1, 2, 3)
    ]  # fmt: skip
    VideoSegment.objects.bulk_create(others)
    states = []
    for _ in range(3):
        page = text_of(web.get(f"/videos/{video.pk}/progress/"))
        states += re.findall(r'data-state="([^"]*)"', page)
        assert states[-1] in text_of(web.get(f"/videos/{video.pk}/progress/"))
        done = video.segments.exclude(status=Status.DONE).first()
        assert done is not None
        done.status, done.started_at, done.finished_at = Status.DONE, MOMENT, MOMENT
        done.save()
    assert len(set(states)) == 3


def test_a_failed_video_can_be_tried_again(web: Client, owner: User) -> None:
    failed = VideoFactory.create(
        owner=owner, status=Status.FAILED, error_code="timed_out", error_message="Too long."
    )
    assert "Too long." in text_of(web.get(f"/videos/{failed.pk}/"))
    web.post(f"/videos/{failed.pk}/retry/")
    failed.refresh_from_db()
    assert failed.status == Status.QUEUED


def test_a_span_is_corrected(web: Client, done: Video) -> None:
    form = {"track": "0", "start": "0", "end": "1", "emotion": "sad"}
    page = text_of(web.post(f"/videos/{done.pk}/corrections/", form, follow=True))
    assert "Your correction was saved." in page
    assert "<td>Sad</td><td>You</td>" in page
    back = form | {"emotion": ""}
    page = text_of(web.post(f"/videos/{done.pk}/corrections/", back, follow=True))
    assert "What you said of this span was taken back." in page
    assert "Your correction was saved." not in page
    for wrong in ({"end": "-1"}, {"start": "x"}, {"emotion": "bored"}, {"start": "nan"}):
        page = text_of(web.post(f"/videos/{done.pk}/corrections/", form | wrong, follow=True))
        assert "The span must begin before it ends" in page.partition('id="correction"')[2]
        # What was chosen is still there.
        start, emotion = (form | wrong)["start"], (form | wrong)["emotion"]
        assert re.search(rf'name="start" [^>]* value="{start}"', page)
        assert emotion == "bored" or f'<option value="{emotion}" selected>' in page
    missing = web.post(f"/videos/{done.pk}/corrections/", form | {"track": "7"})
    assert missing.status_code == 404


def test_the_video_is_deleted_and_its_timeline_kept(
    web: Client, done: Video, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        page = text_of(web.post(f"/videos/{done.pk}/delete-file/", follow=True))
    assert "The video was deleted. Its timeline stays." in page
    assert "<video" not in page
    assert "emotion-happy" in page
    assert web.get(f"/videos/{done.pk}/file/").status_code == 404


def test_a_deleted_video_comes_back_from_the_bin(web: Client, done: Video) -> None:
    web.post(f"/videos/{done.pk}/delete/")
    assert web.get(f"/videos/{done.pk}/").status_code == 404
    assert "walk.mp4" in text_of(web.get("/bin/"))
    answer = web.post(f"/videos/{done.pk}/restore/")
    assert answer["Location"] == f"/videos/{done.pk}/"
    assert web.post(f"/videos/{done.pk}/restore/").status_code == 404


def test_the_bin_is_emptied_of_videos(
    web: Client, owner: User, done: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    trash.discard(owner, [done.pk, VideoFactory.create(owner=owner).pk])
    assert "in all" not in text_of(web.get("/bin/"))
    monkeypatch.setattr("detector.web.trash.SHOWN", 1)
    assert "2 videos in all; the last deleted are shown." in text_of(web.get("/bin/"))
    assert "2 videos erased for good." in text_of(web.post("/bin/empty/", follow=True))
    assert not Video.objects.exists()


def test_parts_of_the_file_and_stills_are_sent(web: Client, done: Video) -> None:
    part = web.get(f"/videos/{done.pk}/file/", headers={"Range": "bytes=0-4"})
    assert (part.status_code, part.content) == (206, b"video")
    beyond = web.get(f"/videos/{done.pk}/file/", headers={"Range": "bytes=99-"})
    assert (beyond.status_code, beyond["Content-Range"]) == (416, "bytes */17")
    still = VideoStill.objects.first()
    assert still is not None
    answer = web.get(f"/videos/{done.pk}/stills/{still.pk}/")
    assert b"".join(answer) == b"picture"
    answer.close()


def test_insights_count_seconds_of_video_apart(web: Client, owner: User) -> None:
    assert "insights-videos" not in text_of(web.get("/insights/"))
    VideoFactory.create(owner=owner, duration=75.0, seconds_with_face=61.0)
    page = web.get("/insights/")
    assert "1 video of 1:15 in all was analysed; a face was seen for 1:01." in text_of(page)
    assert page.context["summary"].photos == 0
