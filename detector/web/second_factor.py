"""Lead staff without a second factor to where they turn it on, where `STAFF_MFA` asks for it."""

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from detector.accounts import second_factor
from detector.models import User

OF_STAFF = "/admin/"


def staff_needs_two_steps(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Open no page of the administration and of reviews before two-step login is on."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        person = request.user
        is_free = not request.path.startswith(OF_STAFF) or not isinstance(person, User)
        if is_free or not second_factor.is_missing(cast(User, person)):
            return get_response(request)
        messages.warning(request, "Staff of this site need two-step login. Turn it on here first.")
        return redirect("mfa_activate_totp")

    return middleware
