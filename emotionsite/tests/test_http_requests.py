"""What the web server accepts, refuses and stores: raw bytes over one connection."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from emotionsite.http.server import Server
from emotionsite.tests.running_server import LARGEST_BODY, Client, echo, running

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /api/ HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server) as client:
        yield client


def code_of(body: bytes) -> str:
    return str(json.loads(body)["error"]["code"])


REFUSED = {
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400, "bad_request"),
    "no sense": (b"hello there\r\n\r\n", 400, "bad_request"),
    "method in small letters": (b"get / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"),
    "another version": (b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 400, "bad_request"),
    "broken header": (b"GET / HTTP/1.1\r\nHost: a\r\nbroken\r\n\r\n", 400, "bad_request"),
    "blank before the colon": (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, "bad_request"),
    "bare line feed": (b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400, "bad_request"),
    "unreadable address": (b"GET http://[::1 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"),
    "length and coding": (
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400, "bad_request",
    ),
    "two lengths": (
        POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400, "bad_request",
    ),
    "the same length twice": (
        POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", 400, "bad_request",
    ),
    "length below nothing": (POST + b"Content-Length: -1\r\n\r\n", 400, "bad_request"),
    "length with a sign": (POST + b"Content-Length: +1\r\n\r\na", 400, "bad_request"),
    "length without end": (
        POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", 400, "bad_request",
    ),
    "chunked twice": (
        POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400, "bad_request",
    ),
    "chunked in two lines": (
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400, "bad_request",
    ),
    "chunked in HTTP/1.0": (
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "bad_request",
    ),
    "another coding": (
        POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, "not_implemented",
    ),
    "a chunk without size": (CHUNKED + b"zz\r\nab\r\n0\r\n\r\n", 400, "bad_request"),
    "a chunk below nothing": (CHUNKED + b"-2\r\nab\r\n0\r\n\r\n", 400, "bad_request"),
    "a chunk longer than it says": (CHUNKED + b"1\r\nab\r\n0\r\n\r\n", 400, "bad_request"),
    "a chunk's line without end": (CHUNKED + b"1" * 20_000, 400, "bad_request"),
    "a trailer without end": (CHUNKED + b"0\r\n" + b"a: b\r\n" * 4000, 400, "bad_request"),
    "a long address": (
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, "uri_too_long",
    ),
    "an address without end": (b"GET /" + b"a" * 9000, 414, "uri_too_long"),
    "a long header": (
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        431, "headers_too_large",
    ),
    "many headers": (
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-A: b\r\n" * 10_000 + b"\r\n",
        431, "headers_too_large",
    ),
    "a header without end": (
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-A: b\r\n" * 9000, 431, "headers_too_large",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_refused_in_the_envelope(client: Client, sent: bytes, status: int, code: str) -> None:
    answered, headers, body = client.ask(sent)
    assert (answered, code_of(body)) == (status, code)
    assert headers["content-type"] == "application/json"
    assert headers["connection"] == "close"
    assert client.is_closed()


@pytest.mark.parametrize("piece", [1, 7, 5000, LARGEST_BODY])
def test_chunked_bodies_are_read(client: Client, piece: int) -> None:
    size = min(LARGEST_BODY, piece * 3000)
    chunk = f"{piece:x};name=value\r\n".encode() + b"a" * piece + b"\r\n"
    count = size // piece
    status, _, body = client.ask(CHUNKED + chunk * count + b"0\r\nTrailer: yes\r\n\r\n")
    seen = json.loads(body)
    assert (status, seen["body_bytes"]) == (200, count * piece)
    assert seen["CONTENT_LENGTH"] == str(count * piece)
    assert "HTTP_TRANSFER_ENCODING" not in seen
    assert client.ask(GET)[0] == 200


def test_a_body_of_the_limit_is_taken(client: Client) -> None:
    head = POST + f"Content-Length: {LARGEST_BODY}\r\n\r\n".encode()
    assert client.ask(head + b"a" * LARGEST_BODY)[0] == 200
    assert client.ask(GET)[0] == 200


@pytest.mark.parametrize(
    "head",
    [
        POST + f"Content-Length: {LARGEST_BODY + 1}\r\n\r\n".encode(),
        POST + b"Content-Length: 9999999999999\r\n\r\n",
        POST + b"Expect: 100-continue\r\nContent-Length: 9999999999999\r\n\r\n",
        CHUNKED + f"{LARGEST_BODY + 1:x}\r\n".encode(),
    ],
)
def test_a_longer_one_is_refused_and_the_answer_arrives(client: Client, head: bytes) -> None:
    # Much more than fits into the buffers of the connection, while nobody reads the answer.
    client.send(head)
    for _ in range(200):
        client.send(b"a" * 50_000)
    status, headers, body = client.answer()
    assert (status, headers["connection"], body) == (413, "close", b"413")
    client.socket.shutdown(1)
    assert client.is_closed()


def test_continue_is_said_once_and_not_where_no_body_comes(client: Client) -> None:
    client.send(POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    assert client.answer()[0] == 100
    assert json.loads(client.ask(b"abc")[2])["body_bytes"] == 3
    without = b"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"
    assert client.ask(without)[0] == 200
    assert client.ask(GET)[0] == 200


def test_requests_in_a_row_are_answered_in_order(client: Client) -> None:
    client.send(b"".join(GET.replace(b"/healthz", b"/%d" % n) for n in range(50)))
    paths = [json.loads(client.answer()[2])["PATH_INFO"] for _ in range(50)]
    assert paths == [f"/{n}" for n in range(50)]


def test_http_1_0_is_answered_and_closed(server: Server, client: Client) -> None:
    assert client.ask(b"GET / HTTP/1.0\r\n\r\n")[1]["connection"] == "close"
    assert client.is_closed()
    with Client(server) as other:
        kept = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
        assert other.ask(kept)[1]["connection"].lower() == "keep-alive"
        assert other.ask(kept)[0] == 200


@pytest.mark.parametrize("path", ["/a%20b", "/%C3%A4", "/%FF", "//double", "/?a=%26&b"])
def test_addresses_are_unquoted_once(client: Client, path: str) -> None:
    seen = json.loads(client.ask(GET.replace(b"/healthz", path.encode()))[2])
    assert seen["REQUEST_URI"] == path
    assert seen["QUERY_STRING"] == path.partition("?")[2]


def test_what_only_a_proxy_may_say(server: Server, client: Client) -> None:
    said = (
        b"X-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Host: evil\r\n"
        b"X_Forwarded_Proto: https\r\n\r\n"
    )
    asked = GET.removesuffix(b"\r\n") + said
    seen = json.loads(client.ask(asked)[2])
    assert not [name for name in seen if "FORWARDED" in name]
    assert (seen["wsgi.url_scheme"], seen["REMOTE_ADDR"]) == ("http", "127.0.0.1")
    with running(echo, behind_proxy=True) as trusting, Client(trusting) as other:
        seen = json.loads(other.ask(asked)[2])
    # As they are: Django's settings say how many of them to believe.
    assert seen["HTTP_X_FORWARDED_PROTO"] == "https"
    assert seen["HTTP_X_FORWARDED_FOR"] == "203.0.113.9"
    assert (seen["wsgi.url_scheme"], seen["REMOTE_ADDR"]) == ("http", "127.0.0.1")


def answer_of(status: str, headers: list[tuple[str, str]], pieces: list[bytes]) -> Any:
    def application(environ: dict[str, Any], start_response: Any) -> Any:
        start_response(status, headers)
        return iter(pieces)

    return application


@pytest.mark.parametrize(
    ("status", "method", "pieces"),
    [
        ("200 OK", b"GET", [b"a", b"", b"bc"]),
        ("200 OK", b"HEAD", [b"abc"]),
        ("204 No Content", b"DELETE", []),
        ("304 Not Modified", b"GET", []),
    ],
)
def test_the_connection_is_kept_whatever_is_answered(
    status: str, method: bytes, pieces: list[bytes]
) -> None:
    asked = method + b" / HTTP/1.1\r\nHost: a\r\n\r\n"
    with running(answer_of(status, [], pieces)) as server, Client(server) as client:
        for _ in range(3):
            client.send(asked)
            answered, headers, body = client.answer(bodiless=method == b"HEAD")
            assert answered == int(status[:3])
            assert "connection" not in headers
            assert body == (b"".join(pieces) if method == b"GET" else b"")
