"""Statistics of a history as charts and tables."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from detector import selectors
from detector.enums import Emotion
from detector.web.requests import OwnerRequest

RANGES = {"30": "30 days", "90": "90 days", "365": "12 months", "all": "All time"}
BUCKET_LIMITS = (("day", 45), ("week", 400), ("month", 2000))
"""Up to how many days a bucket still gives a chart that can be read."""


@require_safe
def insights(request: OwnerRequest) -> HttpResponse:
    """Distribution and timeline of the owner's faces."""
    chosen = request.GET.get("range", "all")
    if chosen not in RANGES:
        chosen = "all"
    since = _since(chosen)
    summary = selectors.summary(request.user, since)
    bucket = _bucket(since or summary.first_day, summary.last_day)
    points = selectors.timeline(request.user, bucket, since)
    context = {
        "ranges": RANGES,
        "range": chosen,
        "summary": summary,
        "emotions": Emotion,
        "bucket": bucket,
        "timeline": points,
        "chart_data": _chart_data(summary, points),
    }
    return render(request, "detector/insights.html", context)


def _since(chosen: str) -> date | None:
    if chosen == "all":
        return None
    return timezone.localdate() - timedelta(days=int(chosen) - 1)


def _bucket(first: date | None, last: date | None) -> str:
    if first is None or last is None:
        return "day"
    days = (last - first).days
    return next((bucket for bucket, limit in BUCKET_LIMITS if days <= limit), "year")


def _chart_data(
    summary: selectors.Summary, points: list[selectors.TimelinePoint]
) -> dict[str, Any]:
    return {
        "emotions": [{"key": emotion.value, "label": str(emotion.label)} for emotion in Emotion],
        "distribution": [row.faces for row in summary.emotions],
        "timeline": {
            "starts": [point.start.isoformat() for point in points],
            "faces": {
                emotion.value: [point.faces[emotion] for point in points] for emotion in Emotion
            },
        },
    }
