"""Pictures of other people's photos, for staff whom a page has shown them to."""

from typing import Any
from uuid import UUID

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html

from detector.common import files
from detector.models import Photo

SALT = "detector.admin.pictures"
SEEN_FOR = 3600
"""Seconds for which the pictures of a page can be fetched; then it has to be asked for again."""


def picture_of(photo: Photo, kind: str) -> Any:
    """The `thumbnail` or `image` of a photo as HTML, where there is one.

    Its address is signed. Only pages that leave an entry in the audit log give such addresses, so
    nobody sees a picture without one.
    """
    if not getattr(photo, kind):
        return "–"
    key = signing.dumps(str(photo.pk), salt=SALT, compress=False)
    url = reverse("admin:detector_photo_picture", args=[photo.pk, kind])
    return format_html(
        '<img class="picture-{}" src="{}?key={}" alt="" loading="lazy">', kind, url, key
    )


def picture(request: HttpRequest, photo_id: UUID, kind: str) -> HttpResponseBase:
    """The file; 404 where there is none, or where no page showed it lately."""
    try:
        shown = signing.loads(request.GET.get("key", ""), salt=SALT, max_age=SEEN_FOR)
    except signing.BadSignature as error:
        raise Http404 from error
    if shown != str(photo_id) or kind not in ("thumbnail", "image"):
        raise Http404
    photo = get_object_or_404(Photo, pk=photo_id)
    response = files.image_response(request, getattr(photo, kind))
    if response is None:
        raise Http404
    return response
