"""Runs the production shape in the foreground: `python -m emotionsite.stack`, or `make stack`.

nginx, gunicorn, workers, the background worker, Redis and an object store run under one supervisor,
with the commands and the environment that compose gives to its containers. PostgreSQL is Debian's.
Everything lies in `STACK_DIR`. Ctrl-C ends all: first what works, then what it works with.
"""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from emotionsite import new_environment
from emotionsite.processes.programs import Program, port_is_free
from emotionsite.stack import ROOT, environment, nginx
from emotionsite.stack.environment import MissingVariableError, Places
from emotionsite.supervisor import Child, Supervisor, say

DATABASE: Final = "emotionsite_stack"
WORKING: Final = ("web", "worker", "background")
"""Services of compose that are ours."""
STORE: Final = (
    "import logging, sys; logging.getLogger('werkzeug').setLevel('ERROR');"
    "from moto.server import main; main(sys.argv[1:])"
)
"""moto's server, which keeps objects in memory, without a line for each call."""
ENVIRONMENT_FILE: Final = "environment"
"""What the working programs see, for commands: `set -a; . var/stack/environment`."""


class Stack(Supervisor):
    """Starts the services, prepares database and bucket, then starts what works with them."""

    def __init__(self, places: Places, known: Mapping[str, str]) -> None:
        self.places, self.known = places, known
        super().__init__(self._services())
        self.working: list[Child] = []

    def _look(self) -> None:
        super()._look()
        if not self.working and not self.asked_to_stop and self._services_answer():
            self._prepare()
            self.working = [Child(program) for program in self._programs()]
            self.children += self.working
            say(f"EmotionSite runs at http://127.0.0.1:{self.places.port}")

    def _stop(self) -> None:
        self._end(self.working)
        super()._stop()

    def _services(self) -> list[Program]:
        """Return what the platform works with; a service with an address elsewhere is not ours."""
        places, folder = self.places, self.places.folder
        found = []
        if self.known.get("S3_BUCKET", "default"):
            store = ["-H", "127.0.0.1", "-p", str(places.store_port)]
            found.append(Program("store", [sys.executable, "-c", STORE, *store]))
        if _is_ours(places):
            redis = ["--port", str(places.redis_port), "--bind", "127.0.0.1", "--dir", str(folder)]
            command = environment.command_of("broker", self.known)
            found.append(Program("redis", [*command, *redis]))
        return found

    def _services_answer(self) -> bool:
        """Return whether all services listen: their ports are taken."""
        ports = {"store": self.places.store_port, "redis": self.places.redis_port}
        return not any(
            port_is_free("127.0.0.1", ports[child.program.name]) for child in self.children
        )

    def _prepare(self) -> None:
        """Run compose's service `migrate`. Raises SystemExit where it fails."""
        of_web = self._environment("migrate")
        names = {**of_web, **self.places.as_environment()}
        file = self.places.folder / ENVIRONMENT_FILE
        file.touch(mode=0o600)
        lines = (f"{name}={shlex.quote(value)}\n" for name, value in names.items())
        file.write_text("".join(lines))
        command = environment.command_of("migrate", self.known)
        path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
        inherited = {**environment.inherited(), "PATH": path}
        done = subprocess.run(command, env={**inherited, **names}, check=False)  # noqa: S603
        if done.returncode:
            raise SystemExit(done.returncode)

    def _programs(self) -> list[Program]:
        """Return nginx, and our services with the commands of compose."""
        found = [self._nginx()]
        for name in WORKING:
            given = self._environment(name)
            if "ALIVE_FILE" in given:
                given["ALIVE_FILE"] = str(self.places.folder / f"{name}.alive")
            command = environment.command_of(name, self.known)
            found.append(Program(name, command, environment=given))
        return found

    def _nginx(self) -> Program:
        places = self.places
        values = {
            **environment.of_service("nginx", self.known),
            "NGINX_RUN": str(places.folder / "nginx"),
            "LISTEN": f"127.0.0.1:{places.port}",
            "WEB_ADDRESS": f"127.0.0.1:{places.web_port}",
            "MEDIA_ROOT": str(places.folder / "data" / "media"),
            # Nobody ends TLS before it. Browsers trust 127.0.0.1 with secure cookies all the same.
            "PROXY_NETWORK": "unix:",
            "FORWARDED_PROTO": "https",
        }
        return Program("nginx", nginx.command(nginx.write(places.folder / "nginx", values)))

    def _environment(self, name: str) -> dict[str, str]:
        """Return the environment of a service of compose, with the places of this host."""
        given = environment.from_env_file(name, self.places.folder, self.known)
        given |= environment.of_service(name, self.known)
        here = self.places.as_environment()
        return {key: here.get(key, value) for key, value in given.items()} | {
            key: here[key] for key in ("PORT",)
        }


def _is_ours(places: Places) -> bool:
    return str(places.redis_port) in places.redis_url


def read_places() -> Places:
    """Return folders, ports and addresses from the environment. Starts PostgreSQL where needed."""
    port = int(os.environ.get("PORT", "8000"))

    def port_of(name: str, offset: int) -> int:
        return int(os.environ.get(f"STACK_{name}_PORT", port + offset))

    folder = Path(os.environ.get("STACK_DIR", ROOT / "var" / "stack")).resolve()
    redis_port = port_of("REDIS", 3)
    return Places(
        folder=folder,
        port=port,
        web_port=port_of("WEB", 1),
        store_port=port_of("STORE", 2),
        redis_port=redis_port,
        database_url=os.environ.get("DATABASE_URL") or own_database(),
        redis_url=os.environ.get("REDIS_URL") or f"redis://127.0.0.1:{redis_port}/0",
    )


def own_database() -> str:
    """Start Debian's PostgreSQL, and create a database in it. Return its address."""
    command = [str(ROOT / ".ci" / "services"), "start"]
    started = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    told = dict(line.split("=", 1) for line in started.stdout.split())
    with psycopg.connect(told["DATABASE_URL"], autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if found.fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    return urlunsplit(urlsplit(told["DATABASE_URL"])._replace(path=f"/{DATABASE}"))


def known_variables(places: Places) -> dict[str, str]:
    """Return what compose would know: secrets of `.env` in the folder, and the environment."""
    file = places.folder / ".env"
    new_environment.write(file)
    shell = {name: value for name, value in os.environ.items() if name not in ("PORT",)}
    return {**places.as_defaults(), **environment.from_file(file), **shell}


def trouble(places: Places) -> str | None:
    """Return why the stack cannot start; None where it can."""
    if not any((Path(folder) / "nginx").exists() for folder in os.get_exec_path()):
        return "nginx is missing: make services, or on Debian: apt-get install nginx-light"
    ports = [places.port, places.web_port, places.store_port]
    ports += [places.redis_port] if _is_ours(places) else []
    taken = [port for port in ports if not port_is_free("127.0.0.1", port)]
    return f"port {taken[0]} is in use; choose another: make stack PORT=8010" if taken else None


def main(arguments: Sequence[str]) -> int:
    """Run the stack until a signal comes. Returns the exit status."""
    os.umask(0o077)
    # Debian has nginx where only root looks.
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/sbin"
    places = read_places()
    for part in (places.folder, places.folder / "data", places.folder / "scratch"):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        why = trouble(places)
        if why:
            say(why)
            return 1
        return Stack(places, known_variables(places)).run()
    except MissingVariableError as error:
        say(str(error))
        return 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.exit(main(sys.argv[1:]))
