"""The commands and environments of compose's services, for processes of this host.

They are read from docker-compose.yml, so both installations are the same. What differs is where the
services listen and where files lie.
"""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from emotionsite.stack import ROOT

COMPOSE: Final = ROOT / "docker-compose.yml"
VARIABLE: Final = re.compile(
    r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?:(?P<how>:?[?-])(?P<text>[^}]*))?\})"
)
"""`$$`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?message}`."""

QUOTED: Final = re.compile(r"""(?P<mark>['"])(?P<text>.*?)(?P=mark)(?:\s+#.*)?""")


class MissingVariableError(Exception):
    """A variable that compose needs is not set; the text says what to do."""


@dataclass(frozen=True)
class Places:
    """Where everything of the stack is: folders and ports of 127.0.0.1."""

    folder: Path
    port: int
    web_port: int
    store_port: int
    redis_port: int
    database_url: str
    redis_url: str

    def as_environment(self) -> dict[str, str]:
        """Return the variables that differ from those in a container."""
        return {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "S3_ENDPOINT_URL": f"http://127.0.0.1:{self.store_port}",
            "VAR_DIR": str(self.folder / "data"),
            "TMPDIR": str(self.folder / "scratch"),
            "PROMETHEUS_MULTIPROC_DIR": str(self.folder / "metrics"),
            "HOST": "127.0.0.1",
            "PORT": str(self.web_port),
        }

    def as_defaults(self) -> dict[str, str]:
        """Return what an operator says in `.env`, where nobody did: all stays on this host."""
        url = f"http://127.0.0.1:{self.port}"
        return {
            "SITE_URL": url,
            "CSRF_TRUSTED_ORIGINS": url,
            "EMAIL_URL": f"filemail://{self.folder / 'mail'}",
        }


def interpolated(text: str, known: Mapping[str, str]) -> str:
    """Return a value of the compose file with its variables filled in, as compose does.

    Raises MissingVariableError.
    """

    def value(found: re.Match[str]) -> str:
        if found["escaped"]:
            return "$"
        name, how, default = found["name"], found["how"] or "", found["text"] or ""
        is_set = bool(known.get(name)) if how.startswith(":") else name in known
        if how.endswith("?") and not is_set:
            raise MissingVariableError(f"{name}: {default}")
        return known.get(name, "") if is_set or not how else default

    return VARIABLE.sub(value, text)


def services() -> dict[str, Any]:
    """Return the services of the compose file."""
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


def of_service(name: str, known: Mapping[str, str]) -> dict[str, str]:
    """Return the environment that compose gives to a service."""
    given = services()[name]["environment"]
    return {key: interpolated(str(value), known) for key, value in given.items()}


def from_env_file(name: str, folder: Path, known: Mapping[str, str]) -> dict[str, str]:
    """Return what else `.env` of a folder says to a service; the shell, in `known`, goes first."""
    file = folder / ".env"
    if "env_file" not in services()[name] or not file.exists():
        return {}
    return {key: known.get(key, value) for key, value in from_file(file).items()}


def command_of(name: str, known: Mapping[str, str]) -> list[str]:
    """Return the command of a service, with the programs beside this Python."""
    words = [interpolated(word, known) for word in services()[name]["command"]]
    beside = Path(sys.executable).parent
    words[0] = {"python": sys.executable}.get(words[0], words[0])
    return [str(beside / words[0]) if (beside / words[0]).exists() else words[0], *words[1:]]


def from_file(file: Path) -> dict[str, str]:
    """Return the variables of a file of `NAME=value` lines, as compose reads them."""
    lines = [line.strip().partition("=") for line in file.read_text().splitlines()]
    return {
        name.removeprefix("export ").strip(): _unquoted(value.strip())
        for name, _, value in lines
        if name and not name.startswith("#")
    }


def _unquoted(value: str) -> str:
    """Return a value without the quotes around it, or else without a comment after it."""
    quoted = QUOTED.fullmatch(value)
    return quoted["text"] if quoted else re.split(r"\s+#", value, maxsplit=1)[0]


def inherited() -> dict[str, str]:
    """Return the present environment, without what chooses another installation."""
    chosen = {*of_anything(), "DJANGO_SETTINGS_MODULE"}
    return {name: value for name, value in os.environ.items() if name not in chosen}


def of_anything() -> set[str]:
    """Return the names of all variables that compose sets."""
    return {name for each in services().values() for name in each.get("environment", ())}
