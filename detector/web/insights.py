"""Statistics of a history as charts and tables."""

from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from detector.common.calendar import FIRST, LAST
from detector.enums import Emotion
from detector.insights import totals, trends
from detector.live import selectors as live_selectors
from detector.photos import selectors as photo_selectors
from detector.videos import selectors as video_selectors
from detector.web import calendars, live_charts
from detector.web.forms import PeriodsForm
from detector.web.requests import OwnerRequest

RANGES: Final = {"30": "30 days", "90": "90 days", "365": "12 months", "all": "All time"}
BUCKETS: Final = {"day": "Day", "week": "Week", "month": "Month"}
TABLES: Final = ("timeline", "calendar", "hours")
"""Charts whose tables are fetched when they are opened, since they have many rows."""
BUCKET_LIMITS: Final = (("day", 45), ("week", 400), ("month", 2000))
"""Largest number of days for which a bucket gives a readable chart."""
DAYS: Final = {"day": 1, "week": 7, "month": 28, "year": 365}
"""Least number of days of a bucket, from the finest to the coarsest."""
MOST_BARS: Final = 1000
"""Limits the bars of the timeline: `static/js/insights.js` draws no further ones."""


@require_safe
def insights(request: OwnerRequest) -> HttpResponse:
    """Show the statistics of the owner's faces, of one model or of all."""
    watched = video_selectors.watched(request.user)
    return render(request, "detector/insights.html", {**_context(request), "watched": watched})


@require_safe
def numbers(request: OwnerRequest, name: str) -> HttpResponse:
    """Return the table of a chart, for the same query as the page."""
    if name not in TABLES:
        raise Http404
    return render(request, f"detector/partials/numbers_{name}.html", _context(request))


def _context(request: OwnerRequest) -> dict[str, Any]:
    owner = request.user
    chosen = request.GET.get("range", "all")
    if chosen not in RANGES:
        chosen = "all"
    since = _since(chosen)
    every = trends.models_of(owner)
    model = _model(request.GET.get("model"), every)
    model_id = model.id if model else None
    summary = totals.summary(owner, since, model_id=model_id)
    asked = request.GET.get("bucket", "")
    if asked not in BUCKETS:
        asked = _bucket(since or summary.first_day, summary.last_day)
    bucket = _drawable(asked, summary.first_day, summary.last_day)
    points = totals.timeline(owner, bucket, since, model_id=model_id)
    used = [model] if model else [use for use in every if since is None or use.last_day >= since]
    changes = [use for use in used[1:] if since is None or use.first_day >= since]
    year = _year(request.GET.get("year"), summary.last_day)
    days = trends.days_of_year(owner, year, model_id)
    hours = trends.hours(owner, model_id)
    days_faces = sum(day.faces for day in days)
    hours_faces = sum(cell.faces for cell in hours)
    agreement = trends.agreement(owner, model_id)
    comparison, periods = _comparison(request, model_id, chosen)
    live = live_selectors.summary_of(owner, since, model.name if model else None)
    of_days, of_hours = _counted(days_faces, "face"), _counted(hours_faces, "face")
    return {
        "ranges": RANGES,
        "range": chosen,
        "buckets": BUCKETS,
        "bucket": bucket,
        "too_fine": asked if asked != bucket else None,
        "most_bars": MOST_BARS,
        "models": every,
        "used": used,
        "model": model,
        "changes": changes,
        "summary": summary,
        "emotions": Emotion,
        "timeline": points,
        "year": year,
        "days": days,
        "days_faces": days_faces,
        "calendar": calendars.year_of_days(year, days, [use.first_day for use in changes]),
        "hours": hours,
        "hours_faces": hours_faces,
        "week": calendars.week_of_hours(hours),
        "agreement": agreement,
        "self_reports": trends.SELF_REPORTS,
        "matrix": calendars.felt_against_shown(agreement),
        "comparison": comparison,
        "live": live,
        "live_shares": live_charts.shares(live.emotions),
        "periods": periods,
        "enough": trends.MIN_FOR_SHARES,
        "shares": request.GET.get("scale") == "share",
        "made_up": photo_selectors.photos_of(owner).filter(is_demo=True).exists(),
        "distribution_note": f"n = {_counted(summary.faces, 'face')}",
        "timeline_note": f"Faces each {bucket}, n = {summary.faces:,}",
        "calendar_note": f"The most frequent expression of each day, n = {of_days}",
        "hours_note": f"The most frequent expression, over all time, n = {of_hours}",
        "comparison_note": f"n = {comparison.first.faces:,} and {comparison.second.faces:,} faces",
        "agreement_note": f"n = {_counted(agreement.photos, 'photo')}",
        "chart_data": _chart_data(summary, points, changes, comparison),
    }


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count:,} {what}s"


def _since(chosen: str) -> date | None:
    if chosen == "all":
        return None
    return timezone.localdate() - timedelta(days=int(chosen) - 1)


def _model(text: str | None, known: list[trends.ModelUse]) -> trends.ModelUse | None:
    return next((model for model in known if str(model.id) == text), None)


def _bucket(first: date | None, last: date | None) -> str:
    if first is None or last is None:
        return "day"
    days = (last - first).days
    return next((bucket for bucket, limit in BUCKET_LIMITS if days <= limit), "year")


def _drawable(bucket: str, first: date | None, last: date | None) -> str:
    """Return the bucket, or the next coarser one of which a chart can draw all bars."""
    days = (last - first).days if first and last else 0
    coarser = list(DAYS)[list(DAYS).index(bucket) :]
    return next((name for name in coarser if days // DAYS[name] + 2 <= MOST_BARS), "year")


def _year(text: str | None, last: date | None) -> int:
    """Return the year of the query, else that of the last photo."""
    # Python refuses to read numbers of thousands of digits.
    is_year = text and text.isascii() and text.isdecimal() and len(text) <= len(str(LAST.year))
    if text and is_year and FIRST.year <= int(text) <= LAST.year:
        return int(text)
    return (last or timezone.localdate()).year


def _comparison(
    request: OwnerRequest, model_id: UUID | None, chosen: str
) -> tuple[trends.Comparison, PeriodsForm]:
    """Compare the periods of the query, else the last days with the same number before them."""
    length = timedelta(days=30 if chosen == "all" else int(chosen))
    today, day = timezone.localdate(), timedelta(days=1)
    defaults = {
        "first_from": today - 2 * length + day,
        "first_to": today - length,
        "second_from": today - length + day,
        "second_to": today,
    }
    form = PeriodsForm(request.GET if "first_from" in request.GET else defaults)
    days = form.cleaned_data if form.is_valid() else defaults
    first = days["first_from"], days["first_to"]
    second = days["second_from"], days["second_to"]
    return trends.compare(request.user, first, second, model_id), form


def _chart_data(
    summary: totals.Summary,
    points: list[totals.TimelinePoint],
    changes: list[trends.ModelUse],
    comparison: trends.Comparison,
) -> dict[str, Any]:
    periods = (comparison.first, comparison.second)
    return {
        "emotions": [{"key": emotion.value, "label": str(emotion.label)} for emotion in Emotion],
        "distribution": [row.faces for row in summary.emotions],
        "timeline": {
            "starts": [point.start.isoformat() for point in points],
            "faces": {
                emotion.value: [point.faces[emotion] for point in points] for emotion in Emotion
            },
        },
        "changes": [{"day": use.first_day.isoformat(), "name": use.name} for use in changes],
        "enough": trends.MIN_FOR_SHARES,
        "comparison": [[row.share for row in period.emotions] for period in periods],
    }
