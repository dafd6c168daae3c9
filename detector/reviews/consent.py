"""Whether reviewers may see a person's faces: asked apart from the terms, taken back at once."""

from django.db import transaction

from detector import consent
from detector.common import clock, locks
from detector.models import User
from detector.reviews import cases


@transaction.atomic
def agree(user: User) -> None:
    """Note that a person agrees to reviews by the text of today, and queue what there is."""
    # An analysis that ends now opens its cases before or after this, never in between.
    locks.lock_owner(user.pk)
    user.review_consent_version = consent.REVIEW_VERSION
    user.review_consented_at = clock.now()
    user.save(update_fields=["review_consent_version", "review_consented_at"])
    cases.open_all(user)


@transaction.atomic
def withdraw(user: User) -> int:
    """Take a person's faces out of the queue and of all data exported later; how many waited."""
    locks.lock_owner(user.pk)
    user.review_consent_version, user.review_consented_at = "", None
    user.save(update_fields=["review_consent_version", "review_consented_at"])
    return cases.close_all(user)
