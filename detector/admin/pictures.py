"""Pictures of other people's photos, for staff to whom a page has shown them."""

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
"""Seconds for which the pictures of a page can be loaded; then the page must be reloaded."""


def picture_of(photo: Photo, kind: str) -> Any:
    """Return the `thumbnail` or `image` of a photo as HTML, or a dash if there is none.

    Its URL is signed. Only pages that leave an entry in the audit log contain such URLs, so nobody
    sees a picture without an entry.
    """
    if not getattr(photo, kind):
        return "–"
    key = signing.dumps(str(photo.pk), salt=SALT, compress=False)
    url = reverse("admin:detector_photo_picture", args=[photo.pk, kind])
    return format_html(
        '<img class="picture-{}" src="{}?key={}" alt="" loading="lazy">', kind, url, key
    )


def picture(request: HttpRequest, photo_id: UUID, kind: str) -> HttpResponseBase:
    """Return the file; raise Http404 if there is none, or if its signature has expired."""
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
