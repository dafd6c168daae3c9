"""The type of a request that passed the login."""

from uuid import UUID

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from detector.models import User


class OwnerRequest(HttpRequest):
    """`LoginRequired` lets only this kind reach a view that is not marked public."""

    user: User
    htmx: HtmxDetails


def named_photos(request: OwnerRequest) -> list[UUID]:
    """The photos that a form names; what is no id names none."""
    found = []
    for text in request.POST.getlist("photo"):
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
