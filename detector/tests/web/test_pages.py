"""The pages, without a browser."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from detector.enums import Emotion, QualityFlag, Status
from detector.insights import rollups
from detector.models import Analysis, ApiToken, DailyEmotion, Photo, User
from detector.photos import selectors as photo_selectors
from detector.templatetags.pictures import ADVICE, UNREADABLE
from detector.tests.factories import AnalysisFactory, FaceFactory
from detector.tests.stub_analyser import StubAnalyser, face
from ml import quality

MakePicture = Callable[..., SimpleUploadedFile]
FETCH = {"X-Requested-With": "fetch"}
PASSWORD = "correct horse battery"

pytestmark = pytest.mark.django_db


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_landing_leads_to_sign_up() -> None:
    page = text_of(Client().get("/"))
    assert "/accounts/signup/" in page
    assert "/accounts/login/" in page


def test_sign_up_log_out_log_in() -> None:
    client = Client()
    form = {"email": "a@example.com", "password1": PASSWORD, "password2": PASSWORD, "consent": "on"}
    response = client.post("/accounts/signup/", {**form, "time_zone": "Europe/Berlin"})
    assert (response.status_code, response["Location"]) == (302, "/upload/")
    user = User.objects.get()
    assert (user.email, user.time_zone) == ("a@example.com", "Europe/Berlin")
    assert client.get("/history/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/history/").status_code == 302
    login = {"login": "a@example.com", "password": PASSWORD}
    assert client.post("/accounts/login/", login)["Location"] == "/history/"


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", "../../etc/passwd"])
def test_sign_up_without_a_usable_time_zone(zone: str) -> None:
    form = {"email": "a@example.com", "password1": PASSWORD, "password2": PASSWORD, "consent": "on"}
    assert Client().post("/accounts/signup/", {**form, "time_zone": zone}).status_code == 302
    assert User.objects.get().time_zone == "UTC"


def test_weak_password_is_refused() -> None:
    form = {
        "email": "a@example.com",
        "password1": "12345678",
        "password2": "12345678",
        "consent": "on",
    }
    assert Client().post("/accounts/signup/", form).status_code == 200
    assert not User.objects.exists()


def test_password_reset_by_mail(owner: User) -> None:
    client = Client()
    client.post("/accounts/password/reset/", {"email": owner.email})
    [message] = mail.outbox
    link = next(word for word in message.body.split() if "/accounts/password/reset/key/" in word)
    page = client.get(link.replace("http://testserver", ""), follow=True)
    url = page.redirect_chain[-1][0]
    client.post(url, {"password1": PASSWORD, "password2": PASSWORD})
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_upload_of_several_answers_with_a_card_each(web: Client, picture: MakePicture) -> None:
    files = [picture("a.jpg"), picture("b.jpg"), SimpleUploadedFile("c.jpg", b"no image")]
    response = web.post("/upload/", {"images": files}, headers=FETCH)
    assert response.status_code == 200
    page = text_of(response)
    for analysis in Analysis.objects.all():
        assert f"/analyses/{analysis.pk}/card/" in page
    assert "c.jpg" in page
    assert "not an image we can read" in page


def test_upload_without_scripts(web: Client, picture: MakePicture) -> None:
    response = web.post("/upload/", {"images": [picture()]})
    assert response["Location"] == f"/photos/{Photo.objects.get().pk}/"
    several = web.post("/upload/", {"images": [picture("a.jpg"), picture("b.jpg")]})
    assert several.status_code == 200
    nothing = web.post("/upload/", {}, follow=True)
    assert "Choose at least one photo" in text_of(nothing)


def test_card_asks_again_until_the_analysis_is_finished(
    web: Client,
    picture: MakePicture,
    work_off: Callable[[], list[Analysis]],
    sent: list[UUID],
) -> None:
    web.post("/upload/", {"images": [picture()]}, headers=FETCH)
    analysis = Analysis.objects.get()
    url = f"/analyses/{analysis.pk}/card/"
    assert f'hx-get="{url}?every=1"' in text_of(web.get(url))
    sent.append(analysis.pk)
    work_off()
    card = text_of(web.get(url))
    assert "hx-get" not in card
    assert "Happy" in card


def test_photo_page_shows_faces_with_all_probabilities(
    web: Client, analysed: Analysis, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(12):
        page = text_of(web.get(f"/photos/{analysed.photo_id}/"))
    assert f"/photos/{analysed.photo_id}/image/" in page
    for emotion in Emotion:
        assert emotion.label in page
    assert "90 %" in page
    assert "stub" in page
    assert "hx-get" not in page


def test_uncertain_face_is_called_so(web: Client, analysed: Analysis) -> None:
    url = f"/photos/{analysed.photo_id}/"
    assert "ncertain" not in text_of(web.get(url))
    analysed.faces.update(uncertain=True)
    assert "ncertain" in text_of(web.get(url))


def test_photo_without_a_face(web: Client, analysed: Analysis) -> None:
    analysed.faces.all().delete()
    assert "No face" in text_of(web.get(f"/photos/{analysed.photo_id}/"))


def test_failed_photo_tells_why_and_can_be_tried_again(web: Client, owner: User) -> None:
    failed = AnalysisFactory.create(
        photo__owner=owner, status=Status.FAILED, error_code="timed_out",
        error_message="The analysis took too long.", model_version=None,
    )  # fmt: skip
    url = f"/photos/{failed.photo_id}/"
    assert "The analysis took too long." in text_of(web.get(url))
    assert web.post(f"{url}retry/")["Location"] == url
    failed.refresh_from_db()
    assert failed.status == Status.QUEUED


def test_deleting_a_photo(web: Client, analysed: Analysis) -> None:
    response = web.post(f"/photos/{analysed.photo_id}/delete/", follow=True)
    assert "was deleted" in text_of(response)
    assert not photo_selectors.photos_of(analysed.photo.owner).exists()


def test_deleting_needs_a_post(web: Client, analysed: Analysis) -> None:
    page = f"/photos/{analysed.photo_id}/"
    assert web.get(f"{page}delete/")["Location"] == page
    assert photo_selectors.photos_of(analysed.photo.owner).exists()


def shown(page: Any) -> list[UUID]:
    return [analysis.pk for analysis in page.context["page"].items]


def test_history_pages_by_key(web: Client, owner: User) -> None:
    ids = [AnalysisFactory.create(photo__owner=owner).pk for _ in range(60)][::-1]
    first = web.get("/history/")
    second = web.get("/history/" + first.context["older_url"])
    third = web.get("/history/" + second.context["older_url"])
    assert shown(first) + shown(second) + shown(third) == ids
    assert first.context["newer_url"] is third.context["older_url"] is None
    back = web.get("/history/" + third.context["newer_url"])
    assert shown(back) == shown(second)
    assert shown(web.get("/history/" + back.context["newer_url"])) == shown(first)


def test_history_filters_stay_in_the_address(web: Client, owner: User) -> None:
    for number in range(30):
        moment = datetime(2026, 5, 1 + number % 2, 12, tzinfo=UTC)
        FaceFactory.create(
            analysis__photo__owner=owner,
            analysis__photo__taken_at=moment,
            emotion=Emotion.SAD if number % 2 else Emotion.HAPPY,
        )
    page = web.get("/history/", {"emotion": "sad", "from": "2026-05-02"})
    assert len(shown(page)) == 15
    assert shown(web.get("/history/", {"emotion": "sad", "to": "2026-05-01"})) == []
    everything = web.get("/history/", {"emotion": "happy", "uncertain": "false"})
    assert len(shown(everything)) == 15


@pytest.mark.parametrize(
    "query",
    [
        "from=0001-01-01&to=9999-12-31",
        "emotion=joy",
        "from=never",
        "before=x",
        "after=&before=",
        "min_confidence=7",
        "sort=never",
        "sort=taken&before=0.5~018f0000-0000-7000-8000-000000000000",
        "sort=sure&before=nan~018f0000-0000-7000-8000-000000000000",
        "sort=taken&after=2026-05-04T12:00:00~018f0000-0000-7000-8000-000000000000",
    ],
)
def test_history_of_a_mistyped_address_is_no_error(web: Client, query: str) -> None:
    assert web.get(f"/history/?{query}").status_code == 200


def test_history_costs_the_same_for_many(
    web: Client, owner: User, django_assert_max_num_queries: Any
) -> None:
    for _ in range(24):
        FaceFactory.create(analysis__photo__owner=owner)
    with django_assert_max_num_queries(9):
        web.get("/history/")


def test_insights(web: Client, owner: User) -> None:
    for day in range(1, 8):
        FaceFactory.create(
            analysis__photo__owner=owner,
            analysis__photo__taken_at=datetime(2026, 5, day, 12, tzinfo=UTC),
            emotion=Emotion.HAPPY if day < 6 else Emotion.SAD,
        )
    rollups.rebuild(owner)
    page = web.get("/insights/")
    data = page.context["chart_data"]
    happy, sad = Emotion.values.index("happy"), Emotion.values.index("sad")
    assert (data["distribution"][happy], data["distribution"][sad]) == (5, 2)
    assert data["timeline"]["starts"] == [f"2026-05-0{day}" for day in range(1, 8)]
    assert data["timeline"]["faces"]["sad"] == [0, 0, 0, 0, 0, 1, 1]
    assert page.context["bucket"] == "day"


@pytest.mark.parametrize("chosen", ["30", "90", "365", "all", "nonsense"])
def test_insights_of_an_empty_history(web: Client, chosen: str) -> None:
    assert web.get(f"/insights/?range={chosen}").status_code == 200


def test_changing_the_time_zone_moves_the_days(web: Client, owner: User) -> None:
    moment = datetime(2026, 5, 4, 20, tzinfo=UTC)
    FaceFactory.create(analysis__photo__owner=owner, analysis__photo__taken_at=moment)
    rollups.rebuild(owner)
    assert web.post("/settings/", {"time_zone": "Pacific/Auckland"}).status_code == 302
    assert DailyEmotion.objects.get().day.isoformat() == "2026-05-05"
    assert web.post("/settings/", {"time_zone": "Moon"}).status_code == 200


def test_token_of_the_settings_page_is_shown_once(web: Client) -> None:
    number = web.get("/settings/").context["form_number"]
    form = {"name": "script", "scopes": ["read"], "days": "30", "number": number}
    page = web.post("/settings/tokens/", form)
    secret = page.context["secret"]
    assert secret in text_of(page)
    assert page["Cache-Control"] == "private, no-store"
    assert secret not in text_of(web.get("/settings/"))
    # Reloading the page sends its form again.
    assert web.post("/settings/tokens/", form).status_code == 302
    token = ApiToken.objects.get()
    assert web.post(f"/settings/tokens/{token.id}/revoke/").status_code == 302
    assert not ApiToken.objects.exists()


def test_secret_of_a_token_is_kept_nowhere(web: Client) -> None:
    number = web.get("/settings/").context["form_number"]
    page = web.post(
        "/settings/tokens/", {"name": "script", "scopes": ["read"], "days": "30", "number": number}
    )
    assert page.context["secret"] not in str(dict(web.session))


def test_several_faces_are_told_apart_on_the_page(
    web: Client,
    picture: MakePicture,
    analyser: StubAnalyser,
    sent: list[UUID],
    work_off: Callable[[], list[Analysis]],
) -> None:
    analyser.faces = [face(), face(Emotion.SURPRISE, 0.6, index=1)]
    web.post("/upload/", {"images": [picture()]})
    sent.append(Analysis.objects.get().pk)
    work_off()
    page = text_of(web.get(f"/photos/{Photo.objects.get().pk}/"))
    assert "Face 1" in page
    assert "Face 2" in page


@pytest.mark.parametrize("path", ["/nothing/", "/photos/00000000-0000-0000-0000-000000000000/"])
def test_not_found_is_a_page_with_a_way_on(web: Client, path: str) -> None:
    response = web.get(path)
    assert response.status_code == 404
    assert "/history/" in text_of(response)


def test_no_page_needs_another_host(web: Client, analysed: Analysis) -> None:
    for url in ("/", "/upload/", "/history/", "/insights/", f"/photos/{analysed.photo_id}/"):
        response = web.get(url)
        policy = response["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        page = text_of(response)
        assert 'src="http' not in page
        assert "<style" not in page
        assert " style=" not in page


def test_photo_page_advises_where_a_flag_is_set(owner: User, client: Client) -> None:
    face = FaceFactory.create(
        analysis__photo__owner=owner, quality={"face_size": 20.0, "flags": ["small", "turned"]}
    )
    client.force_login(owner)
    page = client.get(f"/photos/{face.analysis.photo_id}/").content.decode()
    assert "very small in the photo" in page
    assert "turned to the side" in page
    assert "is blurred" not in page


def test_every_flag_of_the_network_has_its_advice() -> None:
    assert set(QualityFlag.values) == set(quality.FLAGS)
    assert set(ADVICE) == set(QualityFlag)
    assert set(UNREADABLE) == quality.UNREADABLE


@pytest.mark.parametrize("flag", sorted(UNREADABLE))
def test_a_face_that_cannot_be_read_is_a_guess_whatever_its_confidence(
    owner: User, client: Client, flag: QualityFlag
) -> None:
    face = FaceFactory.create(
        analysis__photo__owner=owner, uncertain=True, quality={"flags": [flag.value]}
    )
    client.force_login(owner)
    page = client.get(f"/photos/{face.analysis.photo_id}/").content.decode()
    assert ADVICE[flag] in page
    assert "Read this one as a guess." in page
    assert "No expression stands out" not in page
