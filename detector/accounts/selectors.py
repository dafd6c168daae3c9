"""Queries of account data, always scoped to the owner."""

from django.db.models import QuerySet

from detector.models import (
    ApiToken,
    User,
)


def tokens_of(owner: User) -> QuerySet[ApiToken]:
    """Return an owner's API tokens, the newest first."""
    tokens: QuerySet[ApiToken] = ApiToken.objects.filter(user=owner)
    return tokens.order_by("-created")
