"""A client of uploads in parts, for tests."""

import base64
from typing import Any

from rest_framework.test import APIClient

URL = "/api/v1/video-uploads/"


def begin(client: APIClient, length: int, name: str = "walk.mp4", **headers: str) -> Any:
    metadata = f"filename {base64.b64encode(name.encode()).decode()},filetype dmlkZW8vbXA0"
    sent = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(length),
        "Upload-Metadata": metadata,
        **headers,
    }
    return client.post(URL, headers=sent)


def send(client: APIClient, address: str, offset: int, content: bytes, **headers: str) -> Any:
    sent = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset), **headers}
    # The stubs of `generic` allow text alone.
    body: Any = content
    kind = "application/offset+octet-stream"
    return client.generic("PATCH", address, body, content_type=kind, headers=sent)


def ask(client: APIClient, address: str) -> Any:
    return client.head(address, headers={"Tus-Resumable": "1.0.0"})
