"""Recently deleted photos."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from detector.photos import selectors as photo_selectors
from detector.photos import trash
from detector.videos import selectors as video_selectors
from detector.videos import trash as video_trash
from detector.web import way_back
from detector.web.pictures import picture
from detector.web.requests import OwnerRequest, named_photos

SHOWN = 200


@require_safe
def bin_page(request: OwnerRequest) -> HttpResponse:
    """Show the photos and videos in the trash, the last deleted first."""
    photos = photo_selectors.trash_of(request.user)
    videos = video_selectors.trash_of(request.user)
    context = {
        "photos": photos[:SHOWN],
        "total": photos.count(),
        "videos": videos[:SHOWN],
        "total_videos": videos.count(),
        "days": settings.BIN_DAYS,
    }
    return render(request, "detector/bin.html", context)


@require_safe
def thumbnail(request: OwnerRequest, photo_id: UUID) -> HttpResponseBase:
    """Return the thumbnail of a photo in the trash."""
    photo = get_object_or_404(photo_selectors.trash_of(request.user), pk=photo_id)
    return picture(request, photo.thumbnail)


@require_POST
def restore(request: OwnerRequest) -> HttpResponse:
    """Restore photos; redirect to the photo if it is a single one."""
    ids = named_photos(request)
    count = trash.restore(request.user, ids)
    if not count:
        messages.error(request, "There was nothing to bring back any more.")
        return redirect("bin")
    messages.success(request, "The photo is back." if count == 1 else f"{count:,} photos are back.")
    if len(ids) == 1:
        return redirect("photo", ids[0])
    return redirect(way_back.with_query(request, reverse("history")))


@require_POST
def empty(request: OwnerRequest) -> HttpResponse:
    """Erase all photos and videos in the owner's trash for good."""
    photos, videos = trash.empty_of(request.user), video_trash.empty_of(request.user)
    said = [
        f"{count:,} {noun}{'' if count == 1 else 's'}"
        for count, noun in ((photos, "photo"), (videos, "video"))
        if count or (noun == "photo" and not videos)
    ]
    messages.success(request, f"{' and '.join(said)} erased for good.")
    return redirect("bin")
