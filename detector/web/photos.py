"""The page of one photo, and its pictures."""

from uuid import UUID

from django.contrib import messages
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from detector import files, selectors
from detector.models import Analysis, Photo
from detector.services import erasure, submission
from detector.web.requests import OwnerRequest


@require_safe
def photo(request: OwnerRequest, photo_id: UUID) -> HttpResponse:
    """A photo with its faces and their expressions."""
    older, newer = selectors.neighbours(request.user, photo_id)
    context = {"analysis": _analysis(request, photo_id), "older": older, "newer": newer}
    return render(request, "detector/photo.html", context)


@require_safe
def result(request: OwnerRequest, photo_id: UUID) -> HttpResponse:
    """What is known of a photo now; it asks for itself again until the analysis is finished."""
    context = {"analysis": _analysis(request, photo_id)}
    return render(request, "detector/partials/photo_result.html", context)


@require_safe
def image(request: OwnerRequest, photo_id: UUID) -> HttpResponseBase:
    """The upright picture."""
    return _picture(request, _photo(request, photo_id).image)


@require_safe
def thumbnail(request: OwnerRequest, photo_id: UUID) -> HttpResponseBase:
    """The small picture."""
    return _picture(request, _photo(request, photo_id).thumbnail)


@require_POST
def delete(request: OwnerRequest, photo_id: UUID) -> HttpResponse:
    """Delete a photo with all that is known of it."""
    erasure.delete_photo(_photo(request, photo_id))
    messages.success(request, "The photo and its results were deleted.")
    return redirect("history")


@require_POST
def retry(request: OwnerRequest, photo_id: UUID) -> HttpResponse:
    """Try a failed analysis again."""
    submission.retry(_analysis(request, photo_id))
    return redirect("photo", photo_id)


def _photo(request: OwnerRequest, photo_id: UUID) -> Photo:
    return get_object_or_404(selectors.photos_of(request.user), pk=photo_id)


def _analysis(request: OwnerRequest, photo_id: UUID) -> Analysis:
    analysis = selectors.analysis_of_photo(request.user, photo_id)
    if analysis is None:
        raise Http404
    return analysis


def _picture(request: OwnerRequest, file: FieldFile) -> HttpResponseBase:
    response = files.image_response(request, file)
    if response is None:
        raise Http404
    return response
