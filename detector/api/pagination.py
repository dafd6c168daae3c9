"""Pages that stay in place while new rows come in."""

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import reduce
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

DEFAULT_ORDERINGS = {"created_at": "id"}
"""What may be asked for, and the field that it means; ids have the order of time."""


class PageSerializer(serializers.Serializer[Any]):
    """Which page."""

    cursor = serializers.CharField(required=False, help_text="From `next` or `previous`.")
    page_size = serializers.IntegerField(default=50, min_value=1, max_value=200)


@dataclass(frozen=True)
class Cursor:
    """A place between two rows: beyond the one of this id, and of this value of the ordering."""

    ordering: str
    backwards: bool
    id: str
    value: str | None = None

    def __str__(self) -> str:
        text = json.dumps(list(asdict(self).values()))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Raises ValueError for what we never gave."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            ordering, backwards, row_id, value = json.loads(
                base64.b64decode(padded, altchars=b"-_", validate=True)
            )
            UUID(row_id)
            if value is not None:
                value = datetime.fromisoformat(value).astimezone(UTC).isoformat()
        except (
            binascii.Error,
            TypeError,
            AttributeError,
            ArithmeticError,
            RecursionError,
        ) as error:
            raise ValueError("not a cursor") from error
        return cls(str(ordering), bool(backwards), row_id, value)


class KeysetPagination(BasePagination):
    """By a field and the id: no offset to count, and equal values have an order, too.

    A view names its `orderings`; each can be turned round with a minus.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """A page; a cursor that was tampered with is not found, like any other unknown one."""
        self.request = request
        self.orderings = orderings_of(view)
        query = PageSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        size = query.validated_data["page_size"]
        self.ordering = self._ordering()
        self.cursor = self._cursor(query.validated_data.get("cursor"))
        backwards = self.cursor is not None and self.cursor.backwards
        rows = self._rows(queryset, backwards, size)
        self.has_more = len(rows) > size
        self.page = rows[:size][::-1] if backwards else rows[:size]
        return self.page

    def get_paginated_response(self, data: Any) -> Response:
        """The page with the addresses of its neighbours."""
        return Response({"next": self._next(), "previous": self._previous(), "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """As `get_paginated_response` answers."""
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
        """The parameters of a page."""
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

    def _cursor(self, text: str | None) -> Cursor | None:
        if text is None:
            return None
        try:
            cursor = Cursor.parse(text)
        except ValueError as error:
            raise NotFound("Invalid cursor") from error
        by_id = self._field == "id"
        if cursor.ordering != self.ordering or (cursor.value is None) != by_id:
            raise NotFound("Invalid cursor")
        return cursor

    @property
    def _field(self) -> str:
        return self.orderings[self.ordering.removeprefix("-")]

    def _rows(self, queryset: QuerySet[Any], backwards: bool, size: int) -> list[Any]:
        """One more than the page, to know whether there are more."""
        descending = self.ordering.startswith("-") != backwards
        if self.cursor is not None:
            queryset = queryset.filter(_beyond(self._field, self.cursor, descending))
        sign = "-" if descending else ""
        fields = dict.fromkeys([self._field, "id"])
        return list(queryset.order_by(*(sign + field for field in fields))[: size + 1])

    def _next(self) -> str | None:
        came_back = self.cursor is not None and self.cursor.backwards
        return self._address(-1, backwards=False) if came_back or self.has_more else None

    def _previous(self) -> str | None:
        came_back = self.cursor is not None and self.cursor.backwards
        more = self.has_more if came_back else self.cursor is not None
        return self._address(0, backwards=True) if more else None

    def _address(self, end: int, *, backwards: bool) -> str | None:
        if not self.page:
            return None
        row = self.page[end]
        value = None
        if self._field != "id":
            moment: datetime = reduce(getattr, self._field.split("__"), row)
            value = moment.isoformat()
        cursor = Cursor(self.ordering, backwards, str(row.id), value)
        address: str = replace_query_param(self.request.build_absolute_uri(), "cursor", str(cursor))
        return address


def orderings_of(view: Any) -> dict[str, str]:
    """By what a view's list can be ordered."""
    return getattr(view, "orderings", DEFAULT_ORDERINGS)


def _beyond(field: str, cursor: Cursor, descending: bool) -> Q:
    further = "lt" if descending else "gt"
    if field == "id":
        return Q(**{f"id__{further}": cursor.id})
    return Q(**{f"{field}__{further}": cursor.value}) | Q(
        **{field: cursor.value, f"id__{further}": cursor.id}
    )
