"""Object stores for tests: one that works, and ones that do not."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

KEYS: Final = {"access_key": "test", "secret_key": "test-test-test"}


@contextmanager
def working() -> Iterator[str]:
    """Serve S3 from memory in a thread of this process. Yield the address."""
    # Imported here: it takes a second, and few tests need it.
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def answering(status: int | None) -> Iterator[str]:
    """Serve a store that answers everything with this status, or does not answer. Yield address."""
    stopped = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            if status is None:
                stopped.wait(20)
                return
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def __getattr__(self, name: str) -> Any:
            """Answer every method alike."""
            if name.startswith("do_"):
                return self.answer
            raise AttributeError(name)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


def storages(address: str, bucket: str, **options: Any) -> dict[str, Any]:
    """Return the setting STORAGES for a bucket."""
    return {
        "default": {
            "BACKEND": "detector.common.object_store.ObjectStore",
            "OPTIONS": {
                "bucket_name": bucket, "endpoint_url": address, "region_name": "us-east-1",
                "timeout": 0.3, **KEYS, **options,
            },
        },
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }  # fmt: skip
