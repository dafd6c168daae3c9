"""Sessions of browsers that are over."""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from detector.common import clock


def forget_expired() -> int:
    """Delete expired sessions, with network address and browser of their logins. Return how many.

    Without this each would stay for ever: Django deletes only the session that logs out.
    """
    count, _ = Session.objects.filter(expire_date__lt=clock.now()).delete()
    known = Session.objects.values("session_key")
    logins: int = UserSession.objects.exclude(session_key__in=known).delete()[0]
    return count + logins
