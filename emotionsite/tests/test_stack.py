"""Compose and `make stack` are one installation, and neither has a secret that is known."""

import json
import re
import runpy
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings

from detector.api.codes import PROBLEMS
from emotionsite import gunicorn_settings, new_environment
from emotionsite.settings import api as settings_api
from emotionsite.settings import base as settings_base
from emotionsite.stack import ROOT, environment, nginx
from emotionsite.stack.__main__ import Stack
from emotionsite.stack.environment import MissingVariableError, Places
from emotionsite.supervisor import GRACE_SECONDS
from emotionsite.tests import running_nginx
from emotionsite.tests.running_server import Client

SERVICES = environment.services()
OURS = {name: each for name, each in SERVICES.items() if "emotionsite" in str(each.get("image"))}
KNOWN = {**dict.fromkeys(new_environment.SECRETS, "secret"), "EMAIL_URL": "consolemail://"}


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(
        tmp_path, 8000, 8001, 8002, 8003, "postgres://here/db", "redis://127.0.0.1:8003/0"
    )


@pytest.mark.parametrize(
    ("text", "known", "value"),
    [
        ("a-${X}-b", {"X": "1"}, "a-1-b"),
        ("${X}", {}, ""),
        ("${X:-none}", {"X": ""}, "none"),
        ("${X-none}", {"X": ""}, ""),
        ("${X-none}", {}, "none"),
        ("${X:?say it}", {"X": "1"}, "1"),
        ("$$http_x ${X}", {"X": "$1"}, "$http_x $1"),
    ],
)
def test_variables_are_filled_in_as_compose_does(
    text: str, known: dict[str, str], value: str
) -> None:
    assert environment.interpolated(text, known) == value


def test_no_service_starts_without_secrets_and_none_is_known() -> None:
    text = environment.COMPOSE.read_text()
    asked = set(re.findall(r"\$\{(\w+):\?run make env\}", text))
    assert asked == set(new_environment.SECRETS)
    for name in SERVICES:
        for key, value in SERVICES[name].get("environment", {}).items():
            is_secret = re.search(r"SECRET|PASSWORD|TOKEN|ACCESS_KEY", key)
            if is_secret:
                # Earlier keys there may be none.
                known = r"\$\{\w+:\?run make env\}|\$\{SECRET_KEY_FALLBACKS:-\}"
                assert re.fullmatch(known, value), key
    with pytest.raises(MissingVariableError, match="SECRET_KEY: run make env"):
        environment.of_service("web", {})
    with pytest.raises(MissingVariableError, match="where mail goes"):
        environment.of_service("web", {**KNOWN, "EMAIL_URL": ""})


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_has_limits_and_may_write_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    # Else children of a killed process stay as zombies, until `pids` is reached.
    assert service.get("init", False) == (name in OURS)
    # Docker kills later than our processes do themselves.
    longest = max(GRACE_SECONDS, gunicorn_settings.graceful_timeout)
    assert int(service["stop_grace_period"].removesuffix("s")) >= longest + 5
    # Ours say so in the Dockerfile, after whose USER no root comes.
    assert service.get("user", "0:0").split(":")[0] not in ("0", "root") or name in OURS
    if name == "migrate":
        return
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert "test" in service["healthcheck"]
    assert ":latest" not in str(service["image"])


def test_the_stack_has_the_environment_of_compose(places: Places) -> None:
    stack = Stack.__new__(Stack)
    stack.places, stack.known = places, {**places.as_defaults(), **KNOWN}
    here = set(places.as_environment()) | {"ALIVE_FILE"}
    # Any setting, not only those that the file of compose names; here the shell goes first.
    (places.folder / ".env").write_text("# who\nBIN_DAYS=3\nQUOTA_VIDEOS=5\nPORT=9999\n")
    stack.known["QUOTA_VIDEOS"] = "6"
    programs = {program.name: program for program in stack._programs()}
    assert set(programs) == {"nginx", "web", "worker", "background"}
    for name in ("web", "worker", "background"):
        wanted = environment.of_service(name, stack.known)
        got = programs[name].environment
        assert SERVICES[name]["env_file"] == [{"path": ".env", "required": False}]
        assert (got.pop("BIN_DAYS"), got.pop("QUOTA_VIDEOS"), got["PORT"]) == ("3", "6", "8001")
        assert set(got) == set(wanted)
        # Of compose, the port of the site is nginx's.
        assert wanted["PORT"] == "8000"
        assert {key for key, value in wanted.items() if got[key] != value} <= here
        assert all(str(places.folder) in got[key] for key in ("VAR_DIR", "TMPDIR"))
        assert programs[name].command[1:] == SERVICES[name]["command"][1:]
    assert programs["web"].environment["S3_ENDPOINT_URL"] == "http://127.0.0.1:8002"
    assert programs["web"].environment["TRUSTED_PROXIES"] == "1"


