"""Uploading photos and watching them being analysed."""

from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from detector import selectors
from detector.enums import Source
from detector.services import submission
from detector.web.requests import OwnerRequest


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: OwnerRequest) -> HttpResponse:
    """The upload page; a POST takes files and answers with a card for each."""
    if request.method != "POST":
        context = {
            "max_megabytes": settings.UPLOAD_MAX_BYTES // 2**20,
            "max_megapixels": settings.UPLOAD_MAX_PIXELS // 1_000_000,
        }
        return render(request, "detector/upload.html", context)
    files = cast("list[UploadedFile[Any]]", request.FILES.getlist("images"))
    result = submission.submit(request.user, files, Source.WEB)
    ids = [analysis.pk for analysis in result.accepted]
    answer: dict[str, Any] = {
        "analyses": selectors.analyses_by_id(request.user, ids),
        "duplicates": result.duplicates,
        "rejected": result.rejected,
        "nothing_sent": not files,
    }
    if request.headers.get("X-Requested-With") == "fetch" or request.htmx:
        return render(request, "detector/partials/upload_results.html", answer)
    # Without scripts: one photo leads to its page, several show what became of each.
    if len(ids) == 1 and not result.rejected:
        return redirect("photo", result.accepted[0].photo_id)
    if not files:
        messages.error(request, "Choose at least one photo.")
        return redirect("upload")
    return render(request, "detector/upload_done.html", answer)


@require_safe
def analysis_card(request: OwnerRequest, analysis_id: UUID) -> HttpResponse:
    """The card of one analysis; it asks for itself again until the analysis is finished."""
    analysis = selectors.analyses_of(request.user).filter(pk=analysis_id).first()
    if analysis is None:
        raise Http404
    return render(request, "detector/partials/analysis_card.html", {"analysis": analysis})
