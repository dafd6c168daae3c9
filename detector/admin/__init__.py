"""The admin panel. Results are read there, not written: people correct them by reviews."""

from django.contrib import admin

from detector.admin import accounts, analyses, models, photos

__all__ = ["accounts", "analyses", "models", "photos"]

admin.site.site_header = "EmotionSite"
admin.site.site_title = "EmotionSite"
admin.site.index_title = "Review panel"
