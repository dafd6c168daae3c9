"""Pages that stay in place while new rows come in."""

from rest_framework.pagination import CursorPagination


class KeysetPagination(CursorPagination):
    """By id, whose order is that of time: no offset to count, none to shift."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
