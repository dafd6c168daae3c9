"""Folders, hosts and URL of the site, its web server, language and logging."""

from pathlib import Path

from pythonjsonlogger.core import RESERVED_ATTRS

from emotionsite import private_files
from emotionsite.environment import (
    PRODUCTION,
    count,
    env,
    environment_name,
    flag,
    one_of,
    positive_int,
    secret_key,
    site_url,
    words,
)

BASE_DIR = Path(__file__).resolve().parent.parent.parent
# VAR_DIR holds data, BUILD_DIR what is built from the code.
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()
private_files.make_folder(VAR_DIR)
BUILD_DIR = BASE_DIR / "var"

IN_PRODUCTION = environment_name() == PRODUCTION
DEBUG = flag("DEBUG")
SECRET_KEY = secret_key(VAR_DIR)
# Earlier keys: sessions go on, and receipts of erasures stay valid.
SECRET_KEY_FALLBACKS = words("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = words("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"))
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
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS")

# --- Web server: threads of a process, and bytes of requests and responses that it stores on disk
WEB_THREADS = positive_int("WEB_THREADS", 8)
REQUESTS_STORED_BYTES = positive_int("REQUESTS_STORED_BYTES", 2 * 2**30)
# Concurrent streamed responses, such as exports. Each may hold a thread.
STREAMED_ANSWERS = max(WEB_THREADS // 4, 1)

# Number of proxies in front of the web process whose X-Forwarded-For entries are trusted.
TRUSTED_PROXIES = count("TRUSTED_PROXIES", 0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

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
        "text": {"format": "{asctime} {levelname:7} {name} {message}{ids}", "style": "{"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": ["levelname", "name", "message"],
            "rename_fields": {"levelname": "level", "name": "logger", "exc_info": "exception"},
            "timestamp": "time",
            # Also without what Django and Celery attach: the request, and arguments of tasks.
            "reserved_attrs": [*RESERVED_ATTRS, "ids", "request", "data"],
        },
    },
    "filters": {"ids": {"()": "detector.common.trace.AddIds"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": one_of("LOG_FORMAT", ("text", "json")),
            "filters": ["ids"],
        }
    },
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
}
