"""Every address of the site: who may see it, and that strangers see nothing.

The table must name every route: one that is missing fails the test. The calls of the API have a
table of their own in `api/test_every_call.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from detector.models import (
    Analysis,
    ApiToken,
    LiveSession,
    Photo,
    Video,
    VideoUpload,
    WebhookDelivery,
)
from detector.tests.conftest import undone
from detector.tests.factories import (
    LiveSessionFactory,
    VideoFactory,
    VideoUploadFactory,
    WebhookDeliveryFactory,
    with_timeline,
)
from detector.tests.routes import routes
from ml.centerface_graph import FLOAT32

PUBLIC, PERSONAL, OBJECT, STAFF = "public", "personal", "object", "staff"


@dataclass(frozen=True)
class Route:
    """How an address is called, by whom; `url` is filled with the owner's ids."""

    kind: str
    url: str
    method: str = "get"
    owner_status: int = 200


ROUTES = {
    "": Route(PUBLIC, "/"),
    "metrics": Route(PUBLIC, "/metrics", owner_status=404),  # web/test_metrics.py opens it
    "healthz": Route(PUBLIC, "/healthz"),
    "readyz": Route(PUBLIC, "/readyz", owner_status=503),
    "api/schema/": Route(PUBLIC, "/api/schema/"),
    "api/docs/": Route(PUBLIC, "/api/docs/"),
    "api/redoc/": Route(PUBLIC, "/api/redoc/"),
    "upload/": Route(PERSONAL, "/upload/"),
    "history/": Route(PERSONAL, "/history/"),
    "history/several/": Route(PERSONAL, "/history/several/", "post", 302),
    "history/<uuid:photo_id>/item/": Route(OBJECT, "/history/{photo}/item/"),
    "live/": Route(PERSONAL, "/live/"),
    "live/networks/<slug:checksum>/": Route(PERSONAL, f"/live/networks/{FLOAT32.sha256}/"),
    "live/sessions/": Route(PERSONAL, "/live/sessions/"),
    "live/sessions/<uuid:session_id>/": Route(OBJECT, "/live/sessions/{live}/"),
    "live/sessions/<uuid:session_id>/csv/": Route(OBJECT, "/live/sessions/{live}/csv/"),
    "live/sessions/<uuid:session_id>/json/": Route(OBJECT, "/live/sessions/{live}/json/"),
    "live/sessions/<uuid:session_id>/correction/": Route(
        OBJECT, "/live/sessions/{live}/correction/", "post", 200
    ),
    "live/sessions/<uuid:session_id>/erase/": Route(
        OBJECT, "/live/sessions/{live}/erase/", "post", 302
    ),
    "insights/": Route(PERSONAL, "/insights/"),
    "insights/<slug:name>/numbers/": Route(PERSONAL, "/insights/calendar/numbers/"),
    "consent/": Route(PUBLIC, "/consent/"),
    "receipt/": Route(PUBLIC, "/receipt/"),
    "settings/retention/": Route(PERSONAL, "/settings/retention/", "post", 302),
    "settings/reviews/": Route(PERSONAL, "/settings/reviews/", "post", 302),
    "settings/export/": Route(PERSONAL, "/settings/export/"),
    "settings/erase/": Route(PERSONAL, "/settings/erase/", owner_status=302),
    "settings/": Route(PERSONAL, "/settings/"),
    "settings/tokens/": Route(PERSONAL, "/settings/tokens/", "post"),
    "settings/tokens/<uuid:token_id>/revoke/": Route(
        OBJECT, "/settings/tokens/{token}/revoke/", "post", 302
    ),
    "settings/webhooks/": Route(PERSONAL, "/settings/webhooks/"),
    "settings/webhooks/<uuid:webhook_id>/": Route(OBJECT, "/settings/webhooks/{webhook}/"),
    "settings/webhooks/<uuid:webhook_id>/switch/": Route(
        OBJECT, "/settings/webhooks/{webhook}/switch/", "post", 302
    ),
    "settings/webhooks/<uuid:webhook_id>/delete/": Route(
        OBJECT, "/settings/webhooks/{webhook}/delete/", "post", 302
    ),
    "settings/webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/again/": Route(
        OBJECT, "/settings/webhooks/{webhook}/deliveries/{delivery}/again/", "post", 302
    ),
    "analyses/<uuid:analysis_id>/card/": Route(OBJECT, "/analyses/{analysis}/card/"),
    "photos/<uuid:photo_id>/": Route(OBJECT, "/photos/{photo}/"),
    "photos/<uuid:photo_id>/result/": Route(OBJECT, "/photos/{photo}/result/"),
    "photos/<uuid:photo_id>/image/": Route(OBJECT, "/photos/{photo}/image/"),
    "photos/<uuid:photo_id>/thumbnail/": Route(OBJECT, "/photos/{photo}/thumbnail/"),
    "photos/<uuid:photo_id>/retry/": Route(OBJECT, "/photos/{photo}/retry/", "post", 302),
    "photos/<uuid:photo_id>/analyse-again/": Route(
        OBJECT, "/photos/{photo}/analyse-again/", "post", 302
    ),
    "photos/<uuid:photo_id>/notes/": Route(OBJECT, "/photos/{photo}/notes/", "post", 302),
    "photos/<uuid:photo_id>/faces/<int:index>/explanation/": Route(
        OBJECT, "/photos/{photo}/faces/0/explanation/", "post", 302
    ),
    "photos/<uuid:photo_id>/faces/<int:index>/explanation/image/": Route(
        OBJECT, "/photos/{photo}/faces/0/explanation/image/", owner_status=404
    ),
    "photos/<uuid:photo_id>/faces/<int:index>/correction/": Route(
        OBJECT, "/photos/{photo}/faces/0/correction/", "post", 302
    ),
    "videos/": Route(PERSONAL, "/videos/"),
    "videos/<uuid:video_id>/": Route(OBJECT, "/videos/{video}/"),
    "videos/<uuid:video_id>/progress/": Route(OBJECT, "/videos/{video}/progress/"),
    "videos/<uuid:video_id>/file/": Route(OBJECT, "/videos/{video}/file/"),
    "videos/<uuid:video_id>/timeline/": Route(OBJECT, "/videos/{video}/timeline/"),
    "videos/<uuid:video_id>/stills/<int:still_id>/": Route(
        OBJECT, "/videos/{video}/stills/{still}/"
    ),
    "videos/<uuid:video_id>/export/<slug:kind>/": Route(OBJECT, "/videos/{video}/export/csv/"),
    "videos/<uuid:video_id>/corrections/": Route(
        OBJECT, "/videos/{video}/corrections/?track=0", "post", 404
    ),
    "videos/<uuid:video_id>/delete/": Route(OBJECT, "/videos/{video}/delete/", "post", 302),
    "videos/<uuid:video_id>/delete-file/": Route(
        OBJECT, "/videos/{video}/delete-file/", "post", 302
    ),
    "videos/<uuid:video_id>/retry/": Route(OBJECT, "/videos/{video}/retry/", "post", 302),
    "videos/<uuid:video_id>/restore/": Route(
        OBJECT, "/videos/{video}/restore/", "post", owner_status=404
    ),
    "videos/uploads/<uuid:upload_id>/discard/": Route(
        OBJECT, "/videos/uploads/{upload}/discard/", "post", 302
    ),
    "bin/": Route(PERSONAL, "/bin/"),
    "bin/restore/": Route(PERSONAL, "/bin/restore/", "post", 302),
    "bin/empty/": Route(PERSONAL, "/bin/empty/", "post", 302),
    "bin/<uuid:photo_id>/thumbnail/": Route(OBJECT, "/bin/{photo}/thumbnail/", owner_status=404),
    "photos/<uuid:photo_id>/delete/": Route(OBJECT, "/photos/{photo}/delete/", "post", 302),
}

