"""Check what an owner does on the page of a photo, and with what was deleted."""

import html
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from detector.analyses import heat_maps, pipeline
from detector.enums import Emotion, Source, Status
from detector.models import Analysis, Explanation, Photo, User
from detector.photos import annotations, trash
from detector.photos import selectors as photo_selectors
from detector.tests.bad_files import archive, jpeg
from detector.tests.factories import PhotoFactory
from detector.tests.stub_analyser import StubAnalyser, face

HTMX = {"HX-Request": "true"}
FETCH = {"X-Requested-With": "fetch"}

pytestmark = pytest.mark.django_db


def text_of(response: Any) -> str:
    return str(response.content.decode())


@pytest.fixture
def url(analysed: Analysis) -> str:
    return f"/photos/{analysed.photo_id}/"


NOTES = {"note": "At the lake", "tags": "summer, Anna,, summer", "felt_emotion": "sad"}


def test_notes_are_kept_and_compared_with_the_expression(web: Client, url: str) -> None:
    page = text_of(web.post(f"{url}notes/", NOTES, follow=True))
    assert "Your notes were saved." in page
    assert "At the lake" in page
    assert 'value="Anna, summer"' in page
    assert "You say “sad”. Both can be true" in page
    photo = Photo.objects.get()
    assert (photo.note, photo.felt_emotion) == ("At the lake", "sad")


def test_a_tag_with_a_comma_stays_whole(web: Client, url: str) -> None:
    photo = Photo.objects.get()
    annotations.annotate(photo, tags=["a", "Rome, Italy", "z"])
    web.post(f"{url}notes/", {"note": "x", "tags": "a, Rome, Italy, z"})
    assert {tag.name for tag in photo.tags.all()} == {"a", "Rome, Italy", "z"}
    web.post(f"{url}notes/", {"note": "x", "tags": "Rome, Milan, z"})
    assert {tag.name for tag in photo.tags.all()} == {"Rome", "Milan", "z"}


def test_a_demo_photo_says_that_its_result_was_made_up(web: Client, url: str) -> None:
    sentence = "a drawn face, and a result that was made up"
    assert sentence not in text_of(web.get(url))
    Photo.objects.update(is_demo=True)
    assert sentence in text_of(web.get(url))


def test_notes_of_a_script_answer_with_the_form(web: Client, url: str) -> None:
    form = text_of(web.post(f"{url}notes/", NOTES, headers=HTMX))
    assert "Saved." in form
    assert "<html" not in form


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"tags": "x" * 51}, "at most 50 characters"),
        ({"note": "x" * 2001}, "at most 2,000 characters"),
        ({"felt_emotion": "joy"}, "not one of the available choices"),
    ],
)
def test_notes_that_do_not_fit_are_told_so_and_not_lost(
    web: Client, url: str, headers: dict[str, str], changes: dict[str, str], sentence: str
) -> None:
    page = text_of(web.post(f"{url}notes/", {**NOTES, **changes}, headers=headers))
    assert sentence in page
    assert changes.get("note", "At the lake") in page
    assert Photo.objects.get().note == ""


def test_the_expression_beside_the_notes_follows_the_result(web: Client, url: str) -> None:
    swapped = 'id="expression-shown" hx-swap-oob="true"'
    assert swapped in text_of(web.get(f"{url}result/", headers=HTMX))
    page = text_of(web.get(url))
    assert swapped not in page
    assert page.count('id="expression-shown"') == 1


def test_why_is_asked_watched_and_shown(
    web: Client, url: str, explain_sent: list[UUID], django_capture_on_commit_callbacks: Any
) -> None:
    why = f"{url}faces/0/explanation/"
    assert web.get(why).status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        answer = text_of(web.post(why, headers=HTMX))
    assert f'hx-get="{why}"' in answer
    assert web.get(f"{why}image/").status_code == 404
    heat_maps.draw(explain_sent[0])
    answer = text_of(web.get(why, headers=HTMX))
    assert "hx-get" not in answer
    assert "Where the model looked, not why." in answer
    # Without scripts it is a page of its own.
    assert web.post(why)["Location"] == why
    assert "Back to the photo" in text_of(web.get(why))
    picture = web.get(f"{why}image/")
    picture.close()
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/jpeg")


