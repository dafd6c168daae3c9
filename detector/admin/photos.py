"""Panel of photos."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path

from detector.admin import pictures
from detector.admin.base import ErasingAdmin, ReadOnlyAdmin
from detector.models import Photo
from detector.photos import erasure


@admin.register(Photo)
class PhotoAdmin(ErasingAdmin[Photo], ReadOnlyAdmin[Photo]):
    """Panel of photos, which can be viewed and erased."""

    is_personal = True
    list_display = [
        "small_picture", "filename", "owner", "format", "width", "height", "source", "uploaded_at",
    ]  # fmt: skip
    list_display_links = ["filename"]
    list_select_related = ["owner"]
    list_filter = ["source", "is_demo", ("deleted_at", admin.EmptyFieldListFilter)]
    search_fields = ["filename"]
    owner_lookup, exact_lookups = "owner", ("id", "filename", "sha256")
    search_help_text = "An owner's name or e-mail, an id, a checksum, or the name of a file."
    date_hierarchy = "uploaded_at"
    readonly_fields = [
        "large_picture", "owner", "filename", "source", "format", "width", "height",
        "stored_bytes", "uploaded_at", "captured_at", "taken_at", "note", "felt_emotion", "batch",
        "is_demo", "deleted_at", "sha256",
    ]  # fmt: skip
    fields = (*readonly_fields,)

    def get_urls(self) -> list[URLPattern]:
        """Return the URLs, with that of the pictures."""
        own = path(
            "<uuid:photo_id>/<slug:kind>.jpg",
            self.admin_site.admin_view(self.picture),
            name="detector_photo_picture",
        )
        return [own, *super().get_urls()]

    def picture(self, request: HttpRequest, **which: Any) -> HttpResponseBase:
        """Return a picture. This needs the permission to view photos."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return pictures.picture(request, **which)

    @admin.display(description="Picture")
    def small_picture(self, photo: Photo) -> Any:
        """Return the thumbnail."""
        return pictures.picture_of(photo, "thumbnail")

    @admin.display(description="Picture")
    def large_picture(self, photo: Photo) -> Any:
        """Return the upright picture."""
        return pictures.picture_of(photo, "image")

    def has_delete_permission(self, request: HttpRequest, obj: Photo | None = None) -> bool:
        """Require the permission to delete photos."""
        return request.user.has_perm("detector.delete_photo")

    def erase(self, obj: Photo) -> None:
        """Delete the photo with its statistics and files."""
        erasure.delete_photo(obj)
