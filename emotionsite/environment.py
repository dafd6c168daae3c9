"""Reads settings from the environment strictly: an invalid value raises ImproperlyConfigured."""

import base64
import re
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured


class Environment(environ.Env):
    """Takes each value as it is.

    django-environ would read `$NAME` as the value of another variable. A secret that begins so
    would count as not set, or be told in an error.
    """

    def get_value(
        self,
        var: Any,
        cast: Any = None,
        default: Any = environ.Env.NOTSET,
        *more: Any,
        **others: Any,
    ) -> Any:
        """Return the value of a variable, or the default."""
        value = self.ENVIRON.get(var, "")
        if value.startswith("$"):
            return self.parse_value(value, cast)
        return super().get_value(var, cast, default, *more, **others)


env = Environment()

ValueT = TypeVar("ValueT", int, float, list[int])

LOCAL, PRODUCTION = "local", "production"
YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0", "")
MIN_SECRET = 20
RATE = re.compile(r"[1-9]\d{0,8}/(s|sec|second|m|min|minute|h|hour|d|day)")
STORAGE_KEY_BYTES = 32


def environment_name() -> str:
    """Return `local` (the default) or `production`, from `ENVIRONMENT`."""
    name = str(env.str("ENVIRONMENT", default=LOCAL))
    if name not in (LOCAL, PRODUCTION):
        raise ImproperlyConfigured(f"ENVIRONMENT must be {LOCAL} or {PRODUCTION}, not {name!r}")
    return name


def _number(kind: str, read: Callable[[], ValueT], name: str) -> ValueT:
    """Read a number of a kind, such as "whole number"."""
    try:
        return read()
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a {kind}") from error


def positive_int(name: str, default: int) -> int:
    """Read a whole number above zero."""
    value = _number("whole number", lambda: int(env.int(name, default=default)), name)
    if value <= 0:
        raise ImproperlyConfigured(f"{name} must be above zero, not {value}")
    return value


def count(name: str, default: int) -> int:
    """Read a whole number, which may be zero."""
    value = _number("whole number", lambda: int(env.int(name, default=default)), name)
    if value < 0:
        raise ImproperlyConfigured(f"{name} must not be below zero, not {value}")
    return value


def flag(name: str) -> bool:
    """Read whether something is wanted; not, where it is not set."""
    value = str(env.str(name, default="")).strip().lower()
    if value not in (*YES, *NO):
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}")
    return value in YES


def words(name: str, default: Sequence[str] = ()) -> list[str]:
    """Read words that are separated by commas, and perhaps blanks."""
    if name not in env.ENVIRON:
        return [*default]
    return [word.strip() for word in str(env.str(name)).split(",") if word.strip()]


def some_of(name: str, known: Sequence[str], default: Sequence[str]) -> list[str]:
    """Read at least one of these words."""
    found = words(name, default)
    if not found or not {*found} <= {*known}:
        raise ImproperlyConfigured(f"{name} must be some of {', '.join(known)}, not {found}")
    return found


def ports(name: str) -> list[int]:
    """Read numbers of ports, separated by commas."""
    return _number("list of ports", lambda: [int(word) for word in words(name)], name)


def rate(name: str, default: str) -> str:
    """Read a rate limit as the REST framework does. It would fail at each call only."""
    value = str(env.str(name, default=default))
    if not RATE.fullmatch(value):
        raise ImproperlyConfigured(f"{name} must be like 60/min (s, min, h or day), not {value!r}")
    return value


def share(name: str, default: float) -> float:
    """Read a number from 0 to 1."""
    value = _number("number", lambda: float(env.float(name, default=default)), name)
    if not 0 <= value <= 1:
        raise ImproperlyConfigured(f"{name} must lie between 0 and 1, not {value}")
    return value


def one_of(name: str, known: tuple[str, ...]) -> str:
    """Read one of these words; the first is the default."""
    value = str(env.str(name, default=known[0]))
    if value not in known:
        raise ImproperlyConfigured(f"{name} must be {' or '.join(known)}, not {value!r}")
    return value


def long_secret(name: str) -> str:
    """Read a secret that cannot be guessed; empty where it is not set."""
    value = str(env.str(name, default=""))
    if value and len(value) < MIN_SECRET:
        raise ImproperlyConfigured(f"{name} must have at least {MIN_SECRET} characters")
    return value


def site_url(name: str) -> str:
    """Read the URL of a site, without a slash at its end; empty where it is not set."""
    value = str(env.str(name, default="")).rstrip("/")
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.netloc or parts.path):
        raise ImproperlyConfigured(f"{name} must be like https://example.com, not {value!r}")
    return value


def address(name: str, like: str, read: Callable[..., Any], **options: Any) -> dict[str, Any]:
    """Read the address of a service by `read`, such as `env.db`."""
    try:
        return dict(read(name, **options))
    except ValueError:
        # Not from the error, which would tell a part of the password in the log.
        raise ImproperlyConfigured(
            f"{name} must be like {like}; other characters of a password are written as %2F"
        ) from None


def storage_keys(name: str) -> list[bytes]:
    """Read keys of 32 bytes in base64, separated by commas; none where it is not set."""
    keys = []
    for text in words(name):
        try:
            key = base64.b64decode(text, validate=True)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} must be keys in base64") from error
        if len(key) != STORAGE_KEY_BYTES:
            raise ImproperlyConfigured(f"a key of {name} must have {STORAGE_KEY_BYTES} bytes")
        keys.append(key)
    return keys


def url_path(name: str) -> str:
    """Read the path of a URL, with a slash at both ends; empty where it is not set."""
    value = str(env.str(name, default=""))
    if value and not (value.startswith("/") and value.endswith("/")):
        raise ImproperlyConfigured(f"{name} must be like /stored/, not {value!r}")
    return value


def secret_key(folder: Path) -> str:
    """Return `SECRET_KEY`; locally a generated key, kept in `folder` with mode 0600."""
    if "SECRET_KEY" in env.ENVIRON:
        return str(env.str("SECRET_KEY"))
    if environment_name() == PRODUCTION:
        raise ImproperlyConfigured("SECRET_KEY must be set in production")
    file = folder / "secret_key"
    folder.mkdir(parents=True, exist_ok=True)
    # Written to another file and linked into place: of two processes that start at once, one key
    # wins, and neither reads a half-written file.
    if not file.exists():
        part = folder / f".secret_key.{secrets.token_hex(8)}"
        part.touch(mode=0o600)
        part.write_text(secrets.token_urlsafe(50))
        try:
            file.hardlink_to(part)
        except FileExistsError:
            pass
        finally:
            part.unlink()
    return file.read_text()
