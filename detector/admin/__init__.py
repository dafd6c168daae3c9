"""The admin panel. Results are read there, not written: people correct them by reviews."""

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
    "webhooks",
]

# The same limits of wrong passwords as on the site's own page.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
