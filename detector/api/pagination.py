"""Pages that stay in place while new rows come in."""

from typing import Any

from django.core.exceptions import ValidationError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination


class KeysetPagination(CursorPagination):
    """By id, whose order is that of time: no offset to count, none to shift."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def paginate_queryset(self, *args: Any, **kwargs: Any) -> Any:
        """A page; a cursor that was tampered with is not found, like any other unknown one."""
        try:
            return super().paginate_queryset(*args, **kwargs)
        except ValidationError as error:
            raise NotFound(self.invalid_cursor_message) from error
