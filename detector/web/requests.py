"""Requests of logged-in users."""

from uuid import UUID

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from detector.models import User


class OwnerRequest(HttpRequest):
    """A request of a logged-in user: `LoginRequired` lets no other reach a private view."""

    user: User
    htmx: HtmxDetails


def is_for_somebody_else(request: OwnerRequest) -> bool:
    """Return whether a form names another `person` than the one who is logged in now.

    Scripts send the token of the latest log-in, which may be another person's.
    """
    ours = str(request.user.pk)
    return request.POST.get("person", ours) != ours


def named_photos(request: OwnerRequest) -> list[UUID]:
    """Return the ids of the photos in a form; ignore anything that is not an id."""
    found = []
    for text in request.POST.getlist("photo"):
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
