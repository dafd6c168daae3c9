"""The history, page by page."""

from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from detector import selectors
from detector.enums import Emotion
from detector.filters import AnalysisFilter
from detector.web.keyset import page_of
from detector.web.requests import OwnerRequest

PAGE_SIZE = 24
FILTERS = tuple(AnalysisFilter.base_filters)


@require_safe
def history(request: OwnerRequest) -> HttpResponse:
    """The photos of an owner, newest first, filtered by what stands in the address."""
    analyses = selectors.analyses_of(request.user)
    chosen = AnalysisFilter(request.GET, queryset=analyses, request=request)
    queryset = chosen.qs if chosen.is_valid() else analyses.none()
    page = page_of(queryset, request.GET, PAGE_SIZE)
    context: dict[str, Any] = {
        "page": page,
        "newer_url": _address(request.GET, after=page.newer),
        "older_url": _address(request.GET, before=page.older),
        "emotions": Emotion,
        "filter": chosen,
        "is_filtered": any(request.GET.get(name) for name in FILTERS),
        "has_photos": selectors.photos_of(request.user).exists(),
    }
    return render(request, "detector/history.html", context)


def _address(query: QueryDict, **position: Any) -> str | None:
    """The same filters at another position; None where nothing is there."""
    if None in position.values():
        return None
    kept = query.copy()
    for name in ("before", "after"):
        kept.pop(name, None)
    for name, value in position.items():
        kept[name] = str(value)
    return f"?{kept.urlencode()}"
