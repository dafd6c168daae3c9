"""A small client of the EmotionSite API: copy this file, and `pip install httpx`.

It sends again what failed on the way or for the moment, under one idempotency key, waits as long
as the server asks, and raises ApiError for everything else.
"""

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

PASSING = frozenset({429, 502, 503, 504})
Json = dict[str, Any]


class ApiError(Exception):
    """An answer that trying again does not change; `code` is for programs."""

    def __init__(self, status: int, code: str, message: str, details: Json) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.details = details


class Client:
    """Calls in the name of the owner of a token."""

    def __init__(self, url: str, token: str, *, retries: int = 4, timeout: float = 60) -> None:
        self.retries = retries
        self._http = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/v1/",
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout,
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all connections."""
        self._http.close()

    def upload(self, paths: Sequence[str | Path], *, wait: float = 0) -> Json:
        """Send images; `accepted` holds an analysis each, `rejected` those that are none."""
        files = [("images", (Path(path).name, Path(path).read_bytes())) for path in paths]
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        answer: Json = self._call(
            "POST", "analyses/", params={"wait": wait}, files=files, headers=headers
        ).json()
        return answer

    def detect(self, path: str | Path) -> Json:
        """Return the faces of an image, of which nothing is stored."""
        files = [("images", (Path(path).name, Path(path).read_bytes()))]
        answer: Json = self._call("POST", "detect/", files=files).json()
        return answer

    def analysis(self, analysis_id: str) -> Json:
        """One analysis as it stands."""
        answer: Json = self._call("GET", f"analyses/{analysis_id}/").json()
        return answer

    def wait(self, analysis_id: str, *, seconds: float = 120, pause: float = 0.5) -> Json:
        """One analysis once it is finished. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while True:
            analysis = self.analysis(analysis_id)
            if analysis["status"] in ("done", "failed"):
                return analysis
            if time.monotonic() + pause > end:
                raise TimeoutError(f"{analysis_id} is {analysis['status']} after {seconds} s")
            time.sleep(pause)

    def analyses(self, **filters: Any) -> Iterator[Json]:
        """Yield the history, page after page; `from_` stands for `from`."""
        params = {name.rstrip("_"): value for name, value in filters.items()}
        yield from self._pages("analyses/", params)

    def annotate(self, analysis_id: str, **changes: Any) -> Json:
        """Change `note`, `tags` or `felt_emotion`."""
        answer: Json = self._call("PATCH", f"analyses/{analysis_id}/", json=changes).json()
        return answer

    def delete(self, analysis_id: str) -> None:
        """Delete the photo with all that is known of it."""
        self._call("DELETE", f"analyses/{analysis_id}/")

    def picture(self, analysis_id: str, kind: str = "image", *, seconds: float = 60) -> bytes:
        """Return a JPEG: `image`, `annotated`, `faces/0/crop` or `faces/0/explanation`."""
        end = time.monotonic() + seconds
        while True:
            response = self._call("GET", f"analyses/{analysis_id}/{kind}/")
            if response.status_code != httpx.codes.ACCEPTED:
                return response.content
            if time.monotonic() > end:
                raise TimeoutError(f"{kind} is not there after {seconds} s")
            time.sleep(_pause(response, 1.0))

    def export(self, target: str | Path, kind: str = "zip") -> None:
        """Everything as `csv`, `json` or `zip` into a file."""
        with self._http.stream("GET", "export/", params={"type": kind}, timeout=None) as response:
            if response.is_error:
                response.read()
                raise _error(response)
            with Path(target).open("wb") as file:
                for piece in response.iter_bytes():
                    file.write(piece)

    def get(self, path: str, **params: Any) -> Json:
        """Any other answer, such as `stats/summary/` or `me/`."""
        answer: Json = self._call("GET", path, params=params).json()
        return answer

    def post(self, path: str, content: Mapping[str, Any]) -> Json:
        """Make something else, such as a token or a webhook."""
        answer: Json = self._call("POST", path, json=dict(content)).json()
        return answer

    def patch(self, path: str, content: Mapping[str, Any]) -> Json:
        """Change something else, such as a webhook."""
        answer: Json = self._call("PATCH", path, json=dict(content)).json()
        return answer

    def remove(self, path: str) -> None:
        """Delete something else."""
        self._call("DELETE", path)

    def _pages(self, path: str, params: Json) -> Iterator[Json]:
        page = self._call("GET", path, params=params).json()
        while True:
            yield from page["results"]
            if page["next"] is None:
                return
            page = self._call("GET", page["next"]).json()

    def _call(self, method: str, path: str, **request: Any) -> httpx.Response:
        # Anything else that changes something is done once: it may have been done unheard.
        is_safe = method != "POST" or "Idempotency-Key" in request.get("headers", {})
        for attempt in range(self.retries + 1):
            last = attempt == self.retries
            try:
                response = self._http.request(method, path, **request)
            except httpx.TransportError:
                if last or not is_safe:
                    raise
                time.sleep(_growing(attempt))
                continue
            if not response.is_error:
                return response
            if last or response.status_code not in PASSING:
                raise _error(response)
            time.sleep(_pause(response, _growing(attempt)))
        raise AssertionError("unreachable")


def _growing(attempt: int) -> float:
    return min(0.5 * 2.0**attempt, 30)


def _pause(response: httpx.Response, otherwise: float) -> float:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else otherwise


def _error(response: httpx.Response) -> ApiError:
    try:
        error = response.json()["error"]
        return ApiError(
            response.status_code, error["code"], error["message"], error.get("details", {})
        )
    except (ValueError, KeyError, TypeError):
        return ApiError(response.status_code, "unknown", response.text[:200], {})