def test_why_that_failed_says_so(web: Client, url: str) -> None:
    why = f"{url}faces/0/explanation/"
    web.post(why)
    Explanation.objects.update(error_code="model_replaced", error_message="An earlier model.")
    assert "An earlier model." in text_of(web.get(why, headers=HTMX))


def test_analysing_again_shows_the_earlier_result_meanwhile(
    web: Client, url: str, analysed: Analysis
) -> None:
    assert web.post(f"{url}analyse-again/")["Location"] == url
    renewal = Analysis.objects.exclude(pk=analysed.pk).get()
    card = text_of(web.post(f"{url}analyse-again/", headers=HTMX))
    assert f"/analyses/{renewal.pk}/card/" in card
    assert 'data-state="queued"' in text_of(web.get(f"/analyses/{renewal.pk}/card/"))
    page = text_of(web.get(url))
    assert "being analysed again" in page
    assert "1 face" in page
    assert f'hx-get="{url}result/"' in page
    in_history = text_of(web.get("/history/"))
    assert f'data-state="again" hx-get="/history/{analysed.photo_id}/item/"' in in_history
    now = timezone.now()
    failed = {"error_code": "file_missing", "error_message": "The file is gone."}
    Analysis.objects.filter(pk=renewal.pk).update(status=Status.FAILED, finished_at=now, **failed)
    page = text_of(web.get(url))
    assert "The file is gone. The earlier result stands." in page
    assert "hx-get" not in text_of(web.get("/history/"))


def test_what_another_analysis_changed(
    web: Client, url: str, analysed: Analysis, analyser: StubAnalyser
) -> None:
    assert "Earlier results" not in text_of(web.get(url))
    analyser.faces = [face(Emotion.SAD, 0.7)]
    web.post(f"{url}analyse-again/")
    pipeline.run(Analysis.objects.get(status=Status.QUEUED).pk)
    page = text_of(web.get(url))
    assert "1 face read otherwise before" in page
    before, now = page.partition("How each face was read")[2].split("<td>")[1:3]
    assert all(word in before for word in ("Happy", "90 %"))
    assert all(word in now for word in ("Sad", "70 %"))
    Analysis.objects.get(superseded=False).faces.update(emotion=Emotion.HAPPY)
    assert "read alike before" in text_of(web.get(url))


def test_deleting_can_be_undone(web: Client, url: str, analysed: Analysis, owner: User) -> None:
    page = text_of(web.post(f"{url}delete/", follow=True))
    assert f'name="photo" value="{analysed.photo_id}"' in page
    assert web.get(url).status_code == 404
    back = web.post("/bin/restore/", {"photo": str(analysed.photo_id)}, follow=True)
    assert back.redirect_chain == [(url, 302)]
    assert "The photo is back." in text_of(back)
    again = web.post("/bin/restore/", {"photo": ["nonsense", str(analysed.photo_id)]}, follow=True)
    assert "nothing to bring back" in text_of(again)


def test_the_bin_shows_restores_and_is_emptied(
    web: Client,
    stranger_web: Client,
    owner: User,
    analysed: Analysis,
    django_capture_on_commit_callbacks: Any,
) -> None:
    assert "Nothing here" in text_of(web.get("/bin/"))
    other = PhotoFactory.create(owner=owner)
    ids = [analysed.photo_id, other.pk]
    trash.discard(owner, ids)
    assert analysed.photo.filename in text_of(web.get("/bin/"))
    picture = f"/bin/{analysed.photo_id}/thumbnail/"
    assert picture in text_of(web.get("/bin/"))
    assert stranger_web.get(picture).status_code == 404
    assert analysed.photo.filename not in text_of(stranger_web.get("/bin/"))
    stranger_web.post("/bin/restore/", {"photo": ids})
    stranger_web.post("/bin/empty/")
    assert photo_selectors.trash_of(owner).count() == 2
    assert web.post("/bin/restore/", {"photo": ids})["Location"] == "/history/"
    trash.discard(owner, ids)
    with django_capture_on_commit_callbacks(execute=True):
        assert "2 photos erased" in text_of(web.post("/bin/empty/", follow=True))
    assert not Photo.objects.exists()


