"""The API: limits, tokens, schema and other origins."""

from datetime import timedelta
from typing import Any

from corsheaders.defaults import default_headers

from emotionsite.environment import positive_int, rate, words
from emotionsite.settings.base import TRUSTED_PROXIES, WEB_THREADS

# --- API
# Concurrent calls that wait for results. Each holds a thread, and half stay free for other calls.
API_WAITING_CALLS = max(WEB_THREADS // 2, 1)
# Calls to `detect/` that a web process answers at once, each in a thread that no other call uses.
DETECT_CALLS = positive_int("DETECT_CALLS", 4)
# Seconds for a photo, seconds after the last one until the process that runs the networks ends, and
# bytes of its memory (addresses, not pages).
DETECT_SECONDS = positive_int("DETECT_SECONDS", 20)
DETECT_IDLE_SECONDS = positive_int("DETECT_IDLE_SECONDS", 60)
DETECT_MEMORY_BYTES = positive_int("DETECT_MEMORY_BYTES", 4 * 2**30)
API_TOKEN_DAYS = positive_int("API_TOKEN_DAYS", 365)
TOKENS_A_PERSON = 100
KNOX_TOKEN_MODEL = "detector.ApiToken"  # noqa: S105  a model's name
# Without knox's migrations, since our token model replaces its table.
MIGRATION_MODULES = {"knox": None}
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_TTL": timedelta(days=API_TOKEN_DAYS),
    "TOKEN_MODEL": KNOX_TOKEN_MODEL,
}
REST_FRAMEWORK: dict[str, Any] = {
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
        "anon": rate("API_THROTTLE_ANON", "60/min"),
        "user": rate("API_THROTTLE_USER", "1200/min"),
        "token": rate("API_THROTTLE_TOKEN", "600/min"),
        "uploads": rate("API_THROTTLE_UPLOADS", "240/min"),
        "detect": rate("API_THROTTLE_DETECT", "240/min"),
        # Calls without a valid token.
        "failed": rate("API_THROTTLE_FAILED", "30/min"),
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
    "Log in with `Authorization: Bearer <token>`; tokens are made on the settings page.\n\n"
    "**Terms.** Send pictures only of people who know of it and agree. Do not use results at work "
    "or in education: the EU AI Act forbids to infer emotions there (Art. 5(1)(f)), and asks you "
    "to tell people that you do so elsewhere (Art. 50(3)). An expression is not a feeling: decide "
    "nothing about a person because of a result.",
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
CORS_ALLOWED_ORIGINS = words("API_CORS_ORIGINS")
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = [
    *default_headers,
    "idempotency-key",
    "if-match",
    "if-none-match",
    "tus-resumable",
    "upload-length",
    "upload-metadata",
    "upload-offset",
    "x-request-id",
]
CORS_EXPOSE_HEADERS = [
    "Accept-Ranges", "Content-Disposition", "Content-Range", "ETag", "Idempotency-Replayed",
    "Location",
    "RateLimit-Limit", "RateLimit-Policy",
    "RateLimit-Remaining", "RateLimit-Reset", "Retry-After",
    "Tus-Extension", "Tus-Max-Size", "Tus-Resumable", "Tus-Version",
    "Upload-Expires", "Upload-Length", "Upload-Metadata", "Upload-Offset", "Upload-Video",
    "X-Request-ID",
]  # fmt: skip
