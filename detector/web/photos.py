"""The page of one photo, its pictures, and its owner's actions."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from detector.analyses import matching, queueing
from detector.analyses import selectors as analysis_selectors
from detector.enums import Verdict
from detector.exceptions import DetectorError
from detector.models import Analysis, Photo
from detector.photos import annotations, trash
from detector.photos import selectors as photo_selectors
from detector.reviews import verdicts
from detector.web import listing, undo, way_back
from detector.web.forms import AnnotationForm
from detector.web.pictures import picture
from detector.web.requests import OwnerRequest


@require_safe
def photo(request: OwnerRequest, photo_id: UUID) -> HttpResponse:
    """Show a photo with its faces and their expressions."""
    analysis = analysis_or_404(request, photo_id)
    return _page(request, analysis, AnnotationForm.of(analysis.photo))


@require_safe
def result(request: OwnerRequest, photo_id: UUID) -> HttpResponse:
    """Return the present result of a photo, which polls until its analyses are finished."""
    analysis = analysis_or_404(request, photo_id)
    return render(request, "detector/partials/photo_result.html", _result_of(analysis))


@require_POST
def correct(request: OwnerRequest, photo_id: UUID, index: int) -> HttpResponse:
    """Correct the emotion of a face, or withdraw the correction; HTMX gets the new result."""
    face = analysis_selectors.face_of(request.user, photo_id, index)
    verdict = request.POST.get("verdict", "")
    if face is None:
        raise Http404
    try:
        if not verdict:
            verdicts.take_back_correction(request.user, face)
        elif verdict in Verdict.values:
            verdicts.correct(request.user, face, verdict)
    except DetectorError as error:
        # The photo was erased meanwhile.
        raise Http404 from error
    if request.htmx:
        context = _result_of(analysis_or_404(request, photo_id))
        return render(request, "detector/partials/photo_result.html", context)
    return redirect(f"{_address(request, photo_id)}#face-{index + 1}")


@require_safe
def image(request: OwnerRequest, photo_id: UUID) -> HttpResponseBase:
    """Return the upright picture."""
    return picture(request, _photo(request, photo_id).image)


@require_safe
def thumbnail(request: OwnerRequest, photo_id: UUID) -> HttpResponseBase:
    """Return the thumbnail."""
    return picture(request, _photo(request, photo_id).thumbnail)


@require_POST
def annotate(request: OwnerRequest, photo_id: UUID) -> HttpResponse:
    """Save note, tags and felt emotion; the answer is the form."""
    analysis = analysis_or_404(request, photo_id)
    form = AnnotationForm(request.POST)
    saved = form.is_valid() and _annotate(analysis.photo, form)
    if saved and not request.htmx:
        messages.success(request, "Your notes were saved.")
        return redirect(_address(request, photo_id))
    if saved:
        form = AnnotationForm.of(analysis.photo)
    if request.htmx:
        context = {"analysis": analysis, "form": form, "saved": saved}
        return render(request, "detector/partials/photo_notes.html", context)
    return _page(request, analysis, form)


def _page(request: OwnerRequest, analysis: Analysis, form: AnnotationForm) -> HttpResponse:
    before, after = listing.neighbours(request, analysis)
    context = {
        **_result_of(analysis),
        "before": before,
        "after": after,
        "is_by_upload": listing.order_of(request.GET) == listing.ORDERS[listing.NEWEST],
        "list_query": listing.query_of(request.GET),
        "form": form,
    }
    return render(request, "detector/photo.html", context)


def _result_of(analysis: Analysis) -> dict[str, Any]:
    renewal = analysis_selectors.renewal_of(analysis)
    is_renewing = renewal is not None and not renewal.is_finished
    return {
        "analysis": analysis,
        "renewal": renewal,
        "is_renewing": is_renewing,
        "earlier": matching.earlier_of(analysis),
        "verdicts": Verdict,
    }


def _annotate(photo: Photo, form: AnnotationForm) -> bool:
    try:
        annotations.annotate(photo, **form.annotation_of(photo))
    except DetectorError as error:
        form.refuse(error)
        return False
    return True


@require_POST
def delete(request: OwnerRequest, photo_id: UUID) -> HttpResponse:
    """Move a photo to the trash, and offer to undo this."""
    found = _photo(request, photo_id)
    trash.discard(request.user, [found.pk])
    undo.offer(request, f"{found.filename} was deleted.", [found.pk])
    query = _address(request, photo_id).partition("?")[2]
    return redirect(f"{reverse('history')}{listing.query_of(QueryDict(query))}")


@require_POST
def retry(request: OwnerRequest, photo_id: UUID) -> HttpResponse:
    """Try a failed analysis again."""
    try:
        queueing.retry(analysis_or_404(request, photo_id))
    except DetectorError as error:
        messages.error(request, error.message)
    return redirect(_address(request, photo_id))


@require_POST
def analyse_again(request: OwnerRequest, photo_id: UUID) -> HttpResponse:
    """Analyse a photo again; HTMX gets the card of the new analysis."""
    _photo(request, photo_id)
    queueing.analyse_again(request.user, [photo_id])
    if request.htmx:
        current = analysis_or_404(request, photo_id)
        context = {"analysis": analysis_selectors.renewal_of(current) or current}
        return render(request, "detector/partials/analysis_card.html", context)
    return redirect(_address(request, photo_id))


def analysis_or_404(request: OwnerRequest, photo_id: UUID) -> Analysis:
    """Return the current analysis of the owner's photo, or raise Http404."""
    analysis = analysis_selectors.analysis_of_photo(request.user, photo_id)
    if analysis is None:
        raise Http404
    return analysis


def _address(request: OwnerRequest, photo_id: UUID) -> str:
    """Return the URL of a photo, with the query of the list from which it was opened."""
    return way_back.with_query(request, reverse("photo", args=[photo_id]))


def _photo(request: OwnerRequest, photo_id: UUID) -> Photo:
    return get_object_or_404(photo_selectors.photos_of(request.user), pk=photo_id)
