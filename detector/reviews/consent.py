"""Consent to reviews: separate from the terms, and withdrawn with immediate effect."""

from django.db import transaction

from detector import consent
from detector.common import clock, locks
from detector.models import User
from detector.reviews import cases


@transaction.atomic
def agree(user: User) -> None:
    """Store a user's consent to the current text, and open cases for all their faces."""
    # The lock keeps an analysis that ends now from opening its cases in between.
    locks.lock_owner(user.pk)
    user.review_consent_version = consent.REVIEW_VERSION
    user.review_consented_at = clock.now()
    user.save(update_fields=["review_consent_version", "review_consented_at"])
    cases.open_all(user)


@transaction.atomic
def withdraw(user: User) -> int:
    """Withdraw a user's consent: their faces leave the queue and all later exports.

    Return how many cases were open.
    """
    locks.lock_owner(user.pk)
    user.review_consent_version, user.review_consented_at = "", None
    user.save(update_fields=["review_consent_version", "review_consented_at"])
    return cases.close_all(user)