WRITES = {
    "POST videos": Route(PERSONAL, "/videos/", "post", 302),
    "POST upload": Route(PERSONAL, "/upload/", "post", 302),
    "POST settings": Route(PERSONAL, "/settings/", "post", 200),
    "POST live sessions": Route(PERSONAL, "/live/sessions/", "post", 200),
    "POST live session": Route(OBJECT, "/live/sessions/{live}/", "post", 200),
    "POST webhooks": Route(PERSONAL, "/settings/webhooks/", "post"),
}

ELSEWHERE = ("accounts/", "admin/", "api/v1/")


def test_the_table_names_every_route() -> None:
    found = {route for route, _ in routes() if not route.startswith(ELSEWHERE)}
    assert found == set(ROUTES)


@pytest.fixture
def ids(analysed: Analysis) -> dict[str, str]:
    token, _ = ApiToken.objects.create(analysed.photo.owner, name="the owner's")
    delivery = WebhookDeliveryFactory.create(endpoint__owner=analysed.owner)
    video = with_timeline(VideoFactory.create(owner=analysed.owner))
    return {
        "photo": str(analysed.photo_id), "analysis": str(analysed.pk), "token": str(token.id),
        "webhook": str(delivery.endpoint_id), "delivery": str(delivery.pk),
        "video": str(video.pk), "still": str(video.stills.exclude(track=None).get().pk),
        "upload": str(VideoUploadFactory.create(owner=analysed.owner).pk),
        "live": str(LiveSessionFactory.create(owner=analysed.owner).pk),
    }  # fmt: skip


