"""System checks of the setup."""

import importlib.util
import runpy
import socket
import traceback
from importlib import metadata
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection
from psycopg.conninfo import make_conninfo

from detector import checks
from emotionsite import environment
from emotionsite.settings import accounts, base, storage, work


def test_all_is_well_here() -> None:
    assert checks.face_detector_installed(None) == []
    assert checks.opencv_is_recent(None) == []


def test_missing_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    [error] = checks.face_detector_installed(None)
    assert error.id == "detector.E001"


def test_old_opencv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "4.13.0.90")
    [error] = checks.opencv_is_recent(None)
    assert error.id == "detector.E002"


def test_embedded_services_in_production(settings: Any) -> None:
    settings.REDIS_URL = ""
    [warning] = checks.services_of_production(None)
    assert warning.id == "detector.W001"


@pytest.mark.parametrize(
    ("proxies", "redirects", "count"), [(0, True, 1), (1, True, 0), (0, False, 0)]
)
def test_production_behind_nobody(settings: Any, proxies: int, redirects: bool, count: int) -> None:
    settings.TRUSTED_PROXIES, settings.SECURE_SSL_REDIRECT = proxies, redirects
    assert len(checks.proxy_of_production(None)) == count


@pytest.mark.parametrize("value", ["0", "-3", "many"])
def test_numbers_are_read_strictly(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("UPLOAD_MAX_BYTES", value)
    with pytest.raises(ImproperlyConfigured, match="UPLOAD_MAX_BYTES"):
        environment.positive_int("UPLOAD_MAX_BYTES", 1)


def test_lists_may_have_blanks_after_their_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "a.example, b.example ,")
    monkeypatch.setenv("WORKER_QUEUES", "analysis, webhooks")
    monkeypatch.setenv("WEBHOOK_ALLOWED_PORTS", "8443, 9443")
    assert runpy.run_path(str(base.__file__))["ALLOWED_HOSTS"] == ["a.example", "b.example"]
    found = runpy.run_path(str(work.__file__))
    assert found["WORKER_QUEUES"] == ["analysis", "webhooks", "explanations", "videos"]
    assert found["WEBHOOK_ALLOWED_PORTS"] == [8443, 9443]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKER_QUEUES", "analysis,webhook"),
        ("WORKER_QUEUES", ""),
        ("WEBHOOK_ALLOWED_PORTS", "https"),
        ("FINE_TUNE_QUICK", "ture"),
    ],
)
def test_words_that_would_silently_do_nothing_start_nothing(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=name):
        runpy.run_path(str(work.__file__))


def test_a_database_host_that_vanishes_is_noticed_within_half_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else queries under way, and connections that are kept, wait for a quarter of an hour."""
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@db/name?keepalives_idle=5&sslmode=require")
    monkeypatch.delenv("DATABASE_PREPARE", raising=False)
    options = runpy.run_path(str(storage.__file__))["DATABASES"]["default"]["OPTIONS"]
    # What the address says goes first.
    assert (int(options["keepalives_idle"]), options["sslmode"]) == (5, "require")
    silent = options["keepalives_interval"] * options["keepalives_count"]
    assert int(options["keepalives_idle"]) + silent <= 30
    assert options["tcp_user_timeout"] <= 30_000
    # Raises for a name that libpq does not know.
    make_conninfo(**options)


def test_statements_are_prepared_where_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@db/name")
    for wanted in ("", "off", "on"):
        monkeypatch.setenv("DATABASE_PREPARE", wanted)
        options = runpy.run_path(str(storage.__file__))["DATABASES"]["default"]["OPTIONS"]
        assert ("prepare_threshold" in options) == (wanted == "on")


def test_a_silent_mail_server_holds_nobody_for_long(settings: Any) -> None:
    """It would hold a thread of the web server for each mail, for ever."""
    assert 0 < settings.EMAIL_TIMEOUT <= 30
    settings.EMAIL_TIMEOUT = 0.2
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host, port = silent.getsockname()
        backend = "django.core.mail.backends.smtp.EmailBackend"
        with pytest.raises(SMTPServerDisconnected, match="timed out"):
            get_connection(backend, host=host, port=port).open()


@pytest.mark.parametrize(
    ("name", "value", "module"),
    [
        ("DATABASE_URL", "postgres://user:hidden/secret@db:5432/name", storage),
        ("EMAIL_URL", "smtp+tls://user:hidden#secret@mail.example:587", accounts),
    ],
)
def test_an_address_with_an_odd_password_is_refused_without_telling_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, module: Any
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=f"{name} must be like") as caught:
        runpy.run_path(str(module.__file__))
    assert "hidden" not in "".join(traceback.format_exception(caught.value))


def test_flags_are_read_strictly(monkeypatch: pytest.MonkeyPatch) -> None:
    read = {}
    for value in ("true", "Yes", "1", "on", "false", "No", "0", "off", ""):
        monkeypatch.setenv("STAFF_MFA", value)
        read[value] = environment.flag("STAFF_MFA")
    assert [value for value in read if read[value]] == ["true", "Yes", "1", "on"]
    monkeypatch.setenv("STAFF_MFA", "enabled")
    with pytest.raises(ImproperlyConfigured, match="STAFF_MFA"):
        environment.flag("STAFF_MFA")


def test_earlier_keys_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY_FALLBACKS", "one,two")
    file = str(base.__file__)
    assert runpy.run_path(file)["SECRET_KEY_FALLBACKS"] == ["one", "two"]
    # As compose gives it where nobody said any.
    monkeypatch.setenv("SECRET_KEY_FALLBACKS", "")
    assert runpy.run_path(file)["SECRET_KEY_FALLBACKS"] == []


@pytest.mark.parametrize("value", ["", "60", "0/min", "60/fortnight", "-1/s", "60 / min"])
def test_a_rate_that_no_call_could_use_starts_nothing(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("API_THROTTLE_ANON", value)
    with pytest.raises(ImproperlyConfigured, match="like 60/min"):
        environment.rate("API_THROTTLE_ANON", "60/min")


def test_usual_rates_are_read_and_no_number_of_proxies_is_negative(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for value in ("60/min", "1200/minute", "5/s", "7/day", "1000000/min"):
        monkeypatch.setenv("API_THROTTLE_ANON", value)
        assert environment.rate("API_THROTTLE_ANON", "60/min") == value
    assert environment.count("TRUSTED_PROXIES", 0) == 0
    monkeypatch.setenv("TRUSTED_PROXIES", "-1")
    with pytest.raises(ImproperlyConfigured, match="below zero"):
        environment.count("TRUSTED_PROXIES", 0)


def test_environment_has_two_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "staging")
    with pytest.raises(ImproperlyConfigured, match="ENVIRONMENT"):
        environment.environment_name()


def test_production_brings_its_own_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.setenv("ENVIRONMENT", "production")
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        environment.secret_key(tmp_path)


def test_a_secret_may_begin_with_a_dollar(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Take a key that begins with a dollar as it is: Django makes one in fifty so."""
    secret = "$ecret$ of fifty letters, or a few more than these"
    for name in ("SECRET_KEY", "METRICS_TOKEN", "S3_SECRET_KEY"):
        monkeypatch.setenv(name, secret)
    assert environment.secret_key(tmp_path) == secret
    assert environment.long_secret("METRICS_TOKEN") == secret
    assert environment.env.str("S3_SECRET_KEY", default="") == secret


def test_local_secret_is_made_once_and_private(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.setenv("ENVIRONMENT", "local")
    folder = tmp_path / "var"
    key = environment.secret_key(folder)
    assert len(key) >= 50
    assert environment.secret_key(folder) == key
    [file] = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
