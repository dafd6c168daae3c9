"""Photos."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from detector.admin.base import ReadOnlyAdmin
from detector.models import Photo
from detector.services import erasure


@admin.register(Photo)
class PhotoAdmin(ReadOnlyAdmin[Photo]):
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

    def delete_model(self, request: HttpRequest, obj: Photo) -> None:
        """Erase with statistics and files."""
        erasure.delete_photo(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Photo]) -> None:
        """The same for several."""
        for photo in queryset:
            erasure.delete_photo(photo)

    def get_deleted_objects(self, objs, request):  # type: ignore[no-untyped-def]
        """What goes with a photo needs no permission of its own."""
        to_delete, counts, _, protected = super().get_deleted_objects(objs, request)
        return to_delete, counts, set(), protected
