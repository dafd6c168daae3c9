"""Apps, middleware and templates."""

from emotionsite.settings.base import BASE_DIR

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
    "detector.middleware.request_ids",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "detector.web.permissions_policy.permissions_policy",
    "detector.middleware.Outages",
    "detector.web.redirects.RequireHttps",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "detector.middleware.compressed_api",
    "detector.middleware.compressed_pages",
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
    "detector.web.second_factor.staff_needs_two_steps",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "detector.middleware.addresses_of_forms",
    "detector.web.metrics.CountedRequests",
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
