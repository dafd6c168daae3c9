"""Sessions that end, addresses without a page, and the way back to where one was."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import HttpResponseRedirect
from django.test import Client, RequestFactory
from django.urls import reverse

from detector.middleware import htmx_redirects
from detector.models import Analysis, User
from detector.tests.factories import (
    LiveSessionFactory,
    VideoFactory,
    WebhookEndpointFactory,
    with_timeline,
)
from detector.tests.web.test_errors import assert_notice, assert_page
from detector.web import errors, way_back
from detector.web.urls import urlpatterns

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
HOST = "http://testserver"


def text_of(response: Any) -> str:
    return str(response.content.decode())


def next_of(address: str) -> str:
    url = urlsplit(address)
    assert url.path == "/accounts/login/"
    return parse_qs(url.query)["next"][0]


@pytest.fixture
def photo_page(analysed: Analysis) -> str:
    return f"/photos/{analysed.photo_id}/"


def test_a_part_of_a_page_asks_for_the_login_as_a_page(photo_page: str) -> None:
    looked_at = f"{photo_page}?emotion=happy"
    headers = {**HTMX, "HX-Current-URL": f"{HOST}{looked_at}#face-1"}
    for answer in (
        Client().post(f"{photo_page}notes/", headers=headers),
        Client().post(f"{photo_page}faces/0/correction/", headers=headers),
        Client().get(f"{photo_page}result/", headers=headers),
        Client(enforce_csrf_checks=True).post(f"{photo_page}notes/", headers=headers),
    ):
        assert answer.status_code == 200
        assert answer.content == b""
        assert next_of(answer["HX-Redirect"]) == looked_at


@pytest.mark.parametrize(
    "address", ["https://example.com/", "http://testserver//example.com/", "javascript:1", ""]
)
def test_the_way_back_never_leads_elsewhere(photo_page: str, address: str) -> None:
    headers = {**HTMX, "HX-Current-URL": address, "Referer": address}
    answer = Client().post(f"{photo_page}notes/", headers=headers)
    assert next_of(answer["HX-Redirect"]) == photo_page


def test_a_form_of_an_ended_session_comes_back_to_its_page(photo_page: str) -> None:
    for client in (Client(), Client(enforce_csrf_checks=True)):
        answer = client.post("/history/several/", headers={"Referer": f"{HOST}/history/?q=sea"})
        assert next_of(answer["Location"]) == "/history/?q=sea"
    assert next_of(Client().post(f"{photo_page}delete/")["Location"]) == photo_page
    assert next_of(Client().get(f"{photo_page}?q=sea")["Location"]) == f"{photo_page}?q=sea"


def test_a_form_of_an_older_session_opens_its_page_anew(web: Client, owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    headers = {"Referer": f"{HOST}/settings/"}
    answer = client.post("/settings/retention/", headers=headers)
    assert answer["Location"] == "/settings/"
    assert errors.OPENED_ANEW in text_of(client.get("/settings/"))
    part = client.post("/settings/", headers={**HTMX, **headers})
    assert part["HX-Redirect"] == "/settings/"
    # A script that sends files says so itself.
    fetch = {**headers, "X-Requested-With": "fetch"}
    assert client.post("/upload/", headers=fetch).status_code == 403


def test_any_redirect_becomes_one_of_the_whole_page(rf: RequestFactory) -> None:
    def view(request: Any) -> HttpResponseRedirect:
        answer = HttpResponseRedirect("/accounts/reauthenticate/")
        answer.set_cookie("kept", "yes")
        return answer

    answer = htmx_redirects(view)(rf.post("/", headers=HTMX))
    assert (answer.status_code, answer["HX-Redirect"]) == (200, "/accounts/reauthenticate/")
    assert answer.cookies["kept"].value == "yes"
    assert htmx_redirects(view)(rf.post("/")).status_code == 302


ANYTHING = "00000000-0000-0000-0000-000000000000"


def test_no_address_answers_an_empty_405(web: Client, owner: User, photo_page: str) -> None:
    hook = WebhookEndpointFactory.create(owner=owner)
    video = with_timeline(VideoFactory.create(owner=owner))
    live = LiveSessionFactory.create(owner=owner)
    ids = {
        "photo_id": photo_page.split("/")[2], "webhook_id": hook.pk, "index": 0,
        "video_id": video.pk, "still_id": 1, "session_id": live.pk,
    }  # fmt: skip
    forms = 0
    for pattern in urlpatterns:
        parts = pattern.pattern.converters
        address = reverse(pattern.name, kwargs={part: ids.get(part, ANYTHING) for part in parts})
        refused = web.put(address)
        assert_page(refused, 405)
        if refused["Allow"] == "POST":
            # What it leads to can be opened, and is a page.
            page = web.get(address, follow=True)
            assert page.status_code == 200, address
            assert page.redirect_chain, address
            assert "<h1" in text_of(page), address
            forms += 1
    assert forms > 12


def test_405_is_a_page_with_a_way_on(web: Client, photo_page: str) -> None:
    answer = web.post(f"{photo_page}image/")
    assert_page(answer, 405)
    assert f'href="{photo_page}"' in text_of(answer)
    assert "GET" in answer["Allow"]
    assert_page(web.post("/history/"), 405)
    assert_notice(web.get(f"{photo_page}delete/", headers=HTMX), 405)
    assert web.put("/api/v1/analyses/").json()["error"]["code"] == "method_not_allowed"


def test_the_page_above_an_address() -> None:
    case = f"/admin/review/{ANYTHING}/verdict/"
    assert way_back.page_above(case) == "/admin/review/"
    assert way_back.page_above(f"/photos/{ANYTHING}/faces/0/correction/") == f"/photos/{ANYTHING}/"
    assert way_back.page_above("/upload/") == ""


def test_a_token_does_not_leave_its_address_behind(web: Client) -> None:
    number = re.search(r'name="number" value="(\w+)"', text_of(web.get("/settings/")))
    assert number
    form = {"name": "kiosk", "scopes": ["read"], "days": "30", "number": number[1]}
    made = text_of(web.post("/settings/tokens/", form))
    assert 'data-address="/settings/"' in made
    assert "data-address" not in text_of(web.get("/settings/"))
    assert web.get("/settings/tokens/")["Location"] == "/settings/"
