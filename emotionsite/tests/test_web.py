"""The web server's start: addresses, ports and processes."""

import signal
import socket
import sys

import pytest

from emotionsite import web


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104
        ("localhost", "http://localhost:8000"),
        ("::1", "http://[::1]:8000"),
        ("[::]", "http://[::1]:8000"),
    ],
)
def test_the_address_is_one_to_open(host: str, address: str) -> None:
    assert web.shown(host, 8000) == address


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]"])
def test_it_listens_on_names_and_both_families(host: str) -> None:
    try:
        listener = web.listen(host, 0)
    except OSError as error:
        pytest.skip(f"no {host} here: {error}")
    with listener:
        address = listener.getsockname()[:2]
        with socket.create_connection(address, 5):
            pass


def test_a_port_is_shared_only_where_that_is_asked_for() -> None:
    with web.listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            web.listen("127.0.0.1", port, shared_port=True)
    with web.listen("127.0.0.1", 0, shared_port=True) as first:
        port = first.getsockname()[1]
        web.listen("127.0.0.1", port, shared_port=True).close()


def test_one_that_ends_takes_the_others_along(monkeypatch: pytest.MonkeyPatch) -> None:
    # The handlers of this process stay as they are.
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    forever = [sys.executable, "-c", "import time; time.sleep(600)"]
    assert web.run_together([forever, [sys.executable, "-c", "pass"]]) == 1
