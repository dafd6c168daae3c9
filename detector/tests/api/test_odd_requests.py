"""Requests that are well-formed HTTP and nothing that a friendly program sends."""

import io
import re
from typing import Any, cast

import pytest
from django.test import Client
from rest_framework import serializers
from rest_framework.test import APIClient

from detector.api.parsers import MAX_JSON_BYTES
from detector.api.serializers import account, analyses, fields, reviews, tokens, webhooks
from detector.enums import Scope
from detector.models import Analysis, ApiToken, User, WebhookDelivery
from detector.tests.api.test_every_call import CALLS, Call, ids, make  # noqa: F401
from detector.tests.conftest import api_client
from detector.tests.factories import WebhookEndpointFactory
from detector.webhooks import endpoints
from emotionsite import wsgi

pytestmark = pytest.mark.django_db
TOKENS = "/api/v1/tokens/"
FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
PATHS = sorted({call.path for call in CALLS})


def send(client: APIClient, body: bytes, kind: str = "application/json") -> Any:
    # Bytes are sent as they are, whatever its types say.
    return client.generic("POST", TOKENS, body, content_type=kind)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "body",
    [b'{"name": NaN}', b'{"name": Infinity}', b'{"name": 1e999}',
     b"{", b"[" * 100_000, b'{"name":"a","name":"b"}',
     b'{"name":"\\ud800"}', b'{"name":"x","\\ud800":1}', b'{"name":"x","scopes":["\\udfff"]}',
     b'{"name":1' + b"0" * 5000 + b"}", b"\xff\xfe{", b""],
)  # fmt: skip
def test_bodies_that_are_no_json(api: APIClient, body: bytes) -> None:
    answer = send(api, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == ("parse_error" if body else "invalid")
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"1", b"null", b"true", b'{"name":"\\u0000"}'])
def test_bodies_that_are_no_wish(api: APIClient, body: bytes) -> None:
    answer = send(api, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")


def test_json_above_any_use(api: APIClient) -> None:
    answer = send(api, b'{"name":"' + b"x" * MAX_JSON_BYTES + b'"}')
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")
    assert answer.json()["error"]["details"] == {"max_bytes": MAX_JSON_BYTES}


@pytest.mark.parametrize("charset", ["base64", "undefined", "idna", "zlib", "rot13", "nonsense"])
def test_charsets_that_are_none(api: APIClient, charset: str) -> None:
    body, kind = b'{"name":"x"}', f"application/json; charset={charset}"
    asked = {"REQUEST_METHOD": "POST", "QUERY_STRING": "a=1", "CONTENT_TYPE": kind}
    request = wsgi.TextRequest({**asked, "wsgi.input": io.BytesIO(body)})
    assert request.GET["a"] == "1"
    assert request.encoding is None
    answer = send(api, body, kind)
    assert answer.status_code in (201, 400)


@pytest.mark.parametrize("kind", ["text/plain", "", "garbage", "application/x-www-form-urlencoded"])
def test_kinds_of_bodies_that_no_call_takes(api: APIClient, kind: str) -> None:
    for url in (TOKENS, "/api/v1/analyses/"):
        answer = api.generic("POST", url, "x=1", content_type=kind)
        assert answer.status_code == 415
        assert answer.json()["error"]["code"] == "unsupported_media_type"


@pytest.mark.parametrize("query", ["?status=done&status=failed", "?page_size=1&page_size=2"])
def test_parameters_that_are_given_twice(api: APIClient, query: str) -> None:
    answer = api.get(f"/api/v1/analyses/{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")


def test_every_address_knows_its_methods(ids: dict[str, str], owner: User) -> None:  # noqa: F811
    """HEAD says what GET says; what is not there answers 405 with what is."""
    client = api_client(owner, list(Scope))
    for path in PATHS:
        known = {call.method for call in CALLS if call.path == path}
        for method in {"get", "post", "put", "patch", "delete", "trace"} - known:
            answer = client.generic(method.upper(), address(path, ids))
            assert answer.status_code in (403, 405), (method, path)
            assert {name.lower() for name in answer["Allow"].split(", ")} >= known, path
        if "get" in known:
            _head_is_as_get(client, path, ids)


def _head_is_as_get(client: APIClient, path: str, ids: dict[str, str]) -> None:  # noqa: F811
    query = next(call.body for call in CALLS if call.path == path and call.method == "get")
    head, get = (make(client, Call(method, path, body=query), ids) for method in ("head", "get"))
    assert head.status_code == get.status_code, path
    for name in ("Content-Type", "ETag"):
        assert head.get(name) == get.get(name), path
    for answer in (head, get):
        b"".join(answer) if answer.streaming else answer.content


def address(path: str, ids: dict[str, str]) -> str:  # noqa: F811
    return make(cast(Client, Addresses()), Call("get", path), ids)


class Addresses:
    """Stands in for a client that only tells where it would call."""

    def get(self, url: str, *_: Any, **__: Any) -> str:
        return url


@pytest.mark.parametrize("end", ["x", "%00", "%0a", "/x", "%20", ".json", "//"])
def test_ids_with_something_after_them(api: APIClient, analysed: Analysis, end: str) -> None:
    for url in (f"/api/v1/analyses/{analysed.pk}{end}/", f"/api/v1/webhooks/{analysed.pk}{end}/"):
        answer = api.get(url)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_every_moment_is_told_in_one_form(
    owner: User, analysed: Analysis, ids: dict[str, str]  # noqa: F811
) -> None:  # fmt: skip
    """Whoever asks: a session's own time zone is none of the API's business."""
    User.objects.filter(pk=owner.pk).update(time_zone="Asia/Kathmandu")
    analysed.photo.captured_at = "2026-05-04T12:00:00Z"
    analysed.photo.save()
    WebhookEndpointFactory.create(owner=owner)
    endpoints.record(analysed.pk)
    session = Client()
    session.force_login(owner)
    for client in (api_client(owner), session):
        for call in CALLS:
            if call.method != "get" or call.scope is not Scope.READ or "faces" in call.path:
                continue
            answer = make(client, call, ids)
            text = b"".join(answer) if answer.streaming else answer.content
            if answer["Content-Type"].startswith("image"):
                continue
            moments = re.findall(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-][\d:]+)?", text.decode())
            assert all(FORM.fullmatch(moment) for moment in moments), (call.path, moments)
    assert FORM.search(WebhookDelivery.objects.latest("id").payload)


def test_no_serializer_has_another_field_for_moments() -> None:
    for module in (account, analyses, reviews, tokens, webhooks):
        for name, kind in vars(module).items():
            if isinstance(kind, type) and issubclass(kind, serializers.Serializer):
                for field in kind().fields.values():
                    plain = isinstance(field, serializers.DateTimeField)
                    assert not plain or isinstance(field, fields.MomentField), name


def test_every_address_that_is_told_is_whole(
    owner: User, api: APIClient, analysed: Analysis, settings: Any
) -> None:
    settings.SITE_URL = "https://emotions.example"
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    WebhookEndpointFactory.create(owner=owner)
    endpoints.record(analysed.pk)
    payload = WebhookDelivery.objects.get().payload
    assert f'"url":"https://emotions.example/api/v1/analyses/{analysed.pk}/"' in payload
    for url, body in (
        (TOKENS, {"name": "x"}),
        ("/api/v1/webhooks/", {"url": "http://127.0.0.1/", "events": ["analysis.done"]}),
    ):
        made = api.post(url, body)
        assert made["Location"] == f"http://testserver{url}{made.json()['id']}/"
    page = api.get(f"{TOKENS}?page_size=1").json()
    assert page["next"].startswith("http://testserver/api/v1/")