def test_a_picture_in_the_bin_is_shown_to_its_owner(
    web: Client, owner: User, analysed: Analysis
) -> None:
    trash.discard(owner, [analysed.photo_id])
    shown = web.get(f"/bin/{analysed.photo_id}/thumbnail/")
    shown.close()
    assert shown.status_code == 200


def test_a_duplicate_offers_another_analysis(
    web: Client, work_off: Callable[[], list[Analysis]], django_capture_on_commit_callbacks: Any
) -> None:
    content = jpeg()

    def upload() -> str:
        with django_capture_on_commit_callbacks(execute=True):
            files = [SimpleUploadedFile("a.jpg", content)]
            return text_of(web.post("/upload/", {"images": files}, headers=FETCH))

    assert "analyse-again" not in upload()
    waiting = upload()
    assert "It is being analysed." in waiting
    work_off()
    address = re.search(r"/analyses/[^\"]+", waiting)
    assert address is not None
    assert "You already have this photo." in text_of(web.get(html.unescape(address.group())))
    page = upload()
    assert "You already have this photo." in page
    assert f"/photos/{Photo.objects.get().pk}/analyse-again/" in page


def test_an_archive_gets_a_card_a_photo(web: Client) -> None:
    content = archive({"a.jpg": jpeg(), "b.jpg": jpeg(), "notes.doc": b"no photo"})
    files = {"images": [SimpleUploadedFile("all.zip", content)]}
    page = text_of(web.post("/upload/", files, headers=FETCH))
    assert page.count('data-state="queued"') == 2
    assert "all.zip › notes.doc" in page


def test_where_a_photo_came_from(web: Client) -> None:
    for source in ("camera", "web", "video", "nonsense"):
        web.post("/upload/", {"images": [SimpleUploadedFile("a.jpg", jpeg())], "source": source})
    sources = Photo.objects.order_by("id").values_list("source", flat=True)
    assert list(sources) == [Source.CAMERA, Source.WEB, Source.WEB, Source.WEB]


@pytest.mark.parametrize(
    ("together", "every"), [("1", 1), ("60", 7), ("999", 10), ("x", 1), ("9" * 9, 1), ("²", 1)]
)
def test_many_cards_ask_less_often(web: Client, together: str, every: int) -> None:
    files = [SimpleUploadedFile("a.jpg", jpeg())]
    page = text_of(web.post("/upload/", {"images": files, "together": together}, headers=FETCH))
    address = f"/analyses/{Analysis.objects.get().pk}/card/?every={every}"
    assert f'hx-get="{address}" hx-trigger="every {every}s"' in page
    assert f'hx-trigger="every {every}s"' in text_of(web.get(address))


@pytest.mark.parametrize(
    ("format", "frame", "said"),
    [
        ("GIF", 2, "Frame 3 of the file, the first that shows something."),
        ("TIFF", 1, "Page 2 of the file, the first that shows something."),
        ("GIF", 0, "Frame 1 of the file"),
        ("JPEG", None, None),
    ],
)
def test_page_says_which_frame_it_shows(
    web: Client, analysed: Analysis, format: str, frame: int | None, said: str | None
) -> None:
    Photo.objects.update(format=format, frame=frame)
    page = web.get(f"/photos/{analysed.photo_id}/").content.decode()
    assert "of the file" in page if said else "of the file" not in page
    assert said is None or said in page
