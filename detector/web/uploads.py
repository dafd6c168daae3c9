"""The upload page, and the progress of the analyses."""

from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from detector.analyses import selectors as analysis_selectors
from detector.analyses import submission
from detector.enums import Source
from detector.photos import images
from detector.web import errors
from detector.web.permissions_policy import camera_allowed
from detector.web.requests import OwnerRequest, is_for_somebody_else

SLOWEST_POLL = 10
"""Longest polling interval of a card, in seconds."""


@camera_allowed
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: OwnerRequest) -> HttpResponse:
    """Show the upload page. POST accepts files and answers with a card for each."""
    if request.method != "POST":
        context = {
            "max_megabytes": settings.UPLOAD_MAX_BYTES // 2**20,
            "max_megapixels": settings.UPLOAD_MAX_PIXELS // 1_000_000,
            "max_jpeg_megapixels": images.max_jpeg_pixels() // 1_000_000,
            "max_archive_megabytes": settings.REQUEST_MAX_BYTES // 2**20,
            "max_archive_files": settings.ARCHIVE_MAX_FILES,
            "max_files": settings.DATA_UPLOAD_MAX_NUMBER_FILES,
        }
        return render(request, "detector/upload.html", context)
    if is_for_somebody_else(request):
        return errors.refused(request, errors.OTHER_PERSON)
    files = cast("list[UploadedFile[Any]]", request.FILES.getlist("images"))
    source = Source.CAMERA if request.POST.get("source") == Source.CAMERA else Source.WEB
    result = submission.submit(request.user, files, source, forget=forget_wish(request))
    ids = [analysis.pk for analysis in result.accepted]
    answer: dict[str, Any] = {
        "analyses": analysis_selectors.analyses_by_id(request.user, ids),
        "duplicates": result.duplicates.difference(result.new),
        "rejected": result.rejected,
        "nothing_sent": not files,
        "poll_seconds": _poll_seconds(max(len(ids), _number(request.POST.get("together")))),
    }
    if request.headers.get("X-Requested-With") == "fetch" or request.htmx:
        return render(request, "detector/partials/upload_results.html", answer)
    # Without scripts, one photo leads to its page, several to a list of results.
    if len(ids) == 1 and not result.rejected:
        return redirect("photo", result.accepted[0].photo_id)
    if not files:
        messages.error(request, "Choose at least one photo.")
        return redirect("upload")
    return render(request, "detector/upload_done.html", answer)


def forget_wish(request: OwnerRequest) -> bool | None:
    """Return whether an upload says that its pictures are forgotten; None where it says nothing."""
    return {"yes": True, "no": False}.get(request.POST.get("forget", ""))


@require_safe
def analysis_card(request: OwnerRequest, analysis_id: UUID) -> HttpResponse:
    """Return the card of one analysis, which polls until the analysis is finished."""
    analysis = analysis_selectors.analysis_of(request.user, analysis_id)
    if analysis is None:
        raise Http404
    every = min(max(_number(request.GET.get("every")), 1), SLOWEST_POLL)
    duplicates = {analysis.pk} if "known" in request.GET else set()
    context = {"analysis": analysis, "poll_seconds": every, "duplicates": duplicates}
    return render(request, "detector/partials/analysis_card.html", context)


def _poll_seconds(cards: int) -> int:
    """Return the polling interval of a card: all cards together poll about ten times a second."""
    return min(1 + cards // 10, SLOWEST_POLL)


def _number(text: str | None) -> int:
    """Return a count from a request; 0 if it is not a number."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 5 else 0
