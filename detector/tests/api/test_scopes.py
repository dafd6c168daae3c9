"""Check what each scope alone shows: a token that may not read hears nothing of what was there."""

from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from detector.enums import Emotion, Scope, Status
from detector.models import Analysis, Photo, User, WebhookDelivery, WebhookEndpoint
from detector.tests.api.test_every_call import CALLS, Call, ids, make  # noqa: F401
from detector.tests.conftest import api_client

pytestmark = pytest.mark.django_db
URL = "/api/v1/analyses/"
WORDS = {
    "note": "SECRET-NOTE", "filename": "SECRET-NAME.jpg", "felt_emotion": Emotion.DISGUST,
}  # fmt: skip
SECRETS = ("SECRET", "disgust", "surprise", "2001-02-03")


@pytest.fixture
def content(picture: Callable[..., SimpleUploadedFile]) -> bytes:
    return picture().open().read()


@pytest.fixture
def private(analysed: Analysis, content: bytes, ids: dict[str, str]) -> Analysis:  # noqa: F811
    """Store all that a person may have said, done or measured before a call."""
    photo = analysed.photo
    Photo.objects.filter(pk=photo.pk).update(**WORDS, captured_at="2001-02-03T04:05:06Z")
    photo.tags.create(name="SECRET-TAG", owner=photo.owner)
    analysed.faces.update(emotion="surprise", reviewed_emotion="surprise")
    WebhookEndpoint.objects.update(description="SECRET-HOOK")
    WebhookDelivery.objects.update(payload='{"data": "SECRET"}', response_body="SECRET")
    return analysed


def told(answer: Any) -> str:
    content = b"".join(answer) if answer.streaming else answer.content
    return content.decode("latin-1") + str(answer.headers)


@pytest.mark.parametrize("scope", [Scope.WRITE, Scope.REVIEW])
@pytest.mark.parametrize("method", ["get", "head", "post", "put", "patch", "delete", "options"])
def test_without_read_no_call_tells_what_was_there(
    method: str, scope: Scope, private: Analysis, ids: dict[str, str], admin_user: User  # noqa: F811
) -> None:  # fmt: skip
    """Every method of every address, whether it has the right scope or not."""
    User.objects.filter(pk=private.owner.pk).update(is_superuser=True, is_staff=True)
    client = api_client(private.owner, [scope])
    for path in dict.fromkeys(call.path for call in CALLS):
        body = {name: value for call in CALLS if call.path == path for name, value in call.body}
        # The photo is still there for what comes after.
        if method == "delete" and path.startswith("analyses"):
            continue
        answer = make(client, Call(method, path, body=tuple(body.items())), ids)
        # What OPTIONS tells of a form names every emotion.
        text = told(answer).replace('"value":"disgust"', "").replace('"value":"surprise"', "")
        # What POST tells of a new live session was in its body.
        if (method, path) == ("post", "live-sessions/") and answer.status_code == 201:
            text = text.replace('"disgust":0', "").replace('"surprise":0', "")
        assert not [secret for secret in SECRETS if secret in text], path
        assert private.photo.sha256 not in text, path


def send(client: APIClient, content: bytes, **headers: str) -> Any:
    file = SimpleUploadedFile("again.jpg", content)
    return client.post(f"{URL}?wait=0", {"images": [file]}, format="multipart", headers=headers)


def with_secrets(owner: User) -> Analysis:
    analysis = Analysis.objects.get(owner=owner)
    Photo.objects.update(**WORDS)
    analysis.photo.tags.create(name="SECRET-TAG", owner=owner)
    failed = {"error_code": "SECRET", "error_message": "SECRET", "status": Status.FAILED}
    Analysis.objects.update(**failed, finished_at=timezone.now())
    return analysis


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "k"}])
def test_a_photo_that_is_sent_again_tells_nothing(
    owner: User, content: bytes, key: dict[str, str]
) -> None:
    """Under a key of its own or not, and whoever made the first call."""
    assert send(api_client(owner), content, **key).status_code == 202
    analysis = with_secrets(owner)
    answer = send(api_client(owner, [Scope.WRITE]), content, **key)
    assert answer.status_code in (200, 202)
    assert "SECRET" not in told(answer)
    [item] = answer.json()["accepted"]
    assert (item["id"], item["withheld"]) == (str(analysis.pk), True)
    assert item["image"]["sha256"] == analysis.photo.sha256
    assert answer["Location"].endswith(f"{URL}{analysis.pk}/")


def test_who_may_read_is_told_everything(owner: User, content: bytes) -> None:
    """Also where the first call was made without that right."""
    send(api_client(owner, [Scope.WRITE]), content)
    with_secrets(owner)
    [item] = send(api_client(owner), content).json()["accepted"]
    assert (item["note"], item["tags"], item["withheld"]) == ("SECRET-NOTE", ["SECRET-TAG"], False)


def test_changes_and_retries_tell_no_more(private: Analysis) -> None:
    client = api_client(private.owner, [Scope.WRITE])
    url = f"{URL}{private.pk}/"
    changed = client.patch(url, {"tags": ["new"]})
    assert (changed.status_code, changed.json()["id"]) == (200, str(private.pk))
    assert "ETag" not in changed
    Analysis.objects.update(status=Status.FAILED, error_code="timed_out", error_message="SECRET")
    retried = client.post(f"{url}retry/")
    assert (retried.status_code, retried.json()["status"]) == (202, "queued")
    for answer in (changed, retried):
        assert not [secret for secret in (*SECRETS, "new") if secret in told(answer)]


def test_what_is_withheld_is_as_the_schema_says(private: Analysis, content: bytes) -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    client = api_client(private.owner, [Scope.WRITE])
    answers = {
        "Analysis": client.patch(f"{URL}{private.pk}/", {"note": "x"}).json(),
        "Submission": send(client, content).json(),
    }
    for name, answer in answers.items():
        document = {"$ref": f"#/components/schemas/{name}", "components": schema["components"]}
        jsonschema.Draft202012Validator(document).validate(answer)


@pytest.mark.parametrize("scope", list(Scope))
def test_each_scope_opens_what_it_says_and_nothing_else(
    scope: Scope, private: Analysis, ids: dict[str, str]  # noqa: F811
) -> None:  # fmt: skip
    client = api_client(private.owner, [scope])
    for call in sorted(CALLS, key=lambda call: call.method == "delete"):
        answer = make(client, call, ids)
        text = told(answer)
        refused = "insufficient_scope" in text
        assert refused == (call.scopes != {scope}), (call.method, call.path)
