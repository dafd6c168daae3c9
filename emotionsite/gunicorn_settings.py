"""Settings of gunicorn, which serves behind nginx: `gunicorn --config python:…  emotionsite.wsgi`.

nginx reads whole requests and buffers answers, so a thread never waits for a client.
https://docs.gunicorn.org/en/stable/settings.html
"""

import os
import shutil
from pathlib import Path
from typing import Any

from prometheus_client import multiprocess

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# Calls to `detect/` have threads of their own, as in `emotionsite.web`: together with calls that
# wait for results, and with exports, they would hold all others.
threads = int(os.environ.get("WEB_THREADS", "8")) + int(os.environ.get("DETECT_CALLS", "4"))
umask = 0o077
# nginx keeps its connections for a minute, and must never find one closed.
keepalive = 75
timeout = 60
graceful_timeout = 20
# nginx has limits of its own, and tells of them in the API's envelope.
limit_request_line = 0
limit_request_field_size = 0
# In memory: a slow disk must not look like a stuck process.
worker_tmp_dir = "/dev/shm"  # noqa: S108
control_socket_disable = True

metrics_folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")


def on_starting(server: Any) -> None:
    """Empty the folder in which the processes share their counts of requests."""
    if metrics_folder:
        shutil.rmtree(metrics_folder, ignore_errors=True)
        Path(metrics_folder).mkdir(mode=0o700, parents=True)


def child_exit(server: Any, worker: Any) -> None:
    """Forget the gauges of a process that ended; its counts stay."""
    if metrics_folder:
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
