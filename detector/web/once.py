"""Forms that must be accepted only once: reloading the page that answers sends them again."""

from django.contrib import messages
from django.utils.crypto import constant_time_compare, get_random_string

from detector.web.requests import OwnerRequest

NUMBER = "form_number"


def form_number(request: OwnerRequest) -> str:
    """Return the number of unused forms, which a form sends as `number`."""
    found: str = request.session.setdefault(NUMBER, get_random_string(16))
    return found


def is_used(request: OwnerRequest, made: str) -> bool:
    """Return whether the form of this request was used already, and tell so of what it made."""
    expected = request.session.get(NUMBER, "")
    if expected and constant_time_compare(request.POST.get("number", ""), expected):
        return False
    messages.info(request, f"That {made} was made already; its secret is not shown again.")
    return True


def mark_used(request: OwnerRequest) -> None:
    """Make all open forms of this session invalid."""
    request.session.pop(NUMBER, None)
