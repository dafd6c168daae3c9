"""Heat maps of faces: where the model looked."""

from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from detector.analyses import explanations
from detector.analyses import selectors as analysis_selectors
from detector.exceptions import DetectorError
from detector.models import Explanation, Face
from detector.web.pictures import picture
from detector.web.requests import OwnerRequest


@require_http_methods(["GET", "HEAD", "POST"])
def explanation(request: OwnerRequest, photo_id: UUID, index: int) -> HttpResponse:
    """Show the heat map of a face. POST requests it, and the answer polls until it is there."""
    face = _face(request, photo_id, index)
    if request.method == "POST":
        try:
            found = explanations.request(face)
        except Face.DoesNotExist as error:
            raise Http404 from error
        except DetectorError as error:
            found = Explanation(face=face, error_code=error.code, error_message=error.message)
            return _answer(request, face, found)
        if not request.htmx:
            return redirect("face-explanation", photo_id, index)
    else:
        found = _explanation(face)
    return _answer(request, face, found)


def _answer(request: OwnerRequest, face: Face, found: Explanation) -> HttpResponse:
    context = {"face": face, "photo": face.analysis.photo, "explanation": found}
    name = "partials/explanation.html" if request.htmx else "explanation.html"
    return render(request, f"detector/{name}", context)


@require_safe
def image(request: OwnerRequest, photo_id: UUID, index: int) -> HttpResponseBase:
    """Return the heat map as a picture."""
    return picture(request, _explanation(_face(request, photo_id, index)).picture)


def _face(request: OwnerRequest, photo_id: UUID, index: int) -> Face:
    face = analysis_selectors.face_of(request.user, photo_id, index)
    if face is None:
        raise Http404
    return face


def _explanation(face: Face) -> Explanation:
    found = analysis_selectors.explanation_of(face)
    if found is None:
        raise Http404
    return found
