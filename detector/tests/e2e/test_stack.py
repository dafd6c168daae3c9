"""The production shape as clients meet it: nginx, several web processes, an object store."""

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from detector.tests.e2e import pictures
from detector.tests.e2e.platform import Platform
from emotionsite.tests.running_server import Client

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.parametrize("platform", ["stack"], indirect=True),
]
SLOW = 60


def test_files_are_in_the_store_and_sent_to_their_owner(
    platform: Platform, portrait: bytes
) -> None:
    mine, other = (platform.client(platform.token(name)) for name in ("keeper", "nosy"))
    with mine, other:
        photo = mine.post("analyses/?wait=30", files={"images": ("me.jpg", portrait)})
        image = photo.json()["accepted"][0]["image"]["url"]
        whole = mine.get(image)
        assert whole.content.startswith(b"\xff\xd8")
        assert whole.headers["Server"] == "nginx"
        assert mine.get(image, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304

        sent = mine.post("videos/", files={"video": ("walk.mp4", pictures.walk(1))})
        address = sent.raise_for_status().headers["Location"]
        film = f"{address}file/"
        content = mine.get(film).content
        assert len(content) == int(mine.head(film).headers["Content-Length"])
        for asked, wanted in (("bytes=10-99", content[10:100]), ("bytes=-5", content[-5:])):
            part = mine.get(film, headers={"Range": asked})
            assert (part.status_code, part.content) == (206, wanted)
        for path in (image, film):
            assert other.get(path).status_code == 404
        assert mine.delete(address).status_code == 204
        assert mine.get(film).status_code == 404


def test_one_answer_for_all_web_processes_and_none_for_strangers(platform: Platform) -> None:
    token = platform.environment["METRICS_TOKEN"]
    with httpx.Client(base_url=platform.url) as client:

        def counted() -> float:
            text = client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).text
            found = re.search(r'view_transport_method_total\{.*view="healthz"\} (\S+)', text)
            return float(found[1]) if found else 0

        assert client.get("/metrics").status_code == 404
        assert client.get("/metrics", headers={"X-Forwarded-For": "::1"}).status_code == 404
        assert client.get("/stored/images/ab/x.jpg").status_code == 404
        before = counted()
        with ThreadPoolExecutor(8) as pool:
            answers = pool.map(client.get, ["/healthz"] * 40)
            assert {each.status_code for each in answers} == {200}
        assert counted() == before + 40
    assert len(platform.children("web")) == 3  # with the one that starts the others


def test_slow_clients_hold_no_thread(platform: Platform) -> None:
    """More than there are threads: each would take one of a server without nginx."""
    head = f"Host: {platform.host}\r\n"
    first = (
        f"GET / HTTP/1.1\r\n{head}X-Slow: ",
        f"POST /api/v1/analyses/ HTTP/1.1\r\n{head}Content-Length: 1000000\r\n\r\n",
        f"GET /static/vendor/chart.umd.min.js HTTP/1.1\r\n{head}\r\n",
    )
    slow = [Client(platform.port, SO_RCVBUF=4096) for _ in range(SLOW)]
    try:
        for number, client in enumerate(slow):
            client.send(first[number % len(first)].encode())
        # Far less than what a slow client is allowed.
        with httpx.Client(base_url=platform.url, timeout=10) as other:
            for _ in range(10):
                assert other.get("/healthz").status_code == 200
    finally:
        for client in slow:
            client.socket.close()
