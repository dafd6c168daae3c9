"""The list of photos that an address asks for: filters, order, and what stands beside a photo."""

from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict

from detector.analyses import selectors as analysis_selectors
from detector.analyses.filters import AnalysisFilter
from detector.models import Analysis
from detector.web.keyset import Order
from detector.web.requests import OwnerRequest

FILTERS: Final = tuple(AnalysisFilter.base_filters)
NEWEST: Final = "newest"
ORDERS: Final = {
    NEWEST: Order("Newest upload"),
    "oldest": Order("Oldest upload", descending=False),
    "taken": Order("Taken last", "photo__taken_at"),
    "taken-first": Order("Taken first", "photo__taken_at", descending=False),
    "sure": Order("Most confident", "best_confidence"),
    "unsure": Order("Least confident", "best_confidence", descending=False),
}


def order_of(query: QueryDict) -> Order:
    """Return the order that an address names, else the usual one."""
    return ORDERS.get(query.get("sort", NEWEST), ORDERS[NEWEST])


def filter_of(
    request: OwnerRequest, query: QueryDict, analyses: QuerySet[Analysis]
) -> tuple[AnalysisFilter, QuerySet[Analysis]]:
    """Return the filters of an address, and what they leave: nothing where one is no filter."""
    chosen = AnalysisFilter(query, queryset=analyses, request=request)
    return chosen, chosen.qs if chosen.is_valid() else analyses.none()


def query_of(query: QueryDict) -> str:
    """Return filters and order of an address as `?…`, without anything else it may hold."""
    kept = query.copy()
    for name in list(kept):
        if name not in (*FILTERS, "sort") or not kept[name]:
            del kept[name]
    return f"?{kept.urlencode()}" if kept else ""


def neighbours(request: OwnerRequest, analysis: Analysis) -> tuple[UUID | None, UUID | None]:
    """Return the photos just before and just after one, in the list that the address asks for."""
    _, listed = filter_of(request, request.GET, analysis_selectors.analyses_of(request.user))
    order = order_of(request.GET)
    return _first(listed, order.backwards, analysis), _first(listed, order, analysis)


def _first(listed: QuerySet[Analysis], order: Order, analysis: Analysis) -> UUID | None:
    beyond = order.beyond(order.key_of(analysis))
    if beyond is None:
        return None
    ids = listed.filter(beyond).order_by(*order.names).values_list("photo_id", flat=True)
    return ids.first()
