"""Database, cache, files and uploads."""

from pathlib import Path
from typing import Any

from whitenoise.compress import Compressor

from emotionsite import private_files, static_headers
from emotionsite.environment import (
    address,
    env,
    flag,
    one_of,
    positive_int,
    storage_keys,
    url_path,
)
from emotionsite.settings.base import BASE_DIR, BUILD_DIR, VAR_DIR

# --- Database: https://docs.djangoproject.com/en/5.2/ref/databases/#sqlite-notes
DATABASES: dict[str, dict[str, Any]] = {
    "default": address(
        "DATABASE_URL",
        "postgres://user:password@host:5432/name",
        env.db,
        default=f"sqlite:///{VAR_DIR / 'emotionsite.sqlite3'}",
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # Writers wait for the lock at BEGIN, instead of failing when a read becomes a write.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # What is erased is overwritten. Not every build of SQLite does so by default.
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;"
        ),
    }
    private_files.make_database(Path(DATABASES["default"]["NAME"]))
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A host that does not respond must not hold a request for minutes, whether it is silent at the
    # start or vanishes later: then the system would try for a quarter of an hour (seconds; the last
    # in milliseconds). https://www.postgresql.org/docs/current/libpq-connect.html
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
        **DATABASES["default"].get("OPTIONS", {}),
    }
    # A worker runs the same dozen statements for each photo: PostgreSQL keeps them parsed and
    # planned from the third time on, until the connection ends or a transaction is rolled back. The
    # flag wins over the address, whose options are words: Django would take "True" for false.
    if flag("DATABASE_PREPARE"):
        DATABASES["default"]["OPTIONS"] |= {"server_side_binding": True, "prepare_threshold": 2}
# Seconds. A new connection costs PostgreSQL 4 ms of processor time, SQLite 2 ms and 2 more at its
# end: whoever closes the last one empties the log. Connections that stay leave that to
# `detector.common.erased_pages`, and to SQLite itself whenever the log has a thousand pages.
DATABASES["default"]["CONN_MAX_AGE"] = 60
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Cache of rate limits, shared by all processes. During an outage it forgets the counts, so that
# people can still log in and upload.
DJANGO_REDIS_IGNORE_EXCEPTIONS = DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True
REDIS_URL = env.str("REDIS_URL", default="")
CACHES = {
    "default": (
        {
            "BACKEND": "emotionsite.cache.RedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 1},
        }
        if REDIS_URL
        else {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": VAR_DIR / "cache",
            # Above this number it drops random entries, and with them counts of limits.
            "OPTIONS": {"MAX_ENTRIES": 10_000},
        }
    )
}

# --- Files: media have no public URL; only views that check the owner read them
MEDIA_ROOT = VAR_DIR / "media"
STATIC_URL = "/static/"
STATIC_ROOT = BUILD_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static", ("vendor", BUILD_DIR / "vendor")]
# A bucket in an object store, instead of MEDIA_ROOT. Without keys, boto3 looks for them where
# Amazon's own programs do: https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html
S3_BUCKET = env.str("S3_BUCKET", default="")
STORAGES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "detector.common.object_store.ObjectStore",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": env.str("S3_ENDPOINT_URL", default="") or None,
            "region_name": env.str("S3_REGION", default="us-east-1"),
            "access_key": env.str("S3_ACCESS_KEY", default="") or None,
            "secret_key": env.str("S3_SECRET_KEY", default="") or None,
            "location": env.str("S3_PREFIX", default=""),
            "timeout": positive_int("S3_TIMEOUT", 10),
        },
    }
    if S3_BUCKET
    else {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {"BACKEND": "emotionsite.static_files.StaticFilesStorage"},
}
# Keys of encrypted files: the first one seals, all of them open. Files that were stored before are
# read as they are, unless `STORAGE_PLAIN=refuse`.
STORAGE_KEYS = storage_keys("STORAGE_KEYS")
if STORAGE_KEYS:
    STORAGES["default"] = {
        "BACKEND": "detector.common.encrypted_storage.EncryptedStorage",
        "OPTIONS": {
            "inner": STORAGES["default"],
            "keys": STORAGE_KEYS,
            "plain": one_of("STORAGE_PLAIN", ("read", "refuse")) == "read",
        },
    }
# Where nginx serves MEDIA_ROOT to nobody but our own answers with X-Accel-Redirect; empty without
# such an nginx.
ACCEL_PREFIX = url_path("ACCEL_PREFIX")
# Compressing source maps would take half the time of a first start, and only debuggers read them.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
WHITENOISE_ADD_HEADERS_FUNCTION = static_headers.add_headers

# --- Uploads
UPLOAD_MAX_BYTES = positive_int("UPLOAD_MAX_BYTES", 50 * 2**20)
# Pixels as decoded: a JPEG of up to four times as many is decoded at half its width and height.
UPLOAD_MAX_PIXELS = positive_int("UPLOAD_MAX_PIXELS", 65_000_000)
REQUEST_MAX_BYTES = positive_int("REQUEST_MAX_BYTES", 256 * 2**20)
DATA_UPLOAD_MAX_NUMBER_FILES = positive_int("UPLOAD_MAX_FILES", 100)
# Files in a ZIP of photos, and bytes that it unpacks to.
ARCHIVE_MAX_FILES = positive_int("ARCHIVE_MAX_FILES", 200)
ARCHIVE_MAX_BYTES = positive_int("ARCHIVE_MAX_BYTES", 512 * 2**20)
# The largest video: bytes, seconds, and pixels of a frame (9 megapixels hold 4K).
VIDEO_MAX_BYTES = positive_int("VIDEO_MAX_BYTES", 500 * 2**20)
VIDEO_MAX_DURATION = positive_int("VIDEO_MAX_DURATION", 30 * 60)
VIDEO_MAX_PIXELS = positive_int("VIDEO_MAX_PIXELS", 9_000_000)
# Uploads of videos in parts: unfinished ones of a person, and hours until one that got no part is
# deleted.
VIDEO_UPLOADS_AT_ONCE = positive_int("VIDEO_UPLOADS_AT_ONCE", 10)
VIDEO_UPLOAD_HOURS = positive_int("VIDEO_UPLOAD_HOURS", 24)
# Addresses that accept larger bodies than others, with the largest one: a form with a video.
LARGER_BODIES = dict.fromkeys(
    ("/videos/", "/api/v1/videos/"), max(VIDEO_MAX_BYTES + 2**20, REQUEST_MAX_BYTES)
)
# A larger upload is kept in a file instead of memory.
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "detector.common.temporary.TemporaryFileHandler",
]
# Days for which a deleted photo can be restored.
BIN_DAYS = positive_int("BIN_DAYS", 7)
# Quotas of one person.
QUOTA_PHOTOS = positive_int("QUOTA_PHOTOS", 100_000)
QUOTA_VIDEOS = positive_int("QUOTA_VIDEOS", 1_000)
QUOTA_BYTES = positive_int("QUOTA_BYTES", 50 * 2**30)
