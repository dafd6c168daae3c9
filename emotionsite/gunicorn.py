"""gunicorn's configuration: https://docs.gunicorn.org/en/stable/settings.html."""

import os
import sys
from typing import Any

address = (os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000")))
bind = f"{address[0]}:{address[1]}"
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "8"))
# For a process that hangs as a whole; it does not bound a single request of a thread.
timeout = 60
graceful_timeout = 15
max_requests = 5000
max_requests_jitter = 500
proc_name = "emotionsite-web"
control_socket_disable = True


def when_ready(server: Any) -> None:
    """Tell the person who started it where to look."""
    host, port = address
    shown = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104
    sys.stdout.write(f"EmotionSite runs at http://{shown}:{port}\n")
    sys.stdout.flush()
