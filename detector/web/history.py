"""The history, page by page, and what is done to several photos at once."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from detector import selectors
from detector.enums import Emotion, Source
from detector.exceptions import DetectorError
from detector.filters import AnalysisFilter
from detector.services import annotation, submission
from detector.services import bin as bin_service
from detector.web import spreadsheet, undo
from detector.web.keyset import Order, page_of
from detector.web.requests import OwnerRequest, named_photos

PAGE_SIZE: Final = 24
FILTERS: Final = tuple(AnalysisFilter.base_filters)
ORDERS: Final = {
    "newest": Order("Newest upload"),
    "oldest": Order("Oldest upload", descending=False),
    "taken": Order("Taken last", "photo__taken_at"),
    "taken-first": Order("Taken first", "photo__taken_at", descending=False),
    "sure": Order("Most confident", "best_confidence"),
    "unsure": Order("Least confident", "best_confidence", descending=False),
}
CONFIDENCES: Final = ("0.5", "0.7", "0.9")


@require_safe
@vary_on_headers("HX-Request")
def history(request: OwnerRequest) -> HttpResponse:
    """The photos of an owner, filtered and sorted by what stands in the address.

    Asked for by a page that scrolls on, only the photos.
    """
    chosen_order = request.GET.get("sort", "newest")
    order = ORDERS.get(chosen_order, ORDERS["newest"])
    analyses = selectors.with_renewals(selectors.analyses_of(request.user))
    chosen = AnalysisFilter(request.GET, queryset=analyses, request=request)
    queryset = chosen.qs if chosen.is_valid() else analyses.none()
    page = page_of(queryset, request.GET, PAGE_SIZE, order)
    context: dict[str, Any] = {
        "page": page,
        "newer_url": _address(request.GET, after=page.newer),
        "older_url": _address(request.GET, before=page.older),
    }
    if request.htmx:
        return render(request, "detector/partials/history_items.html", context)
    context |= {
        "emotions": Emotion,
        "sources": Source.choices,
        "confidences": CONFIDENCES,
        "orders": {key: order.label for key, order in ORDERS.items()},
        "tags": selectors.tag_names_of(request.user),
        "filter": chosen,
        "is_filtered": any(request.GET.get(name) for name in FILTERS),
        "has_photos": selectors.photos_of(request.user).exists(),
    }
    return render(request, "detector/history.html", context)


@require_safe
def item(request: OwnerRequest, photo_id: UUID) -> HttpResponse:
    """One photo of the grid; it asks for itself again until nothing is under way."""
    analyses = selectors.with_renewals(selectors.analyses_of(request.user))
    analysis = analyses.filter(photo_id=photo_id).first()
    if analysis is None:
        raise Http404
    return render(request, "detector/partials/history_item.html", {"analysis": analysis})


@require_POST
def several(request: OwnerRequest) -> HttpResponseBase:
    """Tag, delete, analyse again or export the chosen photos, then back to where one was."""
    ids = named_photos(request)
    back = redirect(f"{reverse('history')}?{_query(request)}")
    if not ids:
        messages.error(request, "Choose at least one photo.")
        return back
    action = request.POST.get("action")
    if action == "export":
        chosen = selectors.analyses_of(request.user).filter(photo_id__in=ids)
        return spreadsheet.photos(chosen.order_by("-photo_id"), request.user)
    if action == "tag":
        _tag(request, ids)
    elif action == "delete":
        count = bin_service.discard(request.user, ids)
        undo.offer(request, f"{_photos(count)} deleted.", ids)
    elif action == "again":
        count = submission.analyse_again(request.user, ids)
        messages.success(request, f"{_photos(count)} will be analysed again.")
    return back


def _tag(request: OwnerRequest, ids: list[UUID]) -> None:
    name = request.POST.get("tag", "")
    try:
        count = annotation.add_tag(request.user, ids, name)
    except DetectorError as error:
        messages.error(request, error.message)
        return
    messages.success(request, f"{_photos(count)} tagged “{name.strip()}”.")


def _query(request: OwnerRequest) -> str:
    """The filters one came from, and nothing else that an address can hold."""
    given = QueryDict(request.POST.get("query", ""), mutable=True)
    for name in set(given) - {*FILTERS, "sort"}:
        del given[name]
    return given.urlencode()


def _photos(count: int) -> str:
    return "1 photo" if count == 1 else f"{count} photos"


def _address(query: QueryDict, **position: str | None) -> str | None:
    """The same filters at another position; None where nothing is there."""
    if None in position.values():
        return None
    kept = query.copy()
    for name in ("before", "after"):
        kept.pop(name, None)
    for name, value in position.items():
        kept[name] = str(value)
    return f"?{kept.urlencode()}"
