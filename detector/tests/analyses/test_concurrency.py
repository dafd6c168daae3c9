"""Concurrent changes, on a real database."""

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from detector.analyses import (
    explanations,
    leases,
    pipeline,
    queueing,
    reanalysis,
    submission,
    turns,
)
from detector.enums import Emotion, ModelStatus, Source, Status
from detector.exceptions import DetectorError
from detector.insights import rollups
from detector.models import (
    Analysis,
    DailyEmotion,
    Explanation,
    Face,
    Photo,
    Reanalysis,
    ReviewCase,
    User,
)
from detector.photos import erasure, trash
from detector.reviews import consent as review_consent
from detector.reviews import verdicts
from detector.tests.factories import (
    AnalysisFactory,
    FaceFactory,
    ModelVersionFactory,
    PhotoFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)

Result = TypeVar("Result")
AT_ONCE = 8


def at_once(call: Callable[[], Result]) -> list[Result]:
    def run(_: int) -> Result:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run, range(AT_ONCE)))


def test_one_of_many_workers_claims() -> None:
    analysis = AnalysisFactory.create(
        status=Status.QUEUED, finished_at=None, model_version=None, due_at=timezone.now()
    )
    claims = at_once(lambda: leases.claim(analysis.pk))
    assert sum(claim is not None for claim in claims) == 1
    assert Analysis.objects.get().attempt == 1


