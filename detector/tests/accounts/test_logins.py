"""Sessions that are over leave no address behind."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from detector.accounts import logins
from detector.common import clock
from detector.models import User
from detector.tests.people import logged_in

pytestmark = pytest.mark.django_db


def test_only_sessions_that_are_over_are_forgotten(owner: User) -> None:
    known = {str(logged_in(owner).session.session_key) for _ in range(2)}
    for key in known:
        UserSession.objects.create(user=owner, session_key=key, ip="192.0.2.1", user_agent="x")
    assert logins.forget_expired() == 0
    over = Session.objects.filter(session_key__in=known).first()
    assert over is not None
    Session.objects.filter(pk=over.pk).update(expire_date=clock.now() - timedelta(seconds=1))
    assert logins.forget_expired() == 2
    left = known - {over.pk}
    assert set(UserSession.objects.values_list("session_key", flat=True)) == left
    assert set(Session.objects.values_list("session_key", flat=True)) == left
