"""What the schema says of every call alike."""

from typing import Any

PROBLEM = {
    "description": "",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorEnvelope"}}},
}


COMMON = ("400", "401", "403", "404", "406", "413", "429")
"""A parameter that nobody knows, no login, too small a scope, nothing there, another format than
JSON asked for, too large a body, too many calls."""


def add_common_errors(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the errors that any call can end in; say that no parameter is empty."""
    for path in result["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "query" and parameter["schema"] == {"type": "string"}:
                    parameter["schema"]["minLength"] = 1
            for status in COMMON:
                operation["responses"].setdefault(status, PROBLEM)
    return result
