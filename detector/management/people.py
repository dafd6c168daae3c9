"""Find users for management commands."""

from django.core.management.base import CommandError

from detector.models import User


def user_called(name: str) -> User:
    """Return the user with this name or mail address. Raises CommandError."""
    users = User.objects.filter(username=name) or User.objects.filter(email__iexact=name)
    if len(users) != 1:
        raise CommandError(f"No single user is called {name}.")
    return users[0]
