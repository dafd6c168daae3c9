"""Reads of what belongs to an account."""

from django.db.models import QuerySet

from detector.models import (
    ApiToken,
    User,
)


def tokens_of(owner: User) -> QuerySet[ApiToken]:
    """An owner's API tokens, the newest first."""
    tokens: QuerySet[ApiToken] = ApiToken.objects.filter(user=owner)
    return tokens.order_by("-created")
