"""Analyses, learning, reviews and webhooks, and Celery, which does the work."""

import os
import sys
from pathlib import Path

from emotionsite import private_files
from emotionsite.environment import env, flag, one_of, ports, positive_int, share, some_of, words
from emotionsite.settings.base import VAR_DIR
from emotionsite.settings.storage import REDIS_URL

# --- Analysis: times in seconds
MODEL_VERSION = env.str("MODEL_VERSION", default="") or None
ANALYSIS_LEASE = positive_int("ANALYSIS_LEASE", 30)
ANALYSIS_MAX_ATTEMPTS = positive_int("ANALYSIS_MAX_ATTEMPTS", 4)
ANALYSIS_RESEND_AFTER = positive_int("ANALYSIS_RESEND_AFTER", 20)
SWEEP_INTERVAL = positive_int("SWEEP_INTERVAL", 5)
# Concurrent re-analyses of old photos. A new upload waits for at most as many.
REANALYSIS_AT_ONCE = positive_int("REANALYSIS_AT_ONCE", 2)

# --- Videos: frames analysed per second, seconds of video that a worker analyses at a time, the
# long side to which frames are shrunk, and how many workers may share one video
VIDEO_SAMPLING_RATE = positive_int("VIDEO_SAMPLING_RATE", 5)
VIDEO_SEGMENT_SECONDS = positive_int("VIDEO_SEGMENT_SECONDS", 5)
VIDEO_SIDE = positive_int("VIDEO_SIDE", 1280)
VIDEO_WORKERS = positive_int("VIDEO_WORKERS", 8)
# Processor seconds and bytes of memory of a process that decodes: replaced after half its time.
VIDEO_CPU_SECONDS = positive_int("VIDEO_CPU_SECONDS", 60)
VIDEO_MEMORY_BYTES = positive_int("VIDEO_MEMORY_BYTES", 3 * 2**30)

# --- Learning
# Model versions that did not ship, in folders like those of ml/weights/.
MODELS_FOLDER = Path(env.str("MODELS_FOLDER", default=str(VAR_DIR / "models"))).resolve()
# Largest loss of accuracy on the fixed test set with which a version can be promoted.
PROMOTION_LARGEST_LOSS = share("PROMOTION_LARGEST_LOSS", 0.01)
# The training data of the shipped versions, which fine-tuning mixes in. It does not ship.
TRAINING_DATA = env.str("TRAINING_DATA", default="")
# All faces of one owner, or of one photo, belong to the same split of the reviewed data. A change
# would mix the splits of data sets made before.
REVIEWED_SPLIT_BY = one_of("REVIEWED_SPLIT_BY", ("owner", "photo"))
# Time limit in seconds, a short run for tests, and the seconds without a heartbeat after which its
# worker counts as lost.
FINE_TUNE_SECONDS = positive_int("FINE_TUNE_SECONDS", 6 * 3600)
FINE_TUNE_QUICK = flag("FINE_TUNE_QUICK")
FINE_TUNE_SILENCE = positive_int("FINE_TUNE_SILENCE", 120)

# --- Reviews: share of faces that two reviewers judge, and seconds of a claim
REVIEW_DOUBLE_SHARE = share("REVIEW_DOUBLE_SHARE", 0.2)
REVIEW_LEASE = positive_int("REVIEW_LEASE", 300)

# --- Webhooks: sent to public addresses and the hosts (`host` or `host:port`) named here, on ports
# 80, 443 and those named here
WEBHOOK_ALLOWED_HOSTS = words("WEBHOOK_ALLOWED_HOSTS")
WEBHOOK_ALLOWED_PORTS = ports("WEBHOOK_ALLOWED_PORTS")
WEBHOOKS_A_PERSON = 10
# Concurrent deliveries. Each costs a waiting thread and no process. Receivers that are not known to
# be quick share half of them.
WEBHOOK_CONCURRENCY = positive_int("WEBHOOK_CONCURRENCY", 64)
WEBHOOK_DISABLE_DAYS = positive_int("WEBHOOK_DISABLE_DAYS", 3)
WEBHOOK_DELIVERY_DAYS = positive_int("WEBHOOK_DELIVERY_DAYS", 30)

