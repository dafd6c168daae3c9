"""Fixtures of reviews."""

import pytest
from pytest_django.fixtures import Settings

from detector.models import User
from detector.reviews import consent as review_consent


@pytest.fixture(autouse=True)
def _single(settings: Settings) -> None:
    settings.REVIEW_DOUBLE_SHARE = 0.0


@pytest.fixture
def willing(owner: User) -> User:
    review_consent.agree(owner)
    return owner