def test_env_is_read_as_compose_reads_it(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        """# who
        export SITE_URL="https://faces.example"
        DEFAULT_FROM_EMAIL='EmotionSite <no-reply@faces.example>'  # from whom
        BIN_DAYS=3   # a week is too long
        EMAIL_URL=smtp://user:p#ss@host:587
        STORAGE_KEYS=
        """
    )
    assert environment.from_file(file) == {
        "SITE_URL": "https://faces.example",
        "DEFAULT_FROM_EMAIL": "EmotionSite <no-reply@faces.example>",
        "BIN_DAYS": "3",
        "EMAIL_URL": "smtp://user:p#ss@host:587",
        "STORAGE_KEYS": "",
    }


def test_commands_get_values_with_quotes_as_they_are(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = "smtp://user:it's; touch stolen; a $HOME@host:587"
    stack = Stack.__new__(Stack)
    stack.places, stack.known = places, {**places.as_defaults(), **KNOWN, "EMAIL_URL": mail}
    monkeypatch.setattr(environment, "command_of", lambda *_: ["true"])
    stack._prepare()
    done = subprocess.run(
        ["sh", "-c", 'set -a; . ./environment; printf %s "$EMAIL_URL"'],
        cwd=places.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (mail, "")
    assert not (places.folder / "stolen").exists()


@pytest.mark.parametrize("said", [{}, {"WEB_THREADS": "3", "DETECT_CALLS": "2"}])
def test_gunicorn_has_the_threads_that_our_own_server_has(
    said: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls that detect wait in threads that no page needs."""
    for name in ("WEB_THREADS", "DETECT_CALLS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    base = runpy.run_path(str(settings_base.__file__))["WEB_THREADS"]
    detecting = runpy.run_path(str(settings_api.__file__))["DETECT_CALLS"]
    threads = runpy.run_path(str(Path(ROOT, "emotionsite/gunicorn_settings.py")))
    assert threads["threads"] == base + detecting


def test_new_secrets_are_random_private_and_never_written_over(tmp_path: Path) -> None:
    file, other = tmp_path / ".env", tmp_path / "other"
    assert new_environment.main(file) == 0
    assert new_environment.main(other) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    secrets, others = map(environment.from_file, (file, other))
    assert set(secrets) == set(new_environment.SECRETS)
    for name, value in secrets.items():
        assert re.fullmatch("[0-9a-f]{20,}", value)
        assert others[name] != value
    before = file.read_bytes()
    assert new_environment.main(file) == 1
    assert file.read_bytes() == before


def test_nginx_knows_all_names_and_accepts_the_configuration(tmp_path: Path) -> None:
    assert nginx.names() <= set(SERVICES["nginx"]["environment"])
    with pytest.raises(KeyError):
        nginx.write(tmp_path, {})
    file = running_nginx.written(tmp_path, LISTEN="127.0.0.1:8000", WEB_ADDRESS="127.0.0.1:8001")
    done = subprocess.run([*running_nginx.command(file), "-t"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    largest = max(settings.LARGER_BODIES.values())
    # With a larger VIDEO_MAX_BYTES, `.env` says so to nginx, too.
    assert int(environment.of_service("nginx", KNOWN)["BODY_MAX_BYTES"]) == largest
    raised = environment.of_service("nginx", {**KNOWN, "BODY_MAX_BYTES": "2148532224"})
    assert raised["BODY_MAX_BYTES"] == "2148532224"


def test_errors_of_nginx_are_the_envelope(tmp_path: Path) -> None:
    cases = (
        ("GET /api/v1/me/ HTTP/1.1", "busy"),  # nothing listens behind
        ("GET /?a=" + "b" * 9000 + " HTTP/1.1", "uri_too_long"),
        ("GET / HTTP/1.1\r\nX-Long: " + "b" * 70_000, "headers_too_large"),
        ("POST / HTTP/1.1\r\nContent-Length: 999999999", "request_too_large"),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2", "bad_request"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip", "not_implemented"),
    )
    with running_nginx.running(tmp_path, web="127.0.0.1:9") as port:
        for line, code in cases:
            with Client(port) as client:
                status, headers, body = client.ask(f"{line}\r\nHost: here\r\n\r\n".encode())
            error = json.loads(body)["error"]
            assert (status, error["code"]) == (PROBLEMS[code].status, code)
            assert error["message"] == PROBLEMS[code].meaning
            assert error["request_id"] == headers["x-request-id"]
            assert ("retry-after" in headers) == (status == 503)
        assert error["details"] == {}
        # Not an address of ours, so the platform answers; here there is none.
        answer = httpx.get(f"http://127.0.0.1:{port}/.nginx/throttled")
        assert answer.status_code == 404


def test_what_nginx_says_of_errors_is_what_the_api_says() -> None:
    text: Any = nginx.TEMPLATE.read_text()
    told = re.findall(r"location = /\.nginx/(\w+) \{.*?return (\d+) '(.*?)';", text, re.DOTALL)
    assert len(told) == 8
    for code, status, body in told:
        assert int(status) == PROBLEMS[code].status
        assert PROBLEMS[code].meaning in body
