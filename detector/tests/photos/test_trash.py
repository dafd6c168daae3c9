"""The trash: photos in it are not counted, and can be restored completely."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone

from detector.analyses import selectors as analysis_selectors
from detector.analyses import submission
from detector.enums import Source, Status
from detector.insights import rollups, totals
from detector.models import Analysis, DailyEmotion, Photo, User
from detector.photos import erasure, trash
from detector.photos import selectors as photo_selectors
from detector.tests.stub_analyser import StubAnalyser

MakePicture = Callable[..., SimpleUploadedFile]
WorkOff = Callable[[], list[Analysis]]


def counted(owner: User) -> int:
    """Return the faces in the rollups, and check that a recount gives the same."""
    before = list(DailyEmotion.objects.filter(owner=owner).values_list("day", "emotion", "faces"))
    rollups.rebuild(owner)
    after = list(DailyEmotion.objects.filter(owner=owner).values_list("day", "emotion", "faces"))
    assert before == after
    return sum(faces for *_, faces in after)


def stored_files() -> list[Path]:
    return [path for path in Path(django_settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_what_is_in_the_bin_is_seen_nowhere_and_comes_back(analysed: Analysis, owner: User) -> None:
    ids = [analysed.photo_id]
    assert trash.discard(owner, ids) == 1
    assert trash.discard(owner, ids) == 0
    assert (
        analysis_selectors.analyses_of(owner).count()
        == photo_selectors.photos_of(owner).count()
        == 0
    )
    summary = totals.summary(owner)
    assert (summary.photos, summary.faces, counted(owner)) == (0, 0, 0)
    assert trash.restore(owner, ids) == 1
    assert trash.restore(owner, ids) == 0
    assert analysis_selectors.analysis_of_photo(owner, analysed.photo_id) == analysed
    assert counted(owner) == 1


def test_nobody_else_deletes_or_restores(analysed: Analysis, owner: User, stranger: User) -> None:
    ids = [analysed.photo_id]
    assert trash.discard(stranger, ids) == 0
    trash.discard(owner, ids)
    assert trash.restore(stranger, ids) == 0
    assert Photo.objects.get().deleted_at is not None


def test_a_photo_deleted_while_it_is_analysed_counts_when_it_comes_back(
    owner: User,
    picture: MakePicture,
    work_off: WorkOff,
    analyser: StubAnalyser,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        [analysis] = submission.submit(owner, [picture()], Source.WEB).accepted
    analyser.before_answer = lambda: trash.discard(owner, [analysis.photo_id])
    assert work_off()[0].status == Status.DONE
    assert counted(owner) == 0
    trash.restore(owner, [analysis.photo_id])
    assert counted(owner) == 1


def test_uploading_a_deleted_photo_brings_it_back(
    owner: User, picture: MakePicture, work_off: WorkOff, django_capture_on_commit_callbacks: Any
) -> None:
    content = picture().open().read()
    with django_capture_on_commit_callbacks(execute=True):
        submission.submit(owner, [SimpleUploadedFile("a.jpg", content)], Source.WEB)
    [first] = work_off()
    trash.discard(owner, [first.photo_id])
    again = submission.submit(owner, [SimpleUploadedFile("a.jpg", content)], Source.WEB)
    assert again.duplicates == {first.pk}
    assert analysis_selectors.analysis_of_photo(owner, first.photo_id) == first
    assert counted(owner) == 1


def test_uploading_a_photo_that_is_erased_at_this_moment_stores_it_anew(
    owner: User, picture: MakePicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = picture().open().read()
    [first] = submission.submit(owner, [SimpleUploadedFile("a.jpg", content)], Source.WEB).accepted
    trash.discard(owner, [first.photo_id])

    def too_late(*_: Any) -> int:
        return trash.empty(timezone.now())

    monkeypatch.setattr(trash, "restore", too_late)
    again = submission.submit(owner, [SimpleUploadedFile("a.jpg", content)], Source.WEB)
    assert again.duplicates == set()
    assert Photo.objects.get().pk == again.accepted[0].photo_id != first.photo_id


def test_purge_erases_what_lay_there_long_enough(
    analysed: Analysis,
    owner: User,
    settings: Any,
    capsys: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.BIN_DAYS = 3
    trash.discard(owner, [analysed.photo_id])
    for days, left in ((2, 1), (4, 0)):
        Photo.objects.update(deleted_at=timezone.now() - timedelta(days=days))
        with django_capture_on_commit_callbacks(execute=True):
            call_command("purge_expired")
        assert Photo.objects.count() == left
        assert bool(stored_files()) == bool(left)
    assert capsys.readouterr().out.splitlines() == [
        f"{count} photos, 0 videos and 0 live sessions erased" for count in (0, 1)
    ]
    assert counted(owner) == 0


def test_erasing_from_the_bin_does_not_count_twice(
    analysed: Analysis,
    owner: User,
    picture: MakePicture,
    work_off: WorkOff,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        submission.submit(owner, [picture()], Source.WEB)
    work_off()
    trash.discard(owner, [analysed.photo_id])
    erasure.delete_photo(analysed.photo)
    assert counted(owner) == 1
