"""nginx with the platform's configuration, before any server."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from detector.tests.services_needed import need_program
from emotionsite.stack import environment, nginx

KNOWN = {"FORWARDED_PROTO": "http", "PROXY_NETWORK": "unix:"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def written(folder: Path, **places: str) -> Path:
    """Write the configuration with the values of compose, except for places."""
    values = environment.of_service("nginx", KNOWN)
    return nginx.write(folder, {**values, **places, "NGINX_RUN": str(folder)})


def command(file: Path) -> list[str]:
    return [need_program("nginx"), *nginx.command(file)[1:]]


@contextmanager
def running(folder: Path, web: str, **places: Any) -> Iterator[int]:
    """Run nginx before the server at the address `web`. Yield its port."""
    port = free_port()
    listen = f"127.0.0.1:{port}"
    started = command(
        written(folder, LISTEN=listen, WEB_ADDRESS=web, **{"MEDIA_ROOT": str(folder), **places})
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(started, stderr=log)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        else:
            raise AssertionError((folder / "log").read_text())
        yield port
    finally:
        process.terminate()
        process.wait(10)
