"""Photos."""

from django.contrib import admin
from django.http import HttpRequest

from detector.admin.base import ErasingAdmin, ReadOnlyAdmin
from detector.models import Photo
from detector.services import erasure


@admin.register(Photo)
class PhotoAdmin(ErasingAdmin[Photo], ReadOnlyAdmin[Photo]):
    """Photos can be looked up and erased."""

    list_display = ["filename", "owner", "format", "width", "height", "source", "uploaded_at"]
    list_select_related = ["owner"]
    list_filter = ["source", "format"]
    search_fields = ["filename", "owner__username", "owner__email", "sha256"]
    date_hierarchy = "uploaded_at"
    exclude = ["upload", "image", "thumbnail"]
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Photo | None = None) -> bool:
        """Whoever has the permission may erase a photo."""
        return request.user.has_perm("detector.delete_photo")

    def erase(self, obj: Photo) -> None:
        """Delete with statistics and files."""
        erasure.delete_photo(obj)
