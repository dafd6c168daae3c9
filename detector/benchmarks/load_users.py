"""People of a load, for locust: `detector.benchmarks.load` starts it.

Each has an account of their own, looks at pages and pictures, and uploads a photo now and then.
What was accepted is written to `LOAD_ACCEPTED`, a line each: number of the person, id of the photo.
"""

import io
import json
import os
import random
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from locust import FastHttpUser, between, events, task
from PIL import Image

PEOPLE: list[dict[str, str]] = json.loads(Path(os.environ["LOAD_PEOPLE"]).read_text())
PIXELS = np.asarray(Image.open(os.environ["LOAD_PHOTO"]))
ACCEPTED = Path(os.environ["LOAD_ACCEPTED"])
_numbers, _photos = count(), count()


def photo() -> bytes:
    """Return a JPEG with one face, unlike all others."""
    pixels = PIXELS.copy()
    pixels[:8, :8] = np.random.default_rng(next(_photos)).integers(0, 256, (8, 8, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


class Person(FastHttpUser):
    """One of the people, who waits some seconds between two things."""

    wait_time = between(2, 8)
    network_timeout = connection_timeout = 60.0

    def on_start(self) -> None:
        """Become the next of the people."""
        self.number = next(_numbers) % len(PEOPLE)
        person = PEOPLE[self.number]
        self.token = {"Authorization": f"Bearer {person['token']}"}
        self.session = {"Cookie": f"sessionid={person['session']}"}
        self.seen: list[str] = []

    @task(4)
    def history(self) -> None:
        """Look at the history."""
        self._page("/history/")

    @task(2)
    def insights(self) -> None:
        """Look at the statistics."""
        self._page("/insights/")

    @task(2)
    def picture(self) -> None:
        """Look at a picture that was uploaded before."""
        if self.seen:
            url = f"/api/v1/analyses/{random.choice(self.seen)}/image/"  # noqa: S311
            self._ask("GET", url, "picture", self.token)

    @task(2)
    def listed(self) -> None:
        """Ask the API for the newest photos, and remember those whose picture is there."""
        answer = self._ask("GET", "/api/v1/analyses/", "list", self.token)
        if answer.status_code == 200:
            found = answer.json()["results"]
            self.seen = [one["id"] for one in found if one["status"] == "done"]

    @task(2)
    def upload(self) -> None:
        """Upload a photo, and note that it was accepted."""
        answer = self._ask(
            "POST", "/api/v1/analyses/", "upload", self.token,
            files={"images": ("me.jpg", photo(), "image/jpeg")},
        )  # fmt: skip
        if answer.status_code in (200, 202):
            found = answer.json()["accepted"][0]["id"]
            with ACCEPTED.open("a") as file:
                file.write(f"{self.number} {found}\n")

    def _page(self, path: str) -> None:
        self._ask("GET", path, "page", self.session)

    def _ask(self, method: str, path: str, name: str, headers: dict[str, str], **more: Any) -> Any:
        return self.client.request(
            method, path, name=name, headers=headers, allow_redirects=False, **more
        )


@events.test_stop.add_listener  # type: ignore[untyped-decorator]
def write_figures(environment: Any, **_: Any) -> None:
    """Write what was asked, how long it took, and which errors came."""
    kinds = {
        name: {
            "asked": entry.num_requests,
            "failed": entry.num_failures,
            "p50_ms": entry.get_response_time_percentile(0.5),
            "p95_ms": entry.get_response_time_percentile(0.95),
        }
        for (name, _method), entry in environment.stats.entries.items()
    }
    errors = {
        f"{each.name}: {each.error}": each.occurrences for each in environment.stats.errors.values()
    }
    Path(os.environ["LOAD_FIGURES"]).write_text(json.dumps({"kinds": kinds, "errors": errors}))
