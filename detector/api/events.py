"""The events that webhooks get, as part of the OpenAPI schema."""

from typing import Any

from detector.enums import Event

Schema = dict[str, Any]


def _component(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _or_null(schema: Schema, description: str) -> Schema:
    return {"oneOf": [schema, {"type": "null"}], "description": description}


def _text(description: str, **more: Any) -> Schema:
    return {"type": "string", "description": description, **more}


def _object(description: str, properties: Schema) -> Schema:
    return {
        "type": "object", "description": description, "properties": properties,
        "required": list(properties),
    }  # fmt: skip


def _event(description: str, names: list[Event], data: Schema) -> Schema:
    properties = {
        "type": _text("What happened.", enum=names),
        "timestamp": _text("When it happened.", format="date-time"),
        "data": _object("The object of the event.", data),
    }
    return _object(description, properties)


URL = _text("Address of the analysis.", format="uri")
SCHEMAS = {
    "AnalysisEvent": _event(
        "An analysis has ended.",
        [Event.ANALYSIS_DONE, Event.ANALYSIS_FAILED],
        {
            "id": _text("Id of the analysis.", format="uuid"),
            "status": _component("Status"),
            "url": URL,
            "face_count": _or_null({"type": "integer"}, "Null if it failed."),
            "dominant_emotion": _or_null(_component("Emotion"), "Emotion of the largest face."),
            "error": _or_null(_component("Failure"), "Why it failed; null if it did not."),
        },
    ),
    "VideoEvent": _event(
        "The analysis of a video has ended.",
        [Event.VIDEO_DONE, Event.VIDEO_FAILED],
        {
            "id": _text("Id of the video.", format="uuid"),
            "status": _component("Status"),
            "url": _text("Address of the video.", format="uri"),
            "duration": {"type": "number", "description": "In seconds."},
            "track_count": _or_null({"type": "integer"}, "People in it; null if it failed."),
            "error": _or_null(_component("Failure"), "Why it failed; null if it did not."),
        },
    ),
    "ReviewEvent": _event(
        "Somebody judged a face of yours.",
        [Event.REVIEW_CREATED],
        {
            "id": _text("Id of the verdict.", format="uuid"),
            "kind": _component("ReviewKind"),
            "verdict": _component("Verdict"),
            "analysis": _text("Id of the analysis.", format="uuid"),
            "url": URL,
            "face_index": {"type": "integer", "description": "As in `faces` of the analysis."},
            "reviewed_emotion": _or_null(_component("Verdict"), "What is shown now."),
        },
    ),
}

SUMMARIES = {
    Event.ANALYSIS_DONE: ("A photo was read", "AnalysisEvent"),
    Event.ANALYSIS_FAILED: ("A photo could not be read", "AnalysisEvent"),
    Event.REVIEW_CREATED: ("A face was reviewed", "ReviewEvent"),
    Event.VIDEO_DONE: ("A video was read", "VideoEvent"),
    Event.VIDEO_FAILED: ("A video could not be read", "VideoEvent"),
}
HEADERS = {
    "webhook-id": "Id of the message: the same in every attempt to deliver it.",
    "webhook-timestamp": "Time of the signature, in seconds since 1970.",
    "webhook-signature": "`v1,` and the signature, as in Standard Webhooks.",
}
ANSWERS = {
    "2XX": {"description": "Received. After any other answer it is tried again for a day."},
    "410": {"description": "The receiver is gone: the webhook is disabled."},
}


def webhooks() -> Schema:
    """Return the calls that a receiver gets, one for each event."""
    headers = [
        {
            "name": name, "in": "header", "required": True, "description": text,
            "schema": {"type": "string"},
        }
        for name, text in HEADERS.items()
    ]  # fmt: skip
    calls = {}
    for event, (summary, component) in SUMMARIES.items():
        content = {"application/json": {"schema": _component(component)}}
        post = {
            "operationId": f"told_{event.name.lower()}", "summary": summary, "tags": ["webhooks"],
            "parameters": headers, "requestBody": {"required": True, "content": content},
            "responses": ANSWERS,
        }  # fmt: skip
        calls[event.value] = {"post": post}
    return calls