# --- Celery: https://docs.celeryq.dev/en/stable/userguide/configuration.html
BROKER_FOLDER = VAR_DIR / "broker"
if not REDIS_URL:
    private_files.make_folder(BROKER_FOLDER)
    private_files.make_folder(BROKER_FOLDER / "queue")
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
CELERY_BROKER_TRANSPORT = None if REDIS_URL else "emotionsite.broker:Transport"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    # A request must not wait during an outage of the broker: the sweep sends again.
    {"socket_connect_timeout": 2, "socket_timeout": 5, "max_retries": 0}
    if REDIS_URL
    else {
        "data_folder_in": str(BROKER_FOLDER / "queue"),
        "data_folder_out": str(BROKER_FOLDER / "queue"),
        "control_folder": str(BROKER_FOLDER / "control"),
        "polling_interval": 0.1,
    }
)
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# Celery would close the database connection before and after each task, however long it may live.
# `emotionsite.celery` closes those that are too old or broken, as Django does around requests.
CELERY_DB_REUSE_MAX = sys.maxsize
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
# One queue each, so that none waits behind another. A worker takes from them in turn, unless it is
# started with `--queues`. Options of a `kombu.Queue` each: the supervisor need not import that.
ANALYSIS_QUEUE, EXPLANATION_QUEUE, WEBHOOK_QUEUE = "analysis", "explanations", "webhooks"
VIDEO_QUEUE = "videos"
CELERY_TASK_QUEUES = {
    name: {"exchange": name, "exchange_type": "direct", "routing_key": name}
    for name in (ANALYSIS_QUEUE, EXPLANATION_QUEUE, VIDEO_QUEUE, WEBHOOK_QUEUE)
}
CELERY_TASK_DEFAULT_QUEUE = ANALYSIS_QUEUE
# Tasks that take hours or can wait. Only a worker started with `--queues background` takes them, so
# that photos never wait behind them.
BACKGROUND_QUEUE = "background"
CELERY_TASK_ROUTES = {
    "detector.deliver": {"queue": WEBHOOK_QUEUE},
    "detector.explain": {"queue": EXPLANATION_QUEUE},
    "detector.fine_tune": {"queue": BACKGROUND_QUEUE},
    "detector.shadow": {"queue": BACKGROUND_QUEUE},
    "detector.video": {"queue": VIDEO_QUEUE},
}
CELERY_TASK_SOFT_TIME_LIMIT = 60
CELERY_TASK_TIME_LIMIT = 90
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# One process per worker, even with `--pool prefork`: nothing forks. The supervisor starts as many
# workers as `WORKER_CONCURRENCY` says.
CELERY_WORKER_POOL = "emotionsite.processes.pool:SlotPool"
CELERY_WORKER_CONCURRENCY = positive_int("WORKER_CONCURRENCY", os.cpu_count() or 1)
WORKER_QUEUES = some_of(
    "WORKER_QUEUES", [*CELERY_TASK_QUEUES, BACKGROUND_QUEUE], [ANALYSIS_QUEUE, WEBHOOK_QUEUE]
)
if ANALYSIS_QUEUE in WORKER_QUEUES:
    # Who analyses photos draws heat maps and analyses videos, too.
    WORKER_QUEUES = [*dict.fromkeys([*WORKER_QUEUES, EXPLANATION_QUEUE, VIDEO_QUEUE])]
# Seconds for which work may wait beside idle workers before these are restarted.
WORKER_STALL = positive_int("WORKER_STALL", 30)
CELERY_WORKER_ENABLE_REMOTE_CONTROL = bool(REDIS_URL)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
