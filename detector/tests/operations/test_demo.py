"""Demo photos: created, marked and removed."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from detector.analyses import selectors as analysis_selectors
from detector.insights import totals
from detector.models import Analysis, DailyEmotion, Face, Photo, User
from detector.operations import demo
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


@pytest.mark.parametrize("photos", [10, 11, 25, 40])
def test_a_long_history_consists_of_copies(
    owner: User, monkeypatch: pytest.MonkeyPatch, photos: int
) -> None:
    monkeypatch.setattr(demo, "MOST_DRAWN", 10)
    call_command("seed_demo", user=owner.username, photos=photos)
    made_up = Photo.objects.filter(owner=owner, is_demo=True)
    assert made_up.count() == Analysis.objects.filter(superseded=False).count() == photos
    assert made_up.values("taken_at").distinct().count() == photos
    assert len(stored()) == made_up.values("image").distinct().count() <= 19
    for image in made_up.values_list("image", flat=True).distinct():
        found = Analysis.objects.filter(photo__image=image).prefetch_related("faces", "photo__tags")
        contents = {
            (
                analysis.photo.width,
                analysis.best_confidence,
                tuple(sorted(tag.name for tag in analysis.photo.tags.all())),
                tuple((face.index, face.emotion, face.confidence) for face in analysis.faces.all()),
            )
            for analysis in found
        }
        assert len(contents) == 1
    assert totals.summary(owner).photos == photos
    assert totals.summary(owner).faces == Face.objects.count()
    call_command("seed_demo", user=owner.username, remove=True)
    assert (Photo.objects.count(), stored()) == (0, [])


def test_who_is_not_there_gets_nothing(db: None) -> None:
    with pytest.raises(CommandError, match="nobody"):
        call_command("seed_demo", user="nobody")
