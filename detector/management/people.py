"""Find users for management commands."""

from django.core.management.base import CommandError
from django.db.models import Q

from detector.models import User


def user_called(name: str) -> User:
    """Return the user with this name or mail address. Raises CommandError.

    An empty name, of a variable that a script forgot to set, is nobody's: accounts may lack an
    address. And where one account has the address of another as its name, neither is meant.
    """
    if not name:
        raise CommandError("The name of the user is empty.")
    found = User.objects.filter(Q(username=name) | Q(email__iexact=name))[:2]
    if len(found) != 1:
        raise CommandError(f"{'More than one' if found else 'No'} user is called {name}.")
    return found[0]
