"""Pages by key: each begins where its neighbour ended, whatever was added or deleted meanwhile."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import reduce
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)

MAX_CANDIDATES: Final = 500
"""Number of candidates among which a page is looked for first."""


@dataclass(frozen=True)
class Key:
    """Where a row stands in an order: its id and, if the order has a field, its value there."""

    id: UUID
    value: datetime | float | None = None

    @property
    def value_text(self) -> str | None:
        """The value, as `Order.parse` takes it."""
        if isinstance(self.value, datetime):
            return self.value.isoformat()
        return None if self.value is None else repr(float(self.value))


@dataclass(frozen=True)
class Order:
    """Names what pages are sorted by: a value, and where that is equal, an id.

    Without a `field`, the id alone: ids of version 7 have the order of time. A field whose name
    ends in `_at` has moments, any other has numbers from 0 to 1.
    """

    field: str | None = None
    descending: bool = True
    id_field: str = "id"

    @property
    def names(self) -> list[str]:
        """As `order_by` takes them."""
        sign = "-" if self.descending else ""
        return [sign + name for name in (self.field, self.id_field) if name]

    @property
    def backwards(self) -> "Order":
        """The same from the other end."""
        return replace(self, descending=not self.descending)

    def key_of(self, row: Model) -> Key:
        """Return where a row stands."""
        row_id: UUID = getattr(row, self.id_field)
        if self.field is None:
            return Key(row_id)
        value: Any = reduce(getattr, self.field.split("__"), row)
        return Key(row_id, value)

    def parse(self, id_text: str, value_text: str | None) -> Key:
        """Return the key that these texts name. Raises ValueError for none of this order."""
        if (value_text is None) != (self.field is None):
            raise ValueError("a key of another order")
        if value_text is None or self.field is None:
            return Key(UUID(id_text))
        read = _moment if self.field.endswith("_at") else _share
        return Key(UUID(id_text), read(value_text))

    def beyond(self, key: Key) -> Q:
        """Return the condition for what comes after this key."""
        side = "lt" if self.descending else "gt"
        later = Q(**{f"{self.id_field}__{side}": key.id})
        if self.field is None:
            return later
        # The first condition says nothing new, but lets an index be read from there.
        return Q(**{f"{self.field}__{side}e": key.value}) & (
            Q(**{f"{self.field}__{side}": key.value}) | later
        )


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows in order, and the keys of its ends where more lies beyond them."""

    items: list[Row]
    earlier: Key | None
    later: Key | None


def page_of(
    queryset: QuerySet[Row],
    order: Order,
    size: int,
    key: Key | None,
    *,
    backwards: bool = False,
    candidates: QuerySet[Any] | None = None,
) -> Page[Row]:
    """Return what comes after `key`, before it if `backwards`; without a key, the first page.

    `candidates` are the rows that the order's id refers to, as far as an index of theirs can tell.
    In an order by that id alone the page is looked for among the next ones first.
    """
    way = order.backwards if backwards else order
    if key is not None:
        queryset = queryset.filter(way.beyond(key))
    # One more than the page, to know whether there are more.
    rows = _among_next(queryset, way, size + 1, key, candidates)
    if rows is None:
        rows = list(queryset.order_by(*way.names)[: size + 1])
    has_more, came_from = len(rows) > size, key is not None
    items = rows[:size][::-1] if backwards else rows[:size]
    has_earlier, has_later = (has_more, came_from) if backwards else (came_from, has_more)
    return Page(
        items,
        earlier=order.key_of(items[0]) if items and has_earlier else None,
        later=order.key_of(items[-1]) if items and has_later else None,
    )


def _among_next(
    queryset: QuerySet[Row],
    way: Order,
    count: int,
    key: Key | None,
    candidates: QuerySet[Any] | None,
) -> list[Row] | None:
    """Return the first rows of the next candidates; None where these may not be all there are."""
    if candidates is None or way.field is not None:
        return None
    if key is not None:
        candidates = candidates.filter(Order(descending=way.descending).beyond(key))
    sign = "-" if way.descending else ""
    ids = list(candidates.order_by(f"{sign}id").values_list("id")[: MAX_CANDIDATES + 1])
    chosen = queryset.filter(**{f"{way.id_field}__in": [pk for (pk,) in ids]})
    rows = list(chosen.order_by(*way.names)[:count])
    return rows if len(rows) == count or len(ids) <= MAX_CANDIDATES else None


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment of no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a moment beyond the calendar") from error


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise ValueError("not a number from 0 to 1")
    return share
