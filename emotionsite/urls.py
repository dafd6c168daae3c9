"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

from detector.web import health

urlpatterns = [
    path("", include("detector.web.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("detector.api.urls")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]

handler400 = "detector.web.errors.bad_request"
handler403 = "detector.web.errors.permission_denied"
handler404 = "detector.web.errors.not_found"
handler500 = "detector.web.errors.server_error"
