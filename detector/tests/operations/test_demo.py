"""Demo photos: created, marked and removed."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from detector.analyses import selectors as analysis_selectors
from detector.insights import totals
from detector.models import DailyEmotion, Photo, User
from detector.tests.factories import AnalysisFactory


def stored() -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*.jpg") if path.is_file()]


def test_a_made_up_history_comes_and_goes(
    owner: User, django_capture_on_commit_callbacks: object
) -> None:
    own = AnalysisFactory.create(photo__owner=owner).photo
    before = stored()
    call_command("seed_demo", user=owner.username, photos=30)
    made_up = Photo.objects.filter(owner=owner, is_demo=True)
    assert made_up.count() == 30
    analyses = analysis_selectors.analyses_of(owner).filter(photo__is_demo=True)
    assert {analysis.model_version.name for analysis in analyses if analysis.model_version} == {
        "demo"
    }
    summary = totals.summary(owner)
    assert (summary.photos, summary.first_day is not None) == (31, True)
    assert len(stored()) == len(before) + 30
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        call_command("seed_demo", user=owner.username, remove=True)
    assert list(Photo.objects.all()) == [own]
    assert stored() == before
    assert not DailyEmotion.objects.exists()


def test_who_is_not_there_gets_nothing(db: None) -> None:
    with pytest.raises(CommandError, match="nobody"):
        call_command("seed_demo", user="nobody")
