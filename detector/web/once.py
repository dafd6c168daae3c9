"""Forms that count only once: a double click, or reloading the answer, sends them again."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare, get_random_string

from detector.common import locks
from detector.web.requests import OwnerRequest

NUMBER = "form_number"


class UsedError(Exception):
    """The form of a request was used before."""


def form_number(request: OwnerRequest) -> str:
    """Return the number of unused forms, which a form sends as `number`."""
    found: str = request.session.setdefault(NUMBER, get_random_string(16))
    return found


@contextmanager
def used_up(request: OwnerRequest) -> Iterator[None]:
    """Use up all open forms of this session in the transaction of the block.

    The owner is locked, so of two requests with one form the second finds it used. Raises
    UsedError. An error in the block leaves the forms unused.
    """
    with transaction.atomic():
        locks.lock_owner(request.user.pk)
        if not _is_unused(request):
            request.session.pop(NUMBER, None)
            raise UsedError
        yield
        request.session.pop(NUMBER, None)
        request.session.save()


def refuse(request: OwnerRequest, made: str, page: str) -> HttpResponse:
    """Redirect to a page that says that the form was used already, and what it made."""
    messages.info(request, f"That {made} was made already; its secret is not shown again.")
    return redirect(page)


def _is_unused(request: OwnerRequest) -> bool:
    """Return whether the form has the number that is stored now, not when the request began."""
    stored = type(request.session)(request.session.session_key)
    expected = stored.get(NUMBER, "")
    return bool(expected) and constant_time_compare(request.POST.get("number", ""), expected)
