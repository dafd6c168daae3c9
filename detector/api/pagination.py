"""Pages that stay in place while new rows come in."""

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from detector.common import keyset

DEFAULT_ORDERINGS = {"created_at": "id"}
"""What may be asked for, and the field that it means; ids have the order of time."""


class PageSerializer(serializers.Serializer[Any]):
    """Which page."""

    cursor = serializers.CharField(required=False, help_text="From `next` or `previous`.")
    page_size = serializers.IntegerField(default=50, min_value=1, max_value=200)


@dataclass(frozen=True)
class Cursor:
    """A key as clients carry it: with the ordering that it belongs to, and in which direction."""

    ordering: str
    backwards: bool
    id: str
    value: str | None = None

    def __str__(self) -> str:
        text = json.dumps(list(asdict(self).values()))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Decode a cursor. Raises ValueError for one that we never gave."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            ordering, backwards, row_id, value = json.loads(
                base64.b64decode(padded, altchars=b"-_", validate=True)
            )
        except (binascii.Error, TypeError, RecursionError) as error:
            raise ValueError("not a cursor") from error
        if not isinstance(row_id, str) or not isinstance(value, str | None):
            raise ValueError("not a cursor")
        return cls(str(ordering), bool(backwards), row_id, value)


class KeysetPagination(BasePagination):
    """By a field and the id: no offset to count, and equal values have an order, too.

    A view names its `orderings`; each can be turned round with a minus.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return a page. A cursor that was tampered with is answered like an unknown one: 404."""
        self.request = request
        self.orderings = orderings_of(view)
        query = PageSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        self.ordering = self._ordering()
        cursor, key = self._place(query.validated_data.get("cursor"))
        self.page = keyset.page_of(
            queryset, self._order, query.validated_data["page_size"], key,
            backwards=cursor is not None and cursor.backwards,
        )  # fmt: skip
        return self.page.items

    def get_paginated_response(self, data: Any) -> Response:
        """Return the page with the addresses of its neighbours."""
        following = self._address(self.page.later, backwards=False)
        previous = self._address(self.page.earlier, backwards=True)
        return Response({"next": following, "previous": previous, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of what `get_paginated_response` returns."""
        address = {
            "type": ["string", "null"],
            "format": "uri",
            "description": "Address of that page; null where there is none.",
            "examples": [None],
        }
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": address, "previous": address, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Return the parameters of a page."""
        orderings = [sign + name for name in orderings_of(view) for sign in ("-", "")]
        known = {
            "cursor": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
            "page_size": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
            "ordering": {"type": "string", "enum": orderings, "default": orderings[0]},
        }
        meanings = {
            "cursor": "From `next` or `previous`: follow those instead of making one.",
            "page_size": "How many at most.",
            "ordering": "With a minus, the latest first.",
        }
        return [
            {
                "name": name, "in": "query", "required": False,
                "description": meanings[name], "schema": schema,
            }
            for name, schema in known.items()
        ]  # fmt: skip

    def _ordering(self) -> str:
        ordering: str = self.request.query_params.get("ordering", f"-{next(iter(self.orderings))}")
        if ordering.removeprefix("-") not in self.orderings:
            names = ", ".join(f"{name}, -{name}" for name in self.orderings)
            raise serializers.ValidationError({"ordering": [f"One of {names}."]})
        return ordering

    @property
    def _order(self) -> keyset.Order:
        field = self.orderings[self.ordering.removeprefix("-")]
        return keyset.Order(
            None if field == "id" else field, descending=self.ordering.startswith("-")
        )

    def _place(self, text: str | None) -> tuple[Cursor | None, keyset.Key | None]:
        if text is None:
            return None, None
        try:
            cursor = Cursor.parse(text)
            key = self._order.parse(cursor.id, cursor.value)
        except ValueError as error:
            raise NotFound("Invalid cursor") from error
        if cursor.ordering != self.ordering:
            raise NotFound("Invalid cursor")
        return cursor, key

    def _address(self, key: keyset.Key | None, *, backwards: bool) -> str | None:
        if key is None:
            return None
        cursor = Cursor(self.ordering, backwards, str(key.id), key.value_text)
        address: str = replace_query_param(self.request.build_absolute_uri(), "cursor", str(cursor))
        return address


def orderings_of(view: Any) -> dict[str, str]:
    """Return the names that a view's list can be ordered by."""
    return getattr(view, "orderings", DEFAULT_ORDERINGS)
