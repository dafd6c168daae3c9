"""Tokens and consents go by the database's clock, whatever that of the host says."""

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from detector.accounts import preferences, tokens
from detector.api.serializers.tokens import TokenWishSerializer
from detector.common import clock
from detector.models import ApiToken, User
from detector.reviews import consent as review_consent
from detector.tests.common.test_clock import OFF, elsewhere
from detector.web.forms import TokenForm

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wrong_clocks")]


@pytest.mark.parametrize("off", OFF)
def test_tokens_and_consents_have_the_right_moments(
    owner: User, off: timedelta, settings: Any
) -> None:
    minute = timedelta(minutes=1)
    before = clock.now()
    with elsewhere(off):
        token, _ = tokens.create_token(owner, name="unlimited")
        assert tokens.note_use(token)
        assert not tokens.note_use(token)
        form = TokenForm({"name": "x", "scopes": ["read"], "days": settings.API_TOKEN_DAYS})
        assert form.is_valid()
        chosen, _ = tokens.create_token(owner, **form.wish)
        soon = TokenWishSerializer(data={"name": "x", "expires_at": before + 30 * minute})
        past = TokenWishSerializer(data={"name": "x", "expires_at": before - 30 * minute})
        assert (soon.is_valid(), past.is_valid()) == (True, False)
        preferences.give_consent(owner)
        review_consent.agree(owner)
    end = before + timedelta(days=settings.API_TOKEN_DAYS)
    for made in (token, chosen):
        made.refresh_from_db()
        assert end <= made.expiry < end + minute
    token.refresh_from_db()
    owner.refresh_from_db()
    for moment in (token.last_used_at, owner.consented_at, owner.review_consented_at):
        assert moment is not None
        assert before <= moment < before + minute


@pytest.mark.parametrize("off", OFF)
def test_tokens_end_by_the_clock_of_the_database(owner: User, off: timedelta) -> None:
    """A host with a wrong clock deletes none, and an expired one stays in the list."""
    minute, now = timedelta(minutes=1), clock.now()
    _, good = tokens.create_token(owner, name="good", expires_at=now + 30 * minute)
    gone, bad = tokens.create_token(owner, name="bad", expires_at=now + 30 * minute)
    ApiToken.objects.filter(id=gone.id).update(expiry=now - minute)
    with elsewhere(off):
        answers = [
            APIClient().get("/api/v1/me/", headers={"Authorization": f"Bearer {secret}"})
            for secret in (good, bad)
        ]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert {token.name for token in ApiToken.objects.all()} == {"good", "bad"}


@pytest.mark.parametrize("off", OFF)
def test_a_token_in_steady_use_is_noted_by_a_host_with_a_wrong_clock(
    owner: User, off: timedelta
) -> None:
    token, _ = tokens.create_token(owner, name="x")
    ApiToken.objects.filter(pk=token.pk).update(last_used_at=clock.now() - timedelta(hours=3))
    token.refresh_from_db()
    with elsewhere(off):
        assert tokens.note_use(token)
    assert token.last_used_at is not None
    assert abs(clock.now() - token.last_used_at) < timedelta(minutes=1)
