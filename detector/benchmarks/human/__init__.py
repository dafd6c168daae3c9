"""The package `@vladmandic/human` in a page of its own, measured beside the live page.

The benchmark installs it in `var/peers/human` from the lock file of this folder, and nothing else
does. It ships its networks (BlazeFace, mini-XCEPTION). The WebAssembly that runs them comes from
TensorFlow.js.
"""

import functools
import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
FOLDER: Final = Path("var") / "peers" / "human"
PAGE: Final = ("page.html", "page.js")
LOCKED: Final = ("package.json", "package-lock.json", ".npmrc")
INSTALLED: Final = "installed.json"


def install() -> Path:
    """Return the folder with page and packages. Installs them where missing or outdated.

    Raises OSError or `subprocess.CalledProcessError` where npm is missing or fails.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in (*LOCKED, *PAGE):
        shutil.copyfile(HERE / name, FOLDER / name)
    lock, installed = FOLDER / "package-lock.json", FOLDER / INSTALLED
    if not installed.exists() or installed.read_bytes() != lock.read_bytes():
        install = ["npm", "ci", "--silent", "--ignore-scripts"]
        subprocess.run(install, cwd=FOLDER, check=True)
        shutil.copyfile(lock, installed)
    return FOLDER


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files as the platform serves the live page: isolated, so that threads may be used."""

    def end_headers(self) -> None:
        """Add the headers that isolate a page from other origins."""
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.send_header("Cache-Control", "max-age=3600")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback. Yields its address."""
    handler = functools.partial(_Handler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
