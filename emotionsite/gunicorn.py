"""gunicorn's configuration: https://docs.gunicorn.org/en/stable/settings.html."""

import os
import sys
from typing import Any

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "8"))
# Longer than the 30 seconds that an API call may wait for its result.
timeout = 60
graceful_timeout = 15
max_requests = 5000
max_requests_jitter = 500
proc_name = "emotionsite-web"
control_socket_disable = True


def when_ready(server: Any) -> None:
    """Tell the person who started it where to look."""
    host, _, port = bind.rpartition(":")
    shown = "127.0.0.1" if host in ("0.0.0.0", "[::]") else host  # noqa: S104
    sys.stdout.write(f"EmotionSite runs at http://{shown}:{port}\n")
    sys.stdout.flush()
