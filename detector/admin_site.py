"""The administration site: its models, and its dashboard."""

from collections.abc import Iterable
from typing import Any, Final

from django.contrib.admin import AdminSite
from django.db.models import Model
from django.http import HttpRequest
from django.template.response import TemplateResponse

from detector.common.kappa import Estimate
from detector.enums import Emotion
from detector.operations import monitoring


class AdministrationSite(AdminSite):
    """Django's site with a dashboard, and without the panels of libraries.

    Those show secrets and e-mail addresses, and their actions leave no entry in the audit log.
    """

    site_header = site_title = "EmotionSite"
    index_title = "Administration"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register only our own models and Django's groups."""
        several = isinstance(model_or_iterable, Iterable)
        models: list[type[Model]] = list(model_or_iterable) if several else [model_or_iterable]
        ours = [model for model in models if model._meta.app_label in ("detector", "auth")]
        super().register(ours, admin_class, **options)

    def index(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Show the lists that the user may open, and the dashboard to those who see analyses."""
        context = {**(extra_context or {})}
        if request.user.has_perm("detector.view_analysis"):
            context |= _dashboard(monitoring.health())
        return super().index(request, context)


DRIFT_BADGES: Final = {
    "few": ("Too few faces", ""),
    "stable": ("Stable", "success"),
    "slight": ("Slight shift", "caution"),
    "large": ("Large shift", "error"),
}


def _dashboard(health: monitoring.Health) -> dict[str, Any]:
    most = max(1, *(hour.done + hour.failed for hour in health.hours))
    bars = [
        {
            "hour": hour,
            "x": 10 * place,
            "done": 60 * hour.done / most,
            "failed": 60 * hour.failed / most,
            "failed_y": 60 - 60 * hour.failed / most,
            "done_y": 60 - 60 * (hour.done + hour.failed) / most,
        }
        for place, hour in enumerate(health.hours)
    ]
    tenths = [f"{n * 10}–{n * 10 + 10} %" for n in range(monitoring.CONFIDENCE_BINS)]
    return {
        "health": health,
        "bars": bars,
        "accuracy": _percent(health.accuracy) if health.accuracy else None,
        "finished": sum(hour.done for hour in health.hours),
        "failed": sum(hour.failed for hour in health.hours),
        "drifts": [
            _drift_shown("Emotions", [str(emotion.label) for emotion in Emotion], health.emotions),
            _drift_shown("Confidence", tenths, health.confidence),
        ],
        "windows": monitoring,
    }


def _percent(estimate: Estimate) -> dict[str, float]:
    return {name: 100 * getattr(estimate, name) for name in ("value", "low", "high")}


def _drift_shown(title: str, parts: list[str], drift: monitoring.Drift | None) -> dict[str, Any]:
    if drift is None:
        return {"title": title}
    late, before = (max(1, sum(counts)) for counts in (drift.recent, drift.reference))
    label, kind = DRIFT_BADGES[drift.verdict]
    rows = [
        (part, 100 * new / late, 100 * old / before)
        for part, new, old in zip(parts, drift.recent, drift.reference, strict=True)
    ]
    return {
        "title": title,
        "index": drift.index,
        "label": label,
        "kind": kind,
        "rows": rows,
        "recent": sum(drift.recent),
        "reference": sum(drift.reference),
    }
