"""Totals of the statistics, to compare those of a backup with a recount."""

from django.db.models import Sum

from detector.insights import rollups


def totals() -> dict[str, list[int]]:
    """Return the number of rows of each rollup, and the sum of what it counts."""
    found = {}
    for table, count in rollups.MAIN_COUNT.items():
        rows = table._default_manager.order_by()
        found[table._meta.label] = [rows.count(), rows.aggregate(sum=Sum(count))["sum"] or 0]
    return found
