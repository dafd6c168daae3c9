"""Forms that must not be sent twice: reloading the page that answers sends them again."""

from django.utils.crypto import constant_time_compare, get_random_string

from detector.web.requests import OwnerRequest

NUMBER = "form_number"


def number(request: OwnerRequest) -> str:
    """What a form carries, under `number`, to be told from one that was used."""
    found: str = request.session.setdefault(NUMBER, get_random_string(16))
    return found


def is_first_time(request: OwnerRequest) -> bool:
    """Whether a form comes in that was not used yet."""
    expected = request.session.get(NUMBER, "")
    return bool(expected) and constant_time_compare(request.POST.get("number", ""), expected)


def used(request: OwnerRequest) -> None:
    """The forms that are open are worth nothing from now on."""
    request.session.pop(NUMBER, None)