def test_workers_that_choose_at_once_get_a_photo_each(monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = UserFactory.create(), UserFactory.create()
    for owner in [ann] * (2 * AT_ONCE) + [bob]:
        queueing.queue(PhotoFactory.create(owner=owner))
    claimed: list[UUID] = []
    monkeypatch.setattr(pipeline, "_run_claimed", lambda analysis: claimed.append(analysis.pk))
    at_once(turns.take)
    assert len(set(claimed)) == len(claimed) == AT_ONCE
    running = Analysis.objects.filter(status=Status.RUNNING)
    assert set(running.values_list("pk", flat=True)) == set(claimed)
    assert running.filter(owner=bob).count() == 1


def test_equal_uploads_at_once_make_one_photo(
    owner: User, picture: Callable[..., SimpleUploadedFile]
) -> None:
    content = picture().open().read()

    def upload() -> Any:
        file = SimpleUploadedFile("same.jpg", content)
        return submission.submit(owner, [file], Source.API).accepted[0].pk

    assert len(set(at_once(upload))) == 1
    assert Photo.objects.count() == Analysis.objects.count() == 1


def test_counts_are_not_lost() -> None:
    face = FaceFactory.create(emotion=Emotion.HAPPY, confidence=0.5)
    photo = face.analysis.photo

    def add() -> None:
        with transaction.atomic():
            rollups.add(photo)

    at_once(add)
    row = DailyEmotion.objects.get()
    assert (row.faces, row.confidence_sum) == (AT_ONCE, AT_ONCE * 0.5)


def test_photos_with_the_same_faces_in_another_order_do_not_block_each_other() -> None:
    owner = UserFactory.create()
    emotions = list(Emotion)
    turn = itertools.count()

    def add() -> None:
        order = emotions if next(turn) % 2 else emotions[::-1]
        photo = AnalysisFactory.create(photo__owner=owner).photo
        for index, emotion in enumerate(order):
            FaceFactory.create(analysis=photo.analyses.get(), index=index, emotion=emotion)
        with transaction.atomic():
            rollups.add(photo)

    at_once(add)
    assert set(DailyEmotion.objects.values_list("faces", flat=True)) == {AT_ONCE}


def test_no_two_reviewers_are_given_the_same_face() -> None:
    owner = UserFactory.create()
    for _ in range(AT_ONCE):
        FaceFactory.create(analysis__photo__owner=owner)
    review_consent.agree(owner)
    waiting = iter([UserFactory.create() for _ in range(AT_ONCE)])
    given: list[ReviewCase | None] = []

    def ask() -> None:
        given.append(verdicts.next_case(next(waiting)))

    at_once(ask)
    assert None not in given
    assert len({case.pk for case in given if case}) == AT_ONCE


def test_verdicts_and_a_withdrawal_at_once_wait_for_nobody_for_ever(settings: Settings) -> None:
    settings.REVIEW_DOUBLE_SHARE = 0.0
    owner = UserFactory.create()
    faces = [FaceFactory.create(analysis__photo__owner=owner) for _ in range(AT_ONCE)]
    with transaction.atomic():
        for face in faces:
            rollups.add(face.analysis.photo)
    review_consent.agree(owner)
    people = [UserFactory.create() for _ in range(AT_ONCE)]
    held = [verdicts.next_case(person) for person in people]
    turn = itertools.count()

    def judge() -> None:
        number = next(turn)
        case = held[number]
        if number == AT_ONCE // 2:
            review_consent.withdraw(owner)
        elif case is not None:
            # The owner may have withdrawn consent by now.
            with suppress(DetectorError):
                verdicts.give_verdict(case.pk, people[number], "sad")

    at_once(judge)
    assert not ReviewCase.objects.filter(status="open").exists()
    judged = ReviewCase.objects.count()
    shown = dict(DailyEmotion.objects.values_list("emotion", "faces"))
    assert shown.get("sad", 0) == judged
    assert sum(shown.values()) == AT_ONCE


def test_adding_and_removing_at_once_comes_out_right() -> None:
    face = FaceFactory.create(emotion=Emotion.HAPPY, confidence=0.5)
    photo = face.analysis.photo
    turn = itertools.count()

    def change() -> None:
        with transaction.atomic():
            rollups.add(photo)
        if next(turn) % 2:
            with transaction.atomic():
                rollups.remove(photo)

    at_once(change)
    assert DailyEmotion.objects.get().faces == AT_ONCE / 2


def test_account_deleted_while_photos_come_in(
    owner: User, picture: Callable[..., SimpleUploadedFile]
) -> None:
    turn = itertools.count()
    files = [picture() for _ in range(AT_ONCE)]

    def act() -> None:
        number = next(turn)
        if number == AT_ONCE // 2:
            erasure.delete_account(owner)
        else:
            submission.submit(owner, [files[number]], Source.WEB)

    at_once(act)
    assert not User.objects.exists()
    assert not Photo.objects.exists()


def test_a_photo_in_and_out_of_the_bin_and_analysed_again_at_once_counts_once() -> None:
    owner = UserFactory.create()
    photos = [FaceFactory.create(analysis__photo__owner=owner).analysis.photo for _ in range(3)]
    rollups.rebuild(owner)
    ids = [photo.pk for photo in photos]
    acts = itertools.cycle(
        [
            lambda: trash.discard(owner, ids),
            lambda: trash.restore(owner, ids),
            lambda: queueing.analyse_again(owner, ids),
        ]
    )
    at_once(lambda: next(acts)())
    at_once(lambda: next(acts)())
    in_rollup = sum(DailyEmotion.objects.values_list("faces", flat=True))
    rollups.rebuild(owner)
    assert in_rollup == sum(DailyEmotion.objects.values_list("faces", flat=True))
    assert Analysis.objects.filter(superseded=False).count() == len(photos)


def test_the_bin_is_emptied_or_a_photo_comes_back_never_half() -> None:
    owner = UserFactory.create()
    photos = [FaceFactory.create(analysis__photo__owner=owner).analysis.photo for _ in range(4)]
    ids = [photo.pk for photo in photos]
    trash.discard(owner, ids)
    acts = itertools.cycle([lambda: trash.empty(timezone.now()), lambda: trash.restore(owner, ids)])
    at_once(lambda: next(acts)())
    left = Photo.objects.count()
    assert not Photo.objects.exclude(deleted_at=None).exists()
    assert sum(DailyEmotion.objects.values_list("faces", flat=True)) == left


def test_a_heat_map_is_asked_for_while_the_photo_is_erased(explain_sent: list[UUID]) -> None:
    faces = [FaceFactory.create() for _ in range(AT_ONCE)]
    turn = itertools.count()

    def act() -> None:
        face = faces[next(turn) // 2]
        erasure.delete_photo(face.analysis.photo)

    def ask() -> None:
        with suppress(Face.DoesNotExist):
            explanations.request(faces[next(turn) // 2])

    acts = itertools.cycle([ask, act])
    at_once(lambda: next(acts)())
    assert Photo.objects.count() == AT_ONCE / 2
    assert not Explanation.objects.exists()


def test_workers_that_advance_a_reanalysis_at_once_take_up_no_more_than_one() -> None:
    faces = FaceFactory.create_batch(5)
    model = ModelVersionFactory.create(name="better", status=ModelStatus.ACTIVE)
    reanalysis.start(model=model, actor=None)
    taken = [analysis_id for ids in at_once(reanalysis.advance) for analysis_id in ids]
    assert len(taken) == len(set(taken)) == 2
    newest = sorted(face.analysis.photo_id for face in faces)[-2:]
    assert set(Analysis.objects.filter(pk__in=taken).values_list("photo", flat=True)) == set(newest)


def test_an_account_goes_while_its_reanalysis_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = UserFactory.create()
    FaceFactory.create_batch(2, analysis__photo__owner=owner)
    model = ModelVersionFactory.create(name="better", status=ModelStatus.ACTIVE)
    reanalysis.start(model=model, actor=None, owner=owner)
    has_locked, real = threading.Event(), reanalysis._advance

    def advance(campaign: Reanalysis) -> list[UUID]:
        has_locked.set()
        time.sleep(0.3)
        return real(campaign)

    def act(number: int) -> None:
        try:
            if number:
                reanalysis.advance()
            else:
                has_locked.wait(5)
                erasure.delete_account(owner)
        finally:
            connection.close()

    monkeypatch.setattr(reanalysis, "_advance", advance)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(act, range(2)))
    assert not Photo.objects.exists()
    assert not Reanalysis.objects.exists()
