"""The list of photos for the query of a URL: filters, order, and the neighbours of a photo."""

from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict

from detector.analyses import selectors as analysis_selectors
from detector.analyses.filters import AnalysisFilter
from detector.common import keyset
from detector.models import Analysis
from detector.web.requests import OwnerRequest

FILTERS: Final = tuple(AnalysisFilter.base_filters)
NEWEST: Final = "newest"
LABELS: Final = {
    NEWEST: "Newest upload",
    "oldest": "Oldest upload",
    "taken": "Taken last",
    "taken-first": "Taken first",
    "sure": "Most confident",
    "unsure": "Least confident",
}
_UPLOADED: Final = keyset.Order(id_field="photo_id")
_TAKEN: Final = keyset.Order("photo__taken_at", id_field="photo_id")
_SURE: Final = keyset.Order("best_confidence", id_field="photo_id")
ORDERS: Final = {
    NEWEST: _UPLOADED,
    "oldest": _UPLOADED.backwards,
    "taken": _TAKEN,
    "taken-first": _TAKEN.backwards,
    "sure": _SURE,
    "unsure": _SURE.backwards,
}
SEPARATOR: Final = "~"


def order_of(query: QueryDict) -> keyset.Order:
    """Return the order of a query, else the default."""
    return ORDERS.get(query.get("sort", NEWEST), ORDERS[NEWEST])


def filter_of(
    request: OwnerRequest, query: QueryDict, analyses: QuerySet[Analysis]
) -> tuple[AnalysisFilter, QuerySet[Analysis]]:
    """Return the filter of a query and the filtered queryset, which is empty if it is invalid."""
    chosen = AnalysisFilter(query, queryset=analyses, request=request)
    return chosen, chosen.qs if chosen.is_valid() else analyses.none()


def query_of(query: QueryDict) -> str:
    """Return filters and order of a query as `?…`, without any other parameter."""
    kept = query.copy()
    for name in list(kept):
        if name not in (*FILTERS, "sort") or not kept[name]:
            del kept[name]
    return f"?{kept.urlencode()}" if kept else ""


def page_of(
    chosen: AnalysisFilter, queryset: QuerySet[Analysis], query: QueryDict, size: int
) -> keyset.Page[Analysis]:
    """Return the page that `before=<key>` or `after=<key>` names, else the first."""
    order = order_of(query)
    after, before = (_key(order, query.get(name, "")) for name in ("after", "before"))
    return keyset.page_of(
        queryset, order, size, after or before,
        backwards=after is not None, candidates=chosen.photos_of_dates(),
    )  # fmt: skip


def key_text(key: keyset.Key | None) -> str | None:
    """Return a key as it stands in an address; None for none."""
    if key is None:
        return None
    return SEPARATOR.join(text for text in (key.value_text, str(key.id)) if text is not None)


def _key(order: keyset.Order, text: str) -> keyset.Key | None:
    value_text, _, id_text = text.rpartition(SEPARATOR)
    try:
        return order.parse(id_text, value_text or None)
    except ValueError:
        return None


def neighbours(request: OwnerRequest, analysis: Analysis) -> tuple[UUID | None, UUID | None]:
    """Return the ids of the photos before and after one, in the list of the request's query."""
    _, listed = filter_of(request, request.GET, analysis_selectors.analyses_of(request.user))
    order = order_of(request.GET)
    return _first(listed, order.backwards, analysis), _first(listed, order, analysis)


def _first(listed: QuerySet[Analysis], order: keyset.Order, analysis: Analysis) -> UUID | None:
    beyond = listed.filter(order.beyond(order.key_of(analysis)))
    return beyond.order_by(*order.names).values_list("photo_id", flat=True).first()
