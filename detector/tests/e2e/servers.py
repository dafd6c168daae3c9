"""Servers that a run owns and may therefore stop: Redis, PostgreSQL and an object store."""

import contextlib
import logging
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from detector.tests import stores
from detector.tests.e2e.platform import free_port, running
from detector.tests.services_needed import need_program

BUCKET = "chaos"
S3_TIMEOUT = 3


class Redis:
    """A Redis server that a test may stop and start."""

    def __init__(self, folder: Path, *, keep: bool = False) -> None:
        self.program, self.folder, self.port = need_program("redis-server"), folder, free_port()
        self.keep = ["--appendonly", "yes", "--appendfsync", "always"] if keep else []
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--dir", str(self.folder), *self.keep],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def stop(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def forget(self) -> None:
        """Remove what a stopped server would read at its next start."""
        shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)


class Postgres:
    """A PostgreSQL cluster of one run. Its programs refuse to be run by root."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder / "postgres", free_port()
        self.programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
        self.user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        self.log = (folder / "postgres.txt").open("ab")
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run one of its programs as its user."""
        command = [*self.user, str(self.programs / program), *arguments]
        return subprocess.run(
            command, cwd="/", check=False, stdout=subprocess.DEVNULL, stderr=self.log
        )

    def start(self) -> None:
        if not self.folder.exists():
            self.folder.mkdir(mode=0o700)
            if self.user:
                shutil.chown(self.folder, "postgres")
            self.run("initdb", "-D", str(self.folder), "-U", "postgres", "--auth=trust")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        log = str(self.folder / "log")
        done = self.run("pg_ctl", "-D", str(self.folder), "-l", log, "-w", "-o", options, "start")
        assert done.returncode == 0, "PostgreSQL does not start"

    def stop(self) -> None:
        """Stop it as a crash does: the next start recovers from its log."""
        self.run("pg_ctl", "-D", str(self.folder), "-m", "immediate", "-w", "stop")

    def is_damaged(self) -> bool:
        """Return whether `pg_amcheck` finds a table or an index damaged."""
        done = self.run("pg_amcheck", "--install-missing", "--heapallindexed", self.url)
        return done.returncode != 0


class Proxy:
    """Stands before a server and does what a fault wants: `fault` names it, empty is none."""

    def __init__(self, address: str) -> None:
        self.host, port = address.rpartition("/")[2].split(":")
        self.target = (self.host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.open: set[socket.socket] = set()
        self.fault = ""

    def start(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()

    def stop(self) -> None:
        # Closing alone does not wake a thread that accepts.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.begin("")

    def begin(self, fault: str) -> None:
        """Change the fault; connections that are open now break."""
        self.fault = fault
        for each in list(self.open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            self.open.add(client)
            try:
                if self.fault == "silent":
                    while client.recv(2**16):
                        pass
                elif self.fault == "500":
                    client.recv(2**16)
                    client.sendall(
                        b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    )
                else:
                    self._pass_on(client)
            finally:
                self.open.discard(client)

    def _pass_on(self, client: socket.socket) -> None:
        with socket.create_connection(self.target) as server:
            self.open.add(server)
            back = threading.Thread(target=self._copy, args=(server, client), daemon=True)
            back.start()
            self._copy(client, server)
            back.join()
            self.open.discard(server)

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(2**16):
                if self.fault == "slow":
                    time.sleep(0.5)
                target.sendall(content)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@dataclass
class Servers:
    """The servers of one run."""

    redis: Redis
    postgres: Postgres
    store: Proxy

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that let a platform use them."""
        return {
            "REDIS_URL": f"redis://127.0.0.1:{self.redis.port}/0",
            "DATABASE_URL": self.postgres.url,
            "S3_BUCKET": BUCKET,
            "S3_ENDPOINT_URL": self.store.url,
            "S3_ACCESS_KEY": stores.KEYS["access_key"],
            "S3_SECRET_KEY": stores.KEYS["secret_key"],
            "S3_TIMEOUT": str(S3_TIMEOUT),
        }


@contextlib.contextmanager
def own_servers(folder: Path) -> Iterator[Servers]:
    """Start all of them in a folder that others may enter, since PostgreSQL has its own user."""
    folder.chmod(0o711)
    redis_folder = folder / "redis"
    redis_folder.mkdir(exist_ok=True)
    # The store would write a line for each call.
    logging.getLogger("werkzeug").setLevel("ERROR")
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(stores.working())
        yield Servers(
            stack.enter_context(running(Redis(redis_folder, keep=True))),
            stack.enter_context(running(Postgres(folder))),
            stack.enter_context(running(Proxy(address))),
        )
