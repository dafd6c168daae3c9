"""The admin panel. It shows results, but cannot change them: reviews correct them."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin

from detector.admin import (
    accounts,
    analyses,
    audit,
    fine_tunes,
    models,
    photos,
    reanalyses,
    videos,
    webhooks,
)

__all__ = [
    "accounts",
    "analyses",
    "audit",
    "fine_tunes",
    "models",
    "photos",
    "reanalyses",
    "videos",
    "webhooks",
]

# Apply the rate limit of wrong passwords that the log-in page has.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
