"""Headers of static files.

A worker has the Content Security Policy of its own script's response, not that of its page; and a
page that is isolated from other origins runs only workers that say the same of themselves.
"""

from collections.abc import MutableMapping
from typing import Final

OF_WORKERS: Final = ("/static/js/live/", "/static/vendor/ort")
"""Where the addresses of scripts begin that run in the worker of the live page."""
POLICY: Final = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'"


def add_headers(headers: MutableMapping[str, str], path: str, url: str) -> None:
    """Add what scripts of workers need; WhiteNoise calls this for each file."""
    if url.startswith(OF_WORKERS):
        headers["Cross-Origin-Embedder-Policy"] = "require-corp"
        headers["Content-Security-Policy"] = POLICY
