"""Parts of the OpenAPI schema that all calls share: errors, headers, strict bodies, examples."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from detector.api import events
from detector.api.codes import (
    ERRORS_EXTENSION,
    OF_CALLS_WITH_A_BODY,
    OF_EVERY_CALL,
    PROBLEMS,
    listed,
)
from detector.api.examples import EXAMPLES, REQUEST

Schema = dict[str, Any]

RATE_LIMITS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy")
HEADERS: dict[str, tuple[str, Schema]] = {
    "RateLimit-Limit": ("Calls that the tightest limit allows.", {"type": "integer"}),
    "RateLimit-Remaining": ("Calls that are left of this limit.", {"type": "integer"}),
    "RateLimit-Reset": ("Seconds until all calls of it are allowed again.", {"type": "integer"}),
    "RateLimit-Policy": ("The limit, as `calls;w=seconds`.", {"type": "string"}),
    "Retry-After": ("Seconds after which to ask again.", {"type": "integer"}),
    "ETag": (
        "Send it as `If-None-Match` to get only changes, or as `If-Match` to change only this "
        "version.",
        {"type": "string"},
    ),
    "Location": ("Address of the new object.", {"type": "string", "format": "uri"}),
    "Idempotency-Replayed": (
        "`true` if this is the answer of an earlier call.", {"type": "string", "enum": ["true"]},
    ),
    "X-Request-ID": (
        "The id of this call in the logs: the caller's, if it sent one of 8 to 128 letters, "
        "digits, `.`, `_` and `-`.",
        {"type": "string"},
    ),
    "WWW-Authenticate": ("How to log in.", {"type": "string"}),
}  # fmt: skip
WITH_ID: Schema = {
    "type": "object",
    "properties": {
        "request_id": {"type": "string", "description": "As in the header `X-Request-ID`."}
    },
    "required": ["request_id"],
}
UNCHANGED = {"description": "Unchanged since the `ETag` in `If-None-Match`."}


def _header(name: str, description: str) -> Schema:
    """Return the parameter of an optional header."""
    return {
        "name": name, "in": "header", "required": False, "description": description,
        "schema": {"type": "string"},
    }  # fmt: skip


IF_NONE_MATCH = _header(
    "If-None-Match", "The `ETag` of the version that you have: `304` if it did not change."
)
IF_MATCH = _header(
    "If-Match", "The `ETag` of the version that you know: `412`, and no change, if it differs."
)
CASE = "$response.body#/case/id"
LINKS: dict[str, Schema] = {
    "analyses_retrieve": {
        "Retry": {
            "operationId": "analyses_retry_create", "parameters": {"id": "$response.body#/id"},
        }
    },
    "reviews_queue_retrieve": {
        "Photo": {"operationId": "reviews_queue_image_retrieve", "parameters": {"id": CASE}},
        "Verdict": {
            "operationId": "reviews_create", "requestBody": {"case": CASE, "verdict": "happy"},
        },
        "Skip": {"operationId": "reviews_queue_skip_create", "parameters": {"id": CASE}},
    },
}  # fmt: skip
"""Calls that can follow another, with the parameters that they take from its answer."""
TAGS = {
    "analyses": "Photos and their results.",
    "detect": "Faces of an image that is not stored.",
    "export": "All your data in one file.",
    "live-sessions": "What browsers read of cameras, as numbers without pictures.",
    "me": "Your account, and its limits.",
    "models": "The networks that gave the results.",
    "reviews": "Faces of others to judge, for reviewers.",
    "stats": "Statistics of your history, by days of your time zone.",
    "tokens": "Keys with which programs log in.",
    "video-uploads": "Videos that come in parts, by tus 1.0.",
    "videos": "Videos and their timelines.",
    "webhooks": "Addresses that get events, and the deliveries to them.",
}
ANSWERS = {"201": "The new object.", "202": "It will be done.", "204": "Done."}
ASK_AGAIN = ("202", "429", "503")

# As Django's fields: no null character, and more than blanks where a text is required.
TEXT = "^[^\\x00]*$"
FILLED_TEXT = "^[^\\x00]*[^\\s\\x00][^\\x00]*$"


def complete(result: Schema, **_: Any) -> Schema:
    """Add the shared parts to each call, and its example to each component."""
    components = result["components"]
    components["schemas"] |= events.SCHEMAS
    result["webhooks"] = events.webhooks()
    result["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    components["schemas"]["ErrorEnvelope"] = {
        "type": "object",
        "description": "Every error looks like this.",
        "properties": {"error": {"allOf": [{"$ref": "#/components/schemas/Error"}, WITH_ID]}},
        "required": ["error"],
    }
    components["headers"] = {
        name: {"description": text, "schema": schema} for name, (text, schema) in HEADERS.items()
    }
    for path, method, operation in _operations(result):
        _need_body(operation)
        for parameter in operation.get("parameters", []):
            _bound_text(parameter["schema"], least=1)
        if method == "get":
            _add_entity_tag(operation)
        elif "{" in path:
            _add_precondition(operation)
        _complete_answers(operation)
        _add_errors(path, operation, components)
    for name, schema in components["schemas"].items():
        if name.endswith("Request"):
            _make_strict(name, schema)
        if name in EXAMPLES:
            schema["examples"] = [EXAMPLES[name]]
    return result


def _need_body(operation: Schema) -> None:
    """Mark the body as required: no call has an optional one."""
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True


def _complete_answers(operation: Schema) -> None:
    """Add description, headers and links to each answer."""
    for status, answer in operation["responses"].items():
        answer["description"] = answer.get("description") or ANSWERS.get(status, "The answer.")
        answer["headers"] = _headers(status, operation)
    if operation["operationId"] in LINKS:
        operation["responses"]["200"]["links"] = LINKS[operation["operationId"]]


def _operations(result: Schema) -> Iterator[tuple[str, str, Schema]]:
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _add_errors(path: str, operation: Schema, components: Schema) -> None:
    """Add the error envelope of each status, with the codes that it can hold."""
    own = operation.pop(ERRORS_EXTENSION, ())
    codes = [*OF_EVERY_CALL, *own]
    names = {parameter["name"] for parameter in operation.get("parameters", [])}
    if "{" in path or "cursor" in names:
        codes.append("not_found")
    if "requestBody" in operation:
        codes += OF_CALLS_WITH_A_BODY
    codes.sort(key=lambda code: PROBLEMS[code].status)
    for status, group in groupby(codes, key=lambda code: PROBLEMS[code].status):
        held = list(group)
        answer = _problem(held, _headers(str(status.value), operation))
        if not set(held) & set(own):
            name = status.phrase.title().replace(" ", "")
            name += "OfBody" if "parse_error" in held else ""
            components.setdefault("responses", {})[name] = answer
            answer = {"$ref": f"#/components/responses/{name}"}
        operation["responses"][str(status.value)] = answer


def _problem(codes: list[str], headers: Schema) -> Schema:
    code = {"properties": {"error": {"properties": {"code": {"enum": codes}}}}}
    envelope = {"$ref": "#/components/schemas/ErrorEnvelope"}
    first = {"code": codes[0], "message": PROBLEMS[codes[0]].meaning, "details": {}} | REQUEST
    return {
        "description": listed({code: PROBLEMS[code].meaning for code in codes}),
        "headers": headers,
        "content": {
            "application/json": {
                "schema": {"allOf": [envelope, code]}, "example": {"error": first},
            }
        },
    }  # fmt: skip


def _add_entity_tag(operation: Schema) -> None:
    """Add 304 and `If-None-Match`, except to the export, which differs every time."""
    if "application/zip" in operation["responses"]["200"].get("content", {}):
        return
    operation["responses"]["304"] = dict(UNCHANGED)
    operation.setdefault("parameters", []).append(dict(IF_NONE_MATCH))


def _add_precondition(operation: Schema) -> None:
    """Add `If-Match` and the error that belongs to it."""
    operation.setdefault("parameters", []).append(dict(IF_MATCH))
    own = operation.get(ERRORS_EXTENSION, ())
    operation[ERRORS_EXTENSION] = (*own, "precondition_failed")


def _headers(status: str, operation: Schema) -> Schema:
    """Return the headers of an answer with this status."""
    names = [*RATE_LIMITS, "X-Request-ID"]
    parameters = {parameter["name"] for parameter in operation.get("parameters", [])}
    can_be_replayed = "Idempotency-Key" in parameters
    is_read = status in ("200", "304") and "304" in operation["responses"]
    if is_read or (status == "200" and operation["operationId"].endswith("partial_update")):
        names.append("ETag")
    if status in ASK_AGAIN:
        names.append("Retry-After")
    if status == "401":
        names.append("WWW-Authenticate")
    if status == "201" or (can_be_replayed and status in ("200", "202")):
        names.append("Location")
    if can_be_replayed and status in ("200", "202"):
        names.append("Idempotency-Replayed")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _make_strict(name: str, schema: Schema) -> None:
    """Refuse unknown fields, and changes without a field."""
    schema["additionalProperties"] = False
    if re.match("Patched", name):
        schema["minProperties"] = 1
    for field in schema["properties"].values():
        _bound_text(field)
        _bound_text(field.get("items", {}))


def _bound_text(schema: Schema, least: int = 0) -> None:
    if schema.get("type") != "string" or {"format", "enum", "pattern"} & set(schema):
        return
    if least:
        schema.setdefault("minLength", least)
    schema["pattern"] = FILLED_TEXT if schema.get("minLength") and not least else TEXT
