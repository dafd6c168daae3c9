"""The history, page by page, and actions on several photos."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from detector.analyses import queueing
from detector.analyses import selectors as analysis_selectors
from detector.enums import Emotion, Source
from detector.exceptions import DetectorError
from detector.live import selectors as live_selectors
from detector.photos import annotations, trash
from detector.photos import selectors as photo_selectors
from detector.web import listing, spreadsheet, undo
from detector.web.requests import OwnerRequest, named_photos

PAGE_SIZE: Final = 24
CONFIDENCES: Final = ("0.5", "0.7", "0.9")
LIVE_SHOWN: Final = 3
"""Latest live sessions above the photos."""
UNFINISHED: Final = "unfinished_tagging"
"""Session key of the chosen photos and a tag that was refused."""
GONE: Final = "What you chose is not there any more."
LEFT_OUT: Final = "Left out, as an analysis is under way already or the picture is gone"


@require_safe
@vary_on_headers("HX-Request")
def history(request: OwnerRequest) -> HttpResponse:
    """Show the photos of the owner, filtered and sorted by the query of the URL.

    For HTMX, which loads more while scrolling, return the photos only.
    """
    analyses = analysis_selectors.with_renewals(analysis_selectors.analyses_of(request.user))
    chosen, queryset = listing.filter_of(request, request.GET, analyses)
    page = listing.page_of(chosen, queryset, request.GET, PAGE_SIZE)
    context: dict[str, Any] = {
        "page": page,
        "list_query": listing.query_of(request.GET),
        "newer_url": _address(request.GET, after=listing.key_text(page.earlier)),
        "older_url": _address(request.GET, before=listing.key_text(page.later)),
    }
    if request.htmx:
        return render(request, "detector/partials/history_items.html", context)
    context |= {
        "emotions": Emotion,
        "sources": Source.choices,
        "confidences": CONFIDENCES,
        "orders": listing.LABELS,
        "tags": photo_selectors.tag_names_of(request.user),
        "filter": chosen,
        "is_filtered": any(request.GET.get(name) for name in listing.FILTERS),
        "has_photos": photo_selectors.photos_of(request.user).exists(),
        "unfinished": request.session.pop(UNFINISHED, None),
        "live_sessions": live_selectors.heads_of(request.user)[:LIVE_SHOWN],
    }
    return render(request, "detector/history.html", context)


@require_safe
def item(request: OwnerRequest, photo_id: UUID) -> HttpResponse:
    """Return one photo of the grid, which polls until its analyses are finished."""
    analyses = analysis_selectors.with_renewals(analysis_selectors.analyses_of(request.user))
    analysis = analyses.filter(photo_id=photo_id).first()
    if analysis is None:
        raise Http404
    context = {"analysis": analysis, "list_query": listing.query_of(request.GET)}
    return render(request, "detector/partials/history_item.html", context)


@require_POST
def several(request: OwnerRequest) -> HttpResponseBase:
    """Tag, delete, analyse again or export the chosen photos; redirect to the same page."""
    ids = named_photos(request)
    query = listing.query_of(QueryDict(request.POST.get("query", "")))
    back = redirect(f"{reverse('history')}{query}")
    if not ids:
        messages.error(request, "Choose at least one photo.")
        return back
    action = request.POST.get("action")
    if action == "export":
        chosen = analysis_selectors.analyses_of(request.user).filter(photo_id__in=ids)
        return spreadsheet.photos(chosen.order_by("-photo_id"), request.user)
    if action == "tag":
        _tag(request, ids)
    elif action == "delete":
        _delete(request, ids)
    elif action == "again":
        _analyse_again(request, ids)
    return back


def _analyse_again(request: OwnerRequest, ids: list[UUID]) -> None:
    ids = _present(request, ids)
    count = queueing.analyse_again(request.user, ids)
    left = len(ids) - count
    if count:
        messages.success(request, f"{_photos(count)} will be analysed again.")
    if left:
        messages.warning(request, f"{LEFT_OUT}: {_photos(left)}.")
    if not ids:
        messages.error(request, GONE)


def _tag(request: OwnerRequest, ids: list[UUID]) -> None:
    name = request.POST.get("tag", "")
    try:
        # As on the page of a photo, commas separate tags, unless the whole is one already.
        is_one = name.strip() in photo_selectors.tag_names_of(request.user)
        count = annotations.add_tags(request.user, ids, [name] if is_one else name.split(","))
    except DetectorError as error:
        # The page with the error restores what was chosen and typed.
        chosen = [str(photo_id) for photo_id in ids]
        request.session[UNFINISHED] = {"photos": chosen, "tag": name, "problem": error.message}
        return
    if count:
        messages.success(request, f"{_photos(count)} tagged “{name.strip()}”.")
    elif _present(request, ids):
        messages.info(request, f"All of them had “{name.strip()}” already.")
    else:
        messages.error(request, GONE)


def _delete(request: OwnerRequest, ids: list[UUID]) -> None:
    # What was deleted before, in another tab, is not brought back by this undo.
    ids = _present(request, ids)
    count = trash.discard(request.user, ids)
    if count:
        undo.offer(request, f"{_photos(count)} deleted.", ids)
    else:
        messages.error(request, GONE)


def _present(request: OwnerRequest, ids: list[UUID]) -> list[UUID]:
    """Return those of the photos that are there, and not in the bin."""
    present = photo_selectors.photos_of(request.user).filter(pk__in=ids)
    return list(present.values_list("pk", flat=True))


def _photos(count: int) -> str:
    return "1 photo" if count == 1 else f"{count:,} photos"


def _address(query: QueryDict, **position: str | None) -> str | None:
    """Return the query with the same filters at another position; None without a position."""
    if None in position.values():
        return None
    kept = query.copy()
    for name in ("before", "after"):
        kept.pop(name, None)
    for name, value in position.items():
        kept[name] = str(value)
    return f"?{kept.urlencode()}"
