"""Pages by key: each begins where its neighbour ended, whatever was added or deleted meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from detector.models import Analysis

SEPARATOR = "~"


@dataclass(frozen=True)
class Order:
    """What pages are sorted by: a value, and where that is equal, the photo's id.

    Without a `field`, the id alone: photos in the order they were uploaded in.
    """

    label: str
    field: str | None = None
    descending: bool = True

    @property
    def names(self) -> list[str]:
        """As `order_by` takes them."""
        sign = "-" if self.descending else ""
        return [sign + name for name in (self.field, "photo_id") if name]

    @property
    def backwards(self) -> "Order":
        """The same from the other end."""
        return Order(self.label, self.field, not self.descending)

    def key_of(self, analysis: Analysis) -> str:
        """Where an analysis stands in this order, as text."""
        if self.field is None:
            return str(analysis.photo_id)
        value: Any = analysis
        for name in self.field.split("__"):
            value = getattr(value, name)
        text = value.isoformat() if isinstance(value, datetime) else repr(float(value))
        return f"{text}{SEPARATOR}{analysis.photo_id}"

    def beyond(self, key: str) -> Q | None:
        """What comes after this key; None where it is no key."""
        text, _, id_text = key.rpartition(SEPARATOR)
        photo_id = _id(id_text)
        if photo_id is None:
            return None
        side = "lt" if self.descending else "gt"
        later = Q(**{f"photo_id__{side}": photo_id})
        if self.field is None:
            return later
        value = _moment(text) if self.field.endswith("_at") else _share(text)
        if value is None:
            return None
        # The first condition says nothing new, but lets an index be read from there.
        return Q(**{f"{self.field}__{side}e": value}) & (
            Q(**{f"{self.field}__{side}": value}) | later
        )


@dataclass(frozen=True)
class Page:
    """Some analyses in order, and the keys of its ends where more lies beyond them."""

    items: list[Analysis]
    newer: str | None
    older: str | None


def page_of(
    queryset: QuerySet[Analysis], query: Mapping[str, str], size: int, order: Order
) -> Page:
    """The page that `before=<key>` or `after=<key>` names, else the first; no key, no error."""
    if after := order.backwards.beyond(query.get("after", "")):
        back = queryset.filter(after).order_by(*order.backwards.names)
        rows = list(back[: size + 1])
        return _page(rows[:size][::-1], order, has_newer=len(rows) > size, has_older=True)
    before = order.beyond(query.get("before", ""))
    if before:
        queryset = queryset.filter(before)
    rows = list(queryset.order_by(*order.names)[: size + 1])
    return _page(rows[:size], order, has_newer=before is not None, has_older=len(rows) > size)


def _page(items: list[Analysis], order: Order, *, has_newer: bool, has_older: bool) -> Page:
    return Page(
        items,
        newer=order.key_of(items[0]) if items and has_newer else None,
        older=order.key_of(items[-1]) if items and has_older else None,
    )


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo else None


def _share(text: str) -> float | None:
    try:
        share = float(text)
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
