"""Outgoing requests: where they may go, and how long they may take."""

import socket
import ssl
import threading
import time
from typing import Any

import pycurl
import pytest

from detector.common import outbound, targets
from detector.common.public_addresses import is_public
from detector.tests.receivers import Receiver, dripping, receiving, resolve_to

HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def _loopback(settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "localhost", "localhost.", "0.0.0.0",  # noqa: S104
     "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "192.168.1.1", "100.64.0.1", "192.0.0.8",
     "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "１２７.0.0.1", "127。0。0。1",
     "[::ffff:10.0.0.1]", "[fe80::1]", "[fe80::1%25lo]", "[fd00::1]", "[fec0::1]", "[::127.0.0.1]",
     "[::ffff:0:127.0.0.1]", "[64:ff9b:1::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
     "[ff02::1]", "[::]"],
)  # fmt: skip
def test_addresses_that_are_not_public_are_refused(host: str) -> None:
    with pytest.raises(outbound.RefusedError):
        outbound.check(f"http://{host}/")
    with pytest.raises(outbound.RefusedError):
        outbound.post(f"http://{host}/", b"", {})


@pytest.mark.parametrize(
    "address",
    ["0.1.2.3", "192.0.2.1", "192.88.99.1", "203.0.113.9", "::7f00:1", "::8.8.8.8",
     "::ffff:8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::a00:1", "64:ff9b:1::808:808", "100::1",
     "1fff::1", "2001::1", "2001:db8::1", "2001:10::1", "2002:808:808::1", "3fff::1", "4000::1",
     "5f00::1", "fc00::1", "feff::1", "2606:4700::5efe:127.0.0.1", "2606:4700::200:5efe:10.0.0.1",
     "2606:4700::1%eth0", "nonsense"],
)  # fmt: skip
def test_what_is_not_known_to_be_global_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450::1",
                "64:ff9b::808:808"]
)  # fmt: skip
def test_global_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com/", "http://u:p@example.com/", "http://@example.com/", "http:///x",
     "http://example.com:99999/", "example.com", "http://a,b.com/", "http://exa mple.com/",
     "http://[::1/", "http://.../", "file:///etc/passwd", "http://example.com:0/"],
)  # fmt: skip
def test_addresses_of_another_kind_are_refused(url: str) -> None:
    with pytest.raises(outbound.RefusedError):
        outbound.check(url)


@pytest.mark.parametrize(("port", "is_fine"), [(80, True), (443, True), (8443, True), (22, False),
                                               (6379, False), (8080, False)])  # fmt: skip
def test_ports_are_the_usual_ones_and_those_that_are_named(
    monkeypatch: pytest.MonkeyPatch, settings: Any, port: int, is_fine: bool
) -> None:
    settings.WEBHOOK_ALLOWED_PORTS = [8443]
    resolve_to(monkeypatch, ["93.184.215.14"])
    url = f"https://hooks.example.com:{port}/"
    if is_fine:
        return outbound.check(url)
    for act in (outbound.check, lambda url: outbound.post(url, b"", {})):
        with pytest.raises(outbound.RefusedError, match="port must be one of 80, 443, 8443"):
            act(url)
    return None


@pytest.mark.parametrize(
    ("entry", "url", "is_ours"),
    [("127.0.0.1", "http://127.0.0.1:9000/", True),
     ("127.0.0.1:9000", "http://127.0.0.1:9000/", True),
     ("127.0.0.1:9000", "http://127.0.0.1:9001/", False),
     ("[::1]:9000", "http://[::1]:9000/", True),
     ("hooks.internal", "http://HOOKS.internal.:9000/", True),
     ("hooks.internal", "http://a.hooks.internal/", False)],
)  # fmt: skip
def test_hosts_of_ours_are_named_with_or_without_a_port(
    settings: Any, monkeypatch: pytest.MonkeyPatch, entry: str, url: str, is_ours: bool
) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = [entry]
    resolve_to(monkeypatch, ["127.0.0.1"])
    if is_ours:
        return outbound.check(url)
    with pytest.raises(outbound.RefusedError):
        outbound.check(url)
    return None


def test_name_that_changes_its_mind_gains_nothing(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(targets, "is_public", lambda _: True)
    with receiving(Receiver()) as receiver:
        settings.WEBHOOK_ALLOWED_PORTS = [receiver.server_port]
        resolve_to(monkeypatch, ["127.0.0.1"], ["127.0.0.9"])
        outbound.post(f"http://hooks.example.com:{receiver.server_port}/", b"", {})
        [(headers, _)] = receiver.came
        assert headers["Host"] == f"hooks.example.com:{receiver.server_port}"


@pytest.mark.usefixtures("_loopback")
def test_nothing_but_what_was_checked_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the checked addresses are used, even where libcurl would connect elsewhere."""
    with receiving(Receiver()) as receiver:
        target = targets.parse(receiver.url)
        monkeypatch.setattr(targets, "resolve", lambda *_: ["93.184.215.14"])
        with pytest.raises(outbound.FailedError):
            outbound.post(target.url, b"", {})
        assert receiver.came == []


@pytest.mark.usefixtures("_loopback")
@pytest.mark.parametrize(
    ("beginning", "drop"),
    [(b"", b""), (b"", b"H"), (HEAD, b"X-Drop: 1\r\n"), (HEAD + b"X-Drop: ", b"1"),
     (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n")],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_deadline_holds_until_the_headers_are_complete(
    monkeypatch: pytest.MonkeyPatch, scheme: str, beginning: bytes, drop: bytes
) -> None:
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 0.4)
    began = time.monotonic()
    with dripping(beginning, drop) as port, pytest.raises(outbound.FailedError):
        outbound.post(f"{scheme}://127.0.0.1:{port}/", b"{}", {})
    assert time.monotonic() - began < 10


@pytest.mark.usefixtures("_loopback")
def test_body_that_trickles_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 2)
    with dripping(HEAD + b"Content-Length: 100000\r\n\r\n", b"x") as port:
        reply = outbound.post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert reply.status == 200
    assert set(reply.body) <= {"x"}


def test_deadline_holds_for_the_name_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 0.2)
    monkeypatch.setattr(outbound, "CHECK_SECONDS", 0.2)
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answered.wait(60))
    began = time.monotonic()
    with pytest.raises(outbound.FailedError, match="in time"):
        outbound.post("https://hooks.example.com/", b"", {})
    with pytest.raises(outbound.FailedError, match="in time"):
        outbound.check("https://hooks.example.com/")
    assert time.monotonic() - began < 30
    answered.set()


@pytest.mark.usefixtures("_loopback")
def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with receiving(Receiver()) as receiver:
        assert outbound.post(receiver.url, b"{}", {}).status == 200


def test_certificates_are_checked_against_what_the_system_trusts() -> None:
    trusted = ssl.get_default_verify_paths()
    assert trusted.cafile or trusted.capath
    options: dict[int, Any] = {}

    class Curl:
        def setopt(self, name: int, value: Any) -> None:
            options[name] = value

    outbound._prepare(Curl(), targets.Target("https", "example.com", 443, "/"))
    assert (options[pycurl.SSL_VERIFYPEER], options[pycurl.SSL_VERIFYHOST]) == (1, 2)
    assert options.get(pycurl.CAINFO) or options.get(pycurl.CAPATH)
