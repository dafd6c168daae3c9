"""The schema says everything of every call, and its examples are true."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.conf import settings
from drf_spectacular.generators import SchemaGenerator

from detector.api.codes import FAILURES, NOT_DRAWN, PROBLEMS
from detector.enums import Event, Status, Verdict
from detector.models import Analysis, User, WebhookDelivery
from detector.reviews import verdicts
from detector.tests.factories import VideoFactory, WebhookEndpointFactory, with_timeline
from detector.webhooks import endpoints

Schema = dict[str, Any]


@pytest.fixture(scope="module")
def schema() -> Schema:
    generator = SchemaGenerator()
    made: Schema = generator.get_schema(request=None, public=True)
    return made


def operations(schema: Schema) -> Iterator[tuple[str, Schema]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def bodies(schema: Schema) -> Iterator[tuple[str, str]]:
    """Yield every call with the names of its components for request and response."""
    for name, operation in operations(schema):
        parts = [operation.get("requestBody", {}), *operation["responses"].values()]
        for part in parts:
            content = part.get("content", {}).get("application/json", {}).get("schema", {})
            yield from ((name, found) for found in re.findall(r"schemas/(\w+)", str(content)))


def fields(schema: Schema) -> Iterator[tuple[str, Schema]]:
    for name, component in schema["components"]["schemas"].items():
        yield name, component
        for field, content in component.get("properties", {}).items():
            yield f"{name}.{field}", content


def parameters(schema: Schema) -> Iterator[tuple[str, Schema]]:
    for name, operation in operations(schema):
        for parameter in operation.get("parameters", []):
            text = parameter.get("description") or ("path" if parameter["in"] == "path" else "")
            yield f"{name} {parameter['name']}", {**parameter["schema"], "description": text}


def test_every_field_and_parameter_says_what_it_is(schema: Schema) -> None:
    for name, content in [*fields(schema), *parameters(schema)]:
        assert {"type", "$ref", "oneOf", "allOf", "enum"} & set(content), f"{name} has no type"
        # What refers to a component is described there.
        refers = "$ref" in str(content.get("items", content)) or content.get("type") == "null"
        assert content.get("description") or refers or "enum" in content, f"{name} has no words"


def test_every_group_of_calls_is_described(schema: Schema) -> None:
    used = {tag for _, operation in operations(schema) for tag in operation["tags"]}
    assert {tag["name"] for tag in schema["tags"] if tag["description"]} == used


def test_every_call_says_how_it_can_fail(schema: Schema) -> None:
    for name, operation in operations(schema):
        answers = operation["responses"]
        assert {"400", "401", "403", "406", "408", "413", "414", "429", "431"} <= set(answers), name
        assert ("404" in answers) >= ("{" in name), name
        assert ("415" in answers) == ("requestBody" in operation), name
        for answer in answers.values():
            assert answer.get("$ref") or answer["description"], name
    headers = schema["components"]["responses"]["TooManyRequests"]["headers"]
    assert {"Retry-After", "RateLimit-Remaining"} <= set(headers)


def check(schema: Schema, component: Schema, value: Any) -> None:
    document = {**component, "components": schema["components"]}
    jsonschema.Draft202012Validator(document).validate(value)


def test_examples_are_true(schema: Schema) -> None:
    components = schema["components"]["schemas"]
    for component in components.values():
        for example in component.get("examples", []):
            check(schema, component, example)
    without = {
        name for _, name in bodies(schema)
        if "examples" not in components[name] and not name.startswith("Paginated")
    }  # fmt: skip
    assert without == set()


@pytest.mark.django_db
def test_what_webhooks_are_told_is_as_it_says(
    schema: Schema, owner: User, analysed: Analysis
) -> None:
    WebhookEndpointFactory.create(owner=owner)
    face = analysed.faces.get()
    for verdict in (Verdict.SAD, Verdict.CANNOT_TELL):
        verdicts.correct(owner, face, verdict)
    endpoints.record(analysed.pk)
    failed = {"status": Status.FAILED, "error_code": "timed_out", "error_message": "Too long."}
    Analysis.objects.filter(pk=analysed.pk).update(**failed)
    endpoints.record(analysed.pk)
    video = with_timeline(VideoFactory.create(owner=owner))
    endpoints.record_video(video)
    video.status, video.error_code, video.error_message = Status.FAILED, "timed_out", "Too long."
    endpoints.record_video(video)
    told = [json.loads(delivery.payload) for delivery in WebhookDelivery.objects.all()]
    assert {content["type"] for content in told} == set(schema["webhooks"]) == set(Event.values)
    for content in told:
        body = schema["webhooks"][content["type"]]["post"]["requestBody"]["content"]
        check(schema, body["application/json"]["schema"], content)


def test_every_error_that_is_raised_has_its_code_in_the_table() -> None:
    root = Path(settings.BASE_DIR)
    # Errors of those who run the site: no call of the API comes to them.
    elsewhere = ("registry/promotion.py", "analyses/reanalysis.py", "learning/", "folders.py")
    ml = [root / "ml" / "images.py", *(root / "ml" / "videos").rglob("*.py")]
    modules = [*ml, *(root / "detector").rglob("*.py")]
    raised = {
        code: path.stem
        for path in modules
        if not {"tests", "web"} & set(path.parts)
        and not any(part in str(path) for part in elsewhere)
        for code in re.findall(
            r'(?:DetectorError|ImageError|OutageError|VideoError)\(\s*"(\w+)"', path.read_text()
        )
    }
    assert len(raised) > 30
    assert set(raised) - set(PROBLEMS) - set(FAILURES) - set(NOT_DRAWN) == set(), raised


def test_guide_lists_every_code_with_its_status() -> None:
    guide = (Path(settings.BASE_DIR) / "docs" / "api.md").read_text()
    told: dict[str, int] = {}
    for codes, statuses in re.findall(r"^\| (`[a-z_`, ]+`) \| ([\d, ]+) \|", guide, re.MULTILINE):
        names = re.findall(r"\w+", codes)
        values = [int(value) for value in statuses.split(", ")]
        told |= dict(zip(names, values if len(values) > 1 else values * len(names), strict=True))
    assert told == {code: problem.status for code, problem in PROBLEMS.items()}
    assert [code for code in {*FAILURES, *NOT_DRAWN} if f"`{code}`" not in guide] == []
