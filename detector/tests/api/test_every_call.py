"""Every call of the API: who may make it, with which token, and that strangers get nothing.

The table must name every method of every address: one that is missing fails the test.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from detector.accounts import owned, tokens
from detector.enums import Scope
from detector.models import (
    Analysis,
    ApiToken,
    Photo,
    User,
    VideoStill,
)
from detector.models.ids import new_id
from detector.tests.conftest import api_client, undone
from detector.tests.factories import (
    LiveSessionFactory,
    VideoFactory,
    VideoUploadFactory,
    WebhookDeliveryFactory,
    with_timeline,
)
from detector.tests.live.rows import row
from detector.tests.routes import routes

pytestmark = pytest.mark.django_db
PREFIX = "api/v1/"
TARGET = "http://127.0.0.1/hook"
HOOK = (("url", TARGET), ("events", ["analysis.done"]))
LIVE = (
    ("name", "Call"), ("started_at", "2026-05-04T12:00:00Z"), ("seconds", 1), ("model", "v7"),
    ("faces", [{"first": 0, "rows": [row("happy")]}]),
)  # fmt: skip
PERIODS = tuple(
    (f"{name}_{end}", "2026-05-04") for name in ("first", "second") for end in ("from", "to")
)


@dataclass(frozen=True)
class Call:
    """One method of one address; `answer` is the status that the owner gets.

    A call on an `own` object answers 404 to everyone else. It needs `scope`, and some need `also`.
    """

    method: str
    path: str
    answer: int = 200
    scope: Scope = Scope.READ
    own: bool = False
    also: Scope | None = None
    body: tuple[tuple[str, Any], ...] = ()

    @property
    def route(self) -> str:
        return PREFIX + self.path

    @property
    def scopes(self) -> set[Scope]:
        return {self.scope, self.also or self.scope}


def on_object(method: str, path: str, answer: int = 200, **more: Any) -> Call:
    return Call(method, path, answer, own=True, **more)


CALLS = [
    Call("get", "analyses/"),
    Call("post", "analyses/", 400, Scope.WRITE),
    on_object("get", "analyses/<uuid:pk>/"),
    on_object("patch", "analyses/<uuid:pk>/", scope=Scope.WRITE, body=(("note", "changed"),)),
    on_object("delete", "analyses/<uuid:pk>/", 204, scope=Scope.WRITE),
    on_object("get", "analyses/<uuid:pk>/image/"),
    on_object("get", "analyses/<uuid:pk>/annotated/"),
    on_object("get", "analyses/<uuid:pk>/faces/<int:index>/crop/"),
    on_object("get", "analyses/<uuid:pk>/faces/<int:index>/explanation/", 202),
    on_object("post", "analyses/<uuid:pk>/retry/", 409, scope=Scope.WRITE),
    Call("post", "detect/", 400, Scope.WRITE),
    Call("get", "export/"),
    Call("get", "live-sessions/"),
    Call("post", "live-sessions/", 201, Scope.WRITE, body=LIVE),
    on_object("get", "live-sessions/<uuid:id>/"),
    on_object(
        "patch",
        "live-sessions/<uuid:id>/",
        scope=Scope.WRITE,
        also=Scope.READ,
        body=(("note", "new"),),
    ),
    on_object("delete", "live-sessions/<uuid:id>/", 204, scope=Scope.WRITE),
    Call("get", "me/"),
    Call("get", "models/"),
    # An owner is no reviewer.
    Call("get", "reviews/", 403, Scope.REVIEW),
    Call("post", "reviews/", 403, Scope.REVIEW),
    Call("get", "reviews/queue/", 403, Scope.REVIEW),
    Call("get", "reviews/queue/<uuid:id>/image/", 403, Scope.REVIEW),
    Call("post", "reviews/queue/<uuid:id>/skip/", 403, Scope.REVIEW),
    Call("get", "stats/summary/"),
    Call("get", "stats/timeline/"),
    Call("get", "stats/calendar/", body=(("year", 2026),)),
    Call("get", "stats/compare/", body=PERIODS),
    Call("get", "tokens/"),
    Call("post", "tokens/", 201, Scope.WRITE, body=(("name", "made"), ("scopes", ["write"]))),
    on_object("get", "tokens/<uuid:id>/"),
    on_object("delete", "tokens/<uuid:id>/", 204, scope=Scope.WRITE),
    Call("get", "video-uploads/"),
    # These two need headers: api/test_video_uploads.py has them.
    Call("post", "video-uploads/", 412, Scope.WRITE),
    on_object("get", "video-uploads/<uuid:id>/"),
    on_object("patch", "video-uploads/<uuid:id>/", 412, scope=Scope.WRITE),
    on_object("delete", "video-uploads/<uuid:id>/", 204, scope=Scope.WRITE),
    Call("get", "videos/"),
    Call("post", "videos/", 400, Scope.WRITE),
    on_object("get", "videos/<uuid:pk>/"),
    on_object("delete", "videos/<uuid:pk>/", 204, scope=Scope.WRITE),
    on_object("get", "videos/<uuid:pk>/timeline/"),
    on_object("get", "videos/<uuid:pk>/export/"),
    on_object("get", "videos/<uuid:pk>/file/"),
    on_object("delete", "videos/<uuid:pk>/file/", 204, scope=Scope.WRITE),
    on_object("get", "videos/<uuid:pk>/stills/<int:still>/"),
    on_object("post", "videos/<uuid:pk>/retry/", 409, scope=Scope.WRITE),
    on_object(
        "post",
        "videos/<uuid:pk>/tracks/<int:index>/corrections/",
        scope=Scope.WRITE,
        also=Scope.READ,
        body=(("start", 0.0), ("end", 0.5), ("emotion", "sad")),
    ),
    Call("get", "webhooks/"),
    Call(
        "post",
        "webhooks/",
        201,
        Scope.WRITE,
        also=Scope.READ,
        body=HOOK,
    ),
    on_object("get", "webhooks/<uuid:id>/"),
    on_object(
        "patch",
        "webhooks/<uuid:id>/",
        scope=Scope.WRITE,
        also=Scope.READ,
        body=HOOK[1:],
    ),
    on_object("delete", "webhooks/<uuid:id>/", 204, scope=Scope.WRITE),
    on_object("get", "webhooks/<uuid:webhook_id>/deliveries/"),
    on_object("get", "webhooks/<uuid:webhook_id>/deliveries/<uuid:id>/"),
    on_object(
        "post",
        "webhooks/<uuid:webhook_id>/deliveries/<uuid:id>/resend/",
        202,
        scope=Scope.WRITE,
        also=Scope.READ,
    ),
]


def methods_of(view: Any) -> set[str]:
    actions = getattr(view, "actions", None)
    names = actions or (name for name in view.cls.http_method_names if hasattr(view.cls, name))
    return set(names) - {"head", "options"}


def test_the_table_names_every_call() -> None:
    calls = {
        (method, route)
        for route, view in routes()
        if route.startswith(PREFIX)
        for method in methods_of(view)
    }
    assert calls == {(call.method, call.route) for call in CALLS}


@pytest.fixture
def ids(analysed: Analysis, settings: Any) -> dict[str, str]:
    token, _ = ApiToken.objects.create(analysed.photo.owner, name="the owner's")
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    delivery = WebhookDeliveryFactory.create(
        endpoint__owner=analysed.photo.owner, photo=analysed.photo
    )
    video = with_timeline(VideoFactory.create(owner=analysed.photo.owner))
    return {
        "analyses": str(analysed.pk),
        "tokens": str(token.id),
        "webhooks": str(delivery.endpoint_id),
        "deliveries": str(delivery.pk),
        "reviews": str(new_id()),
        "videos": str(video.pk),
        "video-uploads": str(VideoUploadFactory.create(owner=analysed.photo.owner).pk),
        "stills": str(VideoStill.objects.exclude(track=None).get().pk),
        "live-sessions": str(LiveSessionFactory.create(owner=analysed.photo.owner).pk),
    }


def make(client: Client, call: Call, ids: dict[str, str], **headers: str) -> Any:
    kind = "deliveries" if "/deliveries/" in call.path else call.path.split("/")[0]
    url = f"/{call.route}".replace("<uuid:webhook_id>", ids["webhooks"])
    for converter in ("<uuid:pk>", "<uuid:id>"):
        url = url.replace(converter, ids.get(kind, ""))
    url = url.replace("<int:index>", "0").replace("<int:still>", ids["stills"])
    return getattr(client, call.method)(url, dict(call.body) or None, headers=headers)


def all_rows(owner: User) -> list[dict[str, Any]]:
    """Return all rows of an owner, without the times at which tokens were used."""
    found = [
        owned.rows_of(model, lookups, owner).order_by("pk")
        for model, lookups in owned.models_of_people().items()
    ]
    rows = [dict(row) for rows in found for row in rows.values()]
    return [{name: row[name] for name in row if name != "last_used_at"} for row in rows]


@contextmanager
def each(call: Call, subtests: pytest.Subtests) -> Iterator[None]:
    """Try one call in the world of the fixtures, which is as it was for the next one."""
    cache.clear()  # no call is throttled for those before
    with subtests.test(call=f"{call.method} {call.path}"), undone():
        yield


def test_the_owner_may(ids: dict[str, str], owner: User, subtests: pytest.Subtests) -> None:
    for call in CALLS:
        with each(call, subtests):
            response = make(api_client(owner, call.scopes), call, ids)
            response.getvalue()  # what is streamed is closed at its end
            assert response.status_code == call.answer


def test_every_address_tells_what_it_is(ids: dict[str, str], admin_user: User) -> None:
    """OPTIONS of one who may do everything: the answer describes the bodies, too."""
    client = api_client(admin_user, list(Scope))
    for path in {call.path for call in CALLS}:
        assert make(client, Call("options", path), ids).status_code in (200, 404), path


def test_nobody_without_the_right_token_may(
    ids: dict[str, str], owner: User, subtests: pytest.Subtests
) -> None:
    """Neither without a token, nor with an old one, nor with all scopes but the right one."""
    narrow = {scope: api_client(owner, set(Scope) - {scope}) for scope in Scope}
    old, secret = tokens.create_token(owner, name="old", scopes=list(Scope))
    ApiToken.objects.filter(pk=old.pk).update(expiry=timezone.now())
    expired = APIClient(headers={"Authorization": f"Bearer {secret}"})
    before = all_rows(owner)
    for call in CALLS:
        with each(call, subtests):
            for client, status, code in (
                (APIClient(), 401, "not_authenticated"),
                (expired, 401, "authentication_failed"),
                (narrow[call.scope], 403, "insufficient_scope"),
            ):
                answer = make(client, call, ids)
                assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
            assert all_rows(owner) == before


def test_strangers_read_and_change_nothing(
    ids: dict[str, str], owner: User, stranger: User, subtests: pytest.Subtests
) -> None:
    client, before = api_client(stranger, list(Scope)), all_rows(owner)
    # Ids of stills are numbers, which are anywhere.
    named = {value for kind, value in ids.items() if kind != "stills"}
    secrets = {*named, str(owner.pk), Photo.objects.get(owner=owner).sha256}
    for call in CALLS:
        with each(call, subtests):
            response = make(client, call, ids)
            if call.own:
                error = response.json()["error"]["code"]
                assert (response.status_code, error) == (404, "not_found")
            content = b"".join(response) if response.streaming else response.content
            assert not {secret for secret in secrets if secret in content.decode()}
            assert all_rows(owner) == before
