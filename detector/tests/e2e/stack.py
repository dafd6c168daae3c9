"""Runs the production shape: nginx, gunicorn, workers, PostgreSQL, Redis and an object store."""

from pathlib import Path

import httpx

from detector.tests.e2e.platform import MARKERS, Platform, free_port
from emotionsite.stack.environment import from_file

PORTS = ("STACK_WEB_PORT", "STACK_STORE_PORT", "STACK_REDIS_PORT")


class EndsTls(httpx.HTTPTransport):
    """Does without TLS, as nginx gets requests from the proxy that ends it."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http")
        return super().handle_request(request)


class Stack(Platform):
    """What `make stack` starts, with a database and a broker that are there already."""

    program = ("emotionsite.stack",)
    markers = MARKERS | {
        "web": "emotionsite.wsgi",
        "nginx": "nginx: ",
        "store": "moto.server",
        "redis": "redis-server",
    }

    def __init__(self, folder: Path, **environment: str) -> None:
        ports = {name: str(free_port()) for name in PORTS}
        more = {"STACK_DIR": str(folder / "var"), "ACCOUNT_EMAIL_VERIFICATION": "none"}
        super().__init__(folder, (), **{**more, **ports, **environment})

    def make_database(self) -> None:
        """Leave that to the stack."""

    def start(self) -> None:
        """Start it, and learn what its own programs see."""
        super().start()
        told = from_file(self.folder / "var" / "environment")
        self.environment |= {name: value.strip("'") for name, value in told.items()}

    def client(self, token: str) -> httpx.Client:
        """Return a client that follows the links of the API, which begin with https."""
        return httpx.Client(
            base_url=f"{self.url}/api/v1/",
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
            transport=EndsTls(),
        )
