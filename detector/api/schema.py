"""What the schema says of every call alike."""

from typing import Any

PROBLEM = {
    "description": "",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorEnvelope"}}},
}


def add_common_errors(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the errors that any call can end in: no login, nothing there, too many calls."""
    for path in result["paths"].values():
        for operation in path.values():
            for status in ("401", "404", "429"):
                operation["responses"].setdefault(status, PROBLEM)
    return result
