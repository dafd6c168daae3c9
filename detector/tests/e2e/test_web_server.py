"""The web server as clients meet it: kept connections, chunked bodies, slow neighbours."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from detector.tests.e2e.platform import ROOT, Platform, descendants, free_port, until
from emotionsite.tests.running_server import Client

# One platform is enough: the server knows nothing of broker and database.
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.parametrize("platform", ["embedded"], indirect=True),
]
KINDS = {
    "header": "GET / HTTP/1.1\r\n",
    "body": "POST /api/v1/analyses/ HTTP/1.1\r\nContent-Length: 1000000\r\n",
    "reader": "GET /static/vendor/chart.umd.min.js HTTP/1.1\r\n",
    "export": "GET /api/v1/export/?type=zip HTTP/1.1\r\n",
}
SLOW = 30
COUNTED = "django_http_requests_total_by_view_transport_method_total{"


@pytest.fixture(scope="module")
def token(platform: Platform) -> str:
    return platform.token("raw")


@pytest.mark.parametrize(
    ("line", "headers", "status"),
    [
        ("POST /api/v1/analyses/", "Authorization: Bearer wrong\r\n", 401),
        ("POST /api/v1/analyses/", "", 401),
        ("POST /history", "", 308),
        ("POST /api/v1/nothing/", "", 404),
        ("PUT /api/v1/analyses/", "Authorization: Bearer {token}\r\n", 405),
        ("POST /api/v1/webhooks/", "Authorization: Bearer {token}\r\nContent-Type: a/b\r\n", 415),
        (
            "POST /api/v1/webhooks/",
            "Authorization: Bearer {token}\r\nContent-Type: application/json\r\n",
            400,
        ),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_the_next_call_works_after_a_refusal(
    platform: Platform, token: str, line: str, headers: str, status: int, chunked: bool
) -> None:
    body = b"a" * 300_000
    head = f"{line} HTTP/1.1\r\nHost: {platform.host}\r\n" + headers.format(token=token)
    if chunked:
        sent = f"{head}Transfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n".encode()
        sent += body + b"\r\n0\r\n\r\n"
    else:
        sent = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    with Client(platform.port) as client:
        for _ in range(2):
            answered, said, _ = client.ask(sent)
            assert answered == status
            assert "connection" not in said
        asked = f"GET /healthz HTTP/1.1\r\nHost: {platform.host}\r\n\r\n".encode()
        assert client.ask(asked)[0] == 200


def test_what_the_server_refuses_itself_is_the_envelope(platform: Platform) -> None:
    for line, status, code in (
        ("GET /api/v1/analyses/?a=" + "b" * 9000, 414, "uri_too_long"),
        ("GET /api/v1/me/ HTTP/1.1\r\nX-Long: " + "b" * 70_000, 431, "headers_too_large"),
        ("POST /api/v1/analyses/ HTTP/1.1\r\nContent-Length: 999999999", 413, "request_too_large"),
    ):
        head = line if "\r\n" in line else f"{line} HTTP/1.1"
        with Client(platform.port) as client:
            answer = client.ask(f"{head}\r\nHost: {platform.host}\r\n\r\n".encode())
            assert (answer[0], json.loads(answer[2])["error"]["code"]) == (status, code)
            assert answer[1]["connection"] == "close"
            client.socket.shutdown(1)
            assert client.is_closed()


def pieces(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), 1000):
        yield content[start : start + 1000]


def test_chunked_bodies_of_each_kind(platform: Platform, token: str, portrait: bytes) -> None:
    form = httpx.Request("POST", platform.url, files={"images": ("a.jpg", portrait)})
    with platform.client(token) as client:
        accepted = []
        for content, kind in (
            (portrait, "image/jpeg"),
            (form.read(), form.headers["Content-Type"]),
        ):
            answer = client.post(
                "analyses/", content=pieces(content), headers={"Content-Type": kind}
            )
            assert answer.status_code in (200, 202), answer.text
            accepted.append(answer.json()["accepted"][0]["id"])
        assert accepted[0] == accepted[1]
        changed = client.patch(
            f"analyses/{accepted[0]}/",
            content=pieces(b'{"note": "in pieces"}'),
            headers={"Content-Type": "application/json"},
        )
        assert changed.json()["note"] == "in pieces"


@pytest.mark.parametrize("kind", KINDS)
def test_slow_clients_leave_the_site_to_others(platform: Platform, token: str, kind: str) -> None:
    first = KINDS[kind] + f"Host: {platform.host}\r\nAuthorization: Bearer {token}\r\n"
    end = "X-Slow: " if kind == "header" else "\r\n"
    with ExitStack() as stack, httpx.Client(base_url=platform.url, timeout=10) as other:
        slow = [stack.enter_context(Client(platform.port, SO_RCVBUF=4096)) for _ in range(SLOW)]
        for client in slow:
            client.send((first + end).encode())
        for _ in range(5):
            for path in ("/healthz", "/"):
                assert other.get(path).status_code == 200
            if kind in ("header", "body"):
                for client in slow:
                    client.send(b"a")
            time.sleep(0.05)


def test_several_processes_serve_one_port_and_end_together(platform: Platform) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "emotionsite.web"],
        cwd=ROOT,
        env={**platform.environment, "PORT": str(port), "WEB_CONCURRENCY": "2"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        for _ in range(2):
            line = process.stdout.readline()
            assert line == f"EmotionSite runs at http://127.0.0.1:{port}\n"
        family = descendants(process.pid)
        assert len(family) == 2
        for _ in range(10):
            answer = httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=30)
            assert answer.status_code == 200
        # Whichever is asked answers for both.
        figures = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
        [counted] = [line for line in figures.splitlines() if COUNTED in line and "healthz" in line]
        assert float(counted.rpartition(" ")[2]) == 10
        os.kill(family[0], signal.SIGKILL)
        assert process.wait(30) == 1
        until(lambda: not descendants(process.pid), 10, "The end of the other")
    finally:
        process.terminate()
        process.wait(30)
        if process.stdout is not None:
            process.stdout.close()
