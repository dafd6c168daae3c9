"""All URLs of the site."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from detector.web import health, metrics

# Loads the pages of the administration: see `detector.apps.AdministrationConfig`.
admin.autodiscover()
# Log-in to the administration asks for the second factor, too.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", include("detector.web.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("admin/review/", include("detector.web.review_urls")),
    path("admin/", admin.site.urls),
    path("api/", include("detector.api.urls")),
    path("metrics", metrics.metrics, name="metrics"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]

handler400 = "detector.web.errors.bad_request"
handler403 = "detector.web.errors.permission_denied"
handler404 = "detector.web.errors.not_found"
# allauth uses this one; its rate limits guard log-in and sign-up.
handler429 = "detector.web.errors.too_many_requests"
handler500 = "detector.web.errors.server_error"