Call = Callable[[Client, Route], Any]


@pytest.fixture
def call(ids: dict[str, str]) -> Call:
    return lambda client, route: getattr(client, route.method)(route.url.format(**ids))


ALL = [*ROUTES.items(), *WRITES.items()]


def test_the_owner_gets_in(call: Call, web: Client, subtests: pytest.Subtests) -> None:
    for name, route in ALL:
        with subtests.test(route=name), undone():
            response = call(web, route)
            response.getvalue()  # what is streamed is closed at its end
            assert response.status_code == route.owner_status


def test_nobody_else_gets_in(
    call: Call,
    ids: dict[str, str],
    analysed: Analysis,
    stranger_web: Client,
    subtests: pytest.Subtests,
) -> None:
    """Neither without login nor as another user."""
    for name, route in ALL:
        with subtests.test(route=name), undone():
            response = call(Client(), route)
            if route.kind == PUBLIC:
                assert response.status_code == route.owner_status
            else:
                assert response.status_code == 302
                assert response["Location"].startswith("/accounts/login/")
            if route.kind == OBJECT:
                response = call(stranger_web, route)
                assert response.status_code == 404
                assert analysed.photo.sha256 not in response.content.decode()
            _all_is_there(ids)


def _all_is_there(ids: dict[str, str]) -> None:
    assert Video.objects.filter(deleted_at=None).exclude(file="").exists()
    assert Photo.objects.filter(pk=ids["photo"]).exists()
    assert ApiToken.objects.filter(id=ids["token"]).exists()
    assert LiveSession.objects.filter(pk=ids["live"], corrections=[]).exists()
    assert VideoUpload.objects.filter(pk=ids["upload"]).exists()
    assert WebhookDelivery.objects.filter(endpoint__disabled_at=None).count() == 1


@pytest.mark.parametrize(
    "url", ["/history/", "/insights/", "/upload/", "/videos/", "/live/sessions/"]
)
def test_lists_of_a_stranger_are_empty(url: str, ids: dict[str, str], stranger_web: Client) -> None:
    text = stranger_web.get(url).content.decode()
    for name, value in ids.items():
        # Ids of stills are numbers, which are anywhere.
        assert name == "still" or value not in text


def test_admin_is_for_staff(analysed: Analysis, web: Client) -> None:
    for name in ("photo", "analysis", "face", "user", "modelversion", "apitoken", "dailyemotion"):
        assert web.get(f"/admin/detector/{name}/").status_code == 302
