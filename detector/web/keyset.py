"""Pages by key: each begins where its neighbour ended, whatever was added or deleted meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from detector.models import Analysis


@dataclass(frozen=True)
class Page:
    """Some analyses, newest first, and the keys of its ends where more lies beyond them."""

    items: list[Analysis]
    newer: UUID | None
    older: UUID | None


def page_of(queryset: QuerySet[Analysis], query: Mapping[str, str], size: int) -> Page:
    """The page that `before=<id>` or `after=<id>` names, else the first; no key, no error."""
    before, after = _key(query.get("before")), _key(query.get("after"))
    if after:
        rows = list(queryset.filter(id__gt=after).order_by("id")[: size + 1])
        more, items = len(rows) > size, rows[:size][::-1]
        return _page(items, has_newer=more, has_older=True)
    if before:
        queryset = queryset.filter(id__lt=before)
    rows = list(queryset.order_by("-id")[: size + 1])
    return _page(rows[:size], has_newer=before is not None, has_older=len(rows) > size)


def _page(items: list[Analysis], *, has_newer: bool, has_older: bool) -> Page:
    return Page(
        items,
        newer=items[0].pk if items and has_newer else None,
        older=items[-1].pk if items and has_older else None,
    )


def _key(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
