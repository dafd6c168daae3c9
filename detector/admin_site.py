"""The administration as a whole: what is in it, and its first page."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Model


class AdministrationSite(AdminSite):
    """Django's, with a dashboard, and without the panels that libraries bring.

    These show secrets and addresses of people, and what is done there leaves no entry.
    """

    site_header = site_title = "EmotionSite"
    index_title = "Administration"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take up our own models and the groups of people."""
        several = isinstance(model_or_iterable, Iterable)
        models: list[type[Model]] = list(model_or_iterable) if several else [model_or_iterable]
        ours = [model for model in models if model._meta.app_label in ("detector", "auth")]
        super().register(ours, admin_class, **options)
