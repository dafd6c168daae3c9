"""The type of a request that passed the login."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from detector.models import User


class OwnerRequest(HttpRequest):
    """`LoginRequiredMiddleware` lets only this kind reach a view that is not marked public."""

    user: User
    htmx: HtmxDetails
