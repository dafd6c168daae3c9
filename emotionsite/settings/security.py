"""Security of browsers."""

from csp.constants import NONE, SELF

from emotionsite.environment import long_secret
from emotionsite.settings.base import IN_PRODUCTION, TRUSTED_PROXIES

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
# The middleware `detector.web.redirects.RequireHttps` is Django's SecurityMiddleware under another
# name, which is all that this check looks at.
SILENCED_SYSTEM_CHECKS = ["security.W001"]
CSRF_FAILURE_VIEW = "detector.web.errors.csrf_failure"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IN_PRODUCTION
SECURE_SSL_REDIRECT = IN_PRODUCTION
# Health checks of containers, and Prometheus beside them, use plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if IN_PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IN_PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
# Opens `/metrics` to other hosts; without it, the page is for this host alone.
METRICS_TOKEN = long_secret("METRICS_TOKEN")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
