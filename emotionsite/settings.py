"""Settings, from the environment alone. docs/operations.md lists every variable."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import django_stubs_ext
from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF
from kombu import Exchange, Queue
from whitenoise.compress import Compressor

from emotionsite import private_files
from emotionsite.environment import (
    PRODUCTION,
    env,
    environment_name,
    one_of,
    positive_int,
    secret_key,
    share,
    site_url,
)

# Allows generic Django classes such as `ModelForm[User]` at run time.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
# VAR_DIR holds data, BUILD_DIR what is built from the code.
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()
private_files.make_folder(VAR_DIR)
BUILD_DIR = BASE_DIR / "var"

IN_PRODUCTION = environment_name() == PRODUCTION
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = secret_key(VAR_DIR)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# The site's URL, for use outside of requests.
SITE_URL_SAID = site_url("SITE_URL")
SITE_URL = SITE_URL_SAID or (
    f"https://{ALLOWED_HOSTS[0].lstrip('.')}"
    if IN_PRODUCTION and ALLOWED_HOSTS[:1] not in ([], ["*"])
    else f"http://127.0.0.1:{env.str('PORT', default='8000')}"
)
# Links in mails use SITE_URL_SAID if set, else the host of the request, locally with this port: a
# Host header may carry any.
SITE_PORT = None if IN_PRODUCTION else positive_int("PORT", 8000)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "detector",
    "detector.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "corsheaders",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "rest_framework",
]

MIDDLEWARE = [
    "detector.web.permissions_policy.permissions_policy",
    "detector.middleware.Outages",
    "detector.web.redirects.RequireHttps",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "detector.middleware.compressed_api",
    "detector.middleware.request_size_limit",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "detector.web.redirects.AppendSlash",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "detector.middleware.htmx_redirects",
    "detector.middleware.LoginRequired",
    "detector.middleware.owner_dates",
    "detector.middleware.no_shared_copies",
    "detector.middleware.consent_asked",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "detector.middleware.addresses_of_forms",
]

ROOT_URLCONF = "emotionsite.urls"
WSGI_APPLICATION = "emotionsite.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["detector.templatetags.components", "detector.templatetags.dates"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Database: https://docs.djangoproject.com/en/5.2/ref/databases/#sqlite-notes
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'emotionsite.sqlite3'}")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # Writers wait for the lock at BEGIN, instead of failing when a read becomes a write.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    private_files.make_database(Path(DATABASES["default"]["NAME"]))
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A host that does not respond must not hold a request for minutes.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
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
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Compressing source maps would take half the time of a first start, and only debuggers read them.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")

# --- Uploads
UPLOAD_MAX_BYTES = positive_int("UPLOAD_MAX_BYTES", 50 * 2**20)
# Pixels as decoded: a JPEG of up to four times as many is decoded at half its width and height.
UPLOAD_MAX_PIXELS = positive_int("UPLOAD_MAX_PIXELS", 65_000_000)
REQUEST_MAX_BYTES = positive_int("REQUEST_MAX_BYTES", 256 * 2**20)
DATA_UPLOAD_MAX_NUMBER_FILES = positive_int("UPLOAD_MAX_FILES", 100)
# Files in a ZIP of photos, and bytes that it unpacks to.
ARCHIVE_MAX_FILES = positive_int("ARCHIVE_MAX_FILES", 200)
ARCHIVE_MAX_BYTES = positive_int("ARCHIVE_MAX_BYTES", 512 * 2**20)
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
QUOTA_BYTES = positive_int("QUOTA_BYTES", 50 * 2**30)

# --- Analysis: times in seconds
MODEL_VERSION = env.str("MODEL_VERSION", default="") or None
ANALYSIS_LEASE = positive_int("ANALYSIS_LEASE", 30)
ANALYSIS_MAX_ATTEMPTS = positive_int("ANALYSIS_MAX_ATTEMPTS", 4)
ANALYSIS_RESEND_AFTER = positive_int("ANALYSIS_RESEND_AFTER", 20)
SWEEP_INTERVAL = positive_int("SWEEP_INTERVAL", 5)
# Concurrent re-analyses of old photos. A new upload waits for at most as many.
REANALYSIS_AT_ONCE = positive_int("REANALYSIS_AT_ONCE", 2)

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
FINE_TUNE_QUICK = env.bool("FINE_TUNE_QUICK", default=False)
FINE_TUNE_SILENCE = positive_int("FINE_TUNE_SILENCE", 120)

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
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
# One queue each, so that neither waits behind the other. A worker takes from both in turn, unless
# it is started with `--queues`.
ANALYSIS_QUEUE, WEBHOOK_QUEUE = "analysis", "webhooks"
CELERY_TASK_QUEUES = [
    Queue(name, Exchange(name), routing_key=name) for name in (ANALYSIS_QUEUE, WEBHOOK_QUEUE)
]
CELERY_TASK_DEFAULT_QUEUE = ANALYSIS_QUEUE
# Tasks that take hours or can wait. Only a worker started with `--queues background` takes them, so
# that photos never wait behind them.
BACKGROUND_QUEUE = "background"
CELERY_TASK_ROUTES = {
    "detector.deliver": {"queue": WEBHOOK_QUEUE},
    "detector.fine_tune": {"queue": BACKGROUND_QUEUE},
    "detector.shadow": {"queue": BACKGROUND_QUEUE},
}
CELERY_TASK_SOFT_TIME_LIMIT = 60
CELERY_TASK_TIME_LIMIT = 90
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# One process per worker, even with `--pool prefork`: nothing forks. The supervisor starts as many
# workers as `WORKER_CONCURRENCY` says.
CELERY_WORKER_POOL = "emotionsite.processes.pool:SlotPool"
CELERY_WORKER_CONCURRENCY = positive_int("WORKER_CONCURRENCY", os.cpu_count() or 1)
WORKER_QUEUES = env.list("WORKER_QUEUES", default=[ANALYSIS_QUEUE, WEBHOOK_QUEUE])
# Seconds for which work may wait beside idle workers before these are restarted.
WORKER_STALL = positive_int("WORKER_STALL", 30)
CELERY_WORKER_ENABLE_REMOTE_CONTROL = bool(REDIS_URL)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# --- Accounts: https://docs.allauth.org/en/latest/account/configuration.html
AUTH_USER_MODEL = "detector.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_FORMS = {"signup": "detector.web.forms.SignupForm"}
ACCOUNT_EMAIL_VERIFICATION = env.str(
    "ACCOUNT_EMAIL_VERIFICATION", default="mandatory" if IN_PRODUCTION else "none"
)
# Signing up never tells whether an address is known. Where addresses are verified, a mail tells its
# owner alone. Where they are not, a second account may use the same address.
ACCOUNT_PREVENT_ENUMERATION = True if ACCOUNT_EMAIL_VERIFICATION == "mandatory" else "strict"
ACCOUNT_ADAPTER = "detector.web.account_adapter.AccountAdapter"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[EmotionSite] "
ACCOUNT_SESSION_REMEMBER = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "history"
ACCOUNT_SIGNUP_REDIRECT_URL = "upload"
ACCOUNT_LOGOUT_REDIRECT_URL = "landing"
# Second factor: an authenticator app, and recovery codes in case it is lost.
MFA_TOTP_ISSUER = "EmotionSite"
MFA_TOTP_TOLERANCE = 1  # clocks of phones run up to half a minute off
MFA_ALLOW_UNVERIFIED_EMAIL = ACCOUNT_EMAIL_VERIFICATION != "mandatory"

# No default in production: password reset links must not go to a log.
EMAIL_CONFIG = env.email_url(
    "EMAIL_URL", **({} if IN_PRODUCTION else {"default": "consolemail://"})
)
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="EmotionSite <no-reply@localhost>")

# --- Web server: threads of a process, and bytes of requests and responses that it stores on disk
WEB_THREADS = positive_int("WEB_THREADS", 8)
REQUESTS_STORED_BYTES = positive_int("REQUESTS_STORED_BYTES", 2 * 2**30)
# Concurrent streamed responses, such as exports. Each may hold a thread.
STREAMED_ANSWERS = max(WEB_THREADS // 4, 1)

# Number of proxies in front of the web process whose X-Forwarded-For entries are trusted.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

# --- API
# Concurrent calls that wait for results. Each holds a thread, and half stay free for other calls.
API_WAITING_CALLS = max(WEB_THREADS // 2, 1)
API_TOKEN_DAYS = positive_int("API_TOKEN_DAYS", 365)
KNOX_TOKEN_MODEL = "detector.ApiToken"  # noqa: S105  a model's name
# Without knox's migrations, since our token model replaces its table.
MIGRATION_MODULES = {"knox": None}
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_TTL": timedelta(days=API_TOKEN_DAYS),
    "TOKEN_MODEL": KNOX_TOKEN_MODEL,
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "detector.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "detector.api.permissions.HasScope",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "detector.api.negotiation.Negotiation",
    "DEFAULT_PARSER_CLASSES": ["detector.api.parsers.StrictJsonParser"],
    "DEFAULT_PAGINATION_CLASS": "detector.api.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "NUM_PROXIES": TRUSTED_PROXIES,
    "EXCEPTION_HANDLER": "detector.api.errors.envelope",
    "DEFAULT_THROTTLE_CLASSES": [
        "detector.api.throttles.AnonymousThrottle",
        "detector.api.throttles.UserThrottle",
        "detector.api.throttles.TokenThrottle",
        "detector.api.throttles.UploadThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": env.str("API_THROTTLE_ANON", default="60/min"),
        "user": env.str("API_THROTTLE_USER", default="1200/min"),
        "token": env.str("API_THROTTLE_TOKEN", default="600/min"),
        "uploads": env.str("API_THROTTLE_UPLOADS", default="240/min"),
        # Calls without a valid token.
        "failed": env.str("API_THROTTLE_FAILED", default="30/min"),
    },
    "UPLOADED_FILES_USE_URL": False,
    "NON_FIELD_ERRORS_KEY": "request",
    # There is only JSON, so `?format=` is not needed.
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "EmotionSite API",
    "DESCRIPTION": "Find faces in photos, classify their expressions, read your private history. "
    "Log in with `Authorization: Bearer <token>`; tokens are made on the settings page.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "REDOC_DIST": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "detector.api.schema.complete",
    ],
    "ENUM_NAME_OVERRIDES": {
        "Emotion": "detector.enums.Emotion",
        "Verdict": "detector.enums.Verdict",
        "ReviewKind": "detector.enums.ReviewKind",
        "Status": "detector.enums.Status",
        "Source": "detector.enums.Source",
        "Scope": "detector.enums.Scope",
        "Event": "detector.enums.Event",
        "DeliveryStatus": "detector.enums.DeliveryStatus",
        "ModelStatus": "detector.enums.ModelStatus",
    },
}

# --- Other origins: none by default, and never with cookies.
# https://pypi.org/project/django-cors-headers/
CORS_ALLOWED_ORIGINS = env.list("API_CORS_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = [*default_headers, "idempotency-key", "if-match", "if-none-match"]
CORS_EXPOSE_HEADERS = [
    "Content-Disposition", "ETag", "Idempotency-Replayed", "Location",
    "RateLimit-Limit", "RateLimit-Policy",
    "RateLimit-Remaining", "RateLimit-Reset", "Retry-After",
]  # fmt: skip

# --- Webhooks: sent to public addresses and the hosts (`host` or `host:port`) named here, on ports
# 80, 443 and those named here
WEBHOOK_ALLOWED_HOSTS = env.list("WEBHOOK_ALLOWED_HOSTS", default=[])
WEBHOOK_ALLOWED_PORTS = env.list("WEBHOOK_ALLOWED_PORTS", cast=int, default=[])
WEBHOOKS_A_PERSON = 10
# Concurrent deliveries. Each costs a waiting thread and no process. Receivers that are not known to
# be quick share half of them.
WEBHOOK_CONCURRENCY = positive_int("WEBHOOK_CONCURRENCY", 64)
WEBHOOK_DISABLE_DAYS = positive_int("WEBHOOK_DISABLE_DAYS", 3)
WEBHOOK_DELIVERY_DAYS = positive_int("WEBHOOK_DELIVERY_DAYS", 30)

# --- Reviews: share of faces that two reviewers judge, and seconds of a claim
REVIEW_DOUBLE_SHARE = share("REVIEW_DOUBLE_SHARE", 0.2)
REVIEW_LEASE = positive_int("REVIEW_LEASE", 300)

# --- Browser security: https://django-csp.readthedocs.io/
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
CSRF_FAILURE_VIEW = "detector.web.errors.csrf_failure"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IN_PRODUCTION
SECURE_SSL_REDIRECT = IN_PRODUCTION
# Health checks of containers use plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if IN_PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IN_PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

# --- Language and time
LANGUAGE_CODE = "en"
# Pages are in English. Dates follow the person (detector.common.calendar); these formats are for
# forms.
FORMAT_MODULE_PATH = "emotionsite.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Logging
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname:7} {name} {message}", "style": "{"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
}
