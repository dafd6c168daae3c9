"""Campaigns: the active model analyses old photos again, a few at a time, behind new uploads."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError

from detector import tasks
from detector.analyses import queueing, reanalysis, submission
from detector.enums import Emotion, ModelStatus, ReanalysisStatus, Source, Status, Verdict
from detector.exceptions import DetectorError
from detector.models import (
    Analysis,
    AuditEntry,
    DailyEmotion,
    Face,
    ModelVersion,
    Photo,
    Reanalysis,
    ReviewCase,
    User,
)
from detector.photos import trash
from detector.registry import networks
from detector.reviews import consent as review_consent
from detector.reviews import verdicts
from detector.tests.factories import FaceFactory, ModelVersionFactory, PhotoFactory, UserFactory
from detector.tests.stub_analyser import StubAnalyser, face

pytestmark = pytest.mark.django_db

Files = Callable[..., SimpleUploadedFile]


@pytest.fixture
def photos(
    owner: User,
    picture: Files,
    work_off: Callable[[], list[Analysis]],
    django_capture_on_commit_callbacks: Any,
) -> list[Analysis]:
    """Create five photos that the stub analysed, each with a happy face."""
    with django_capture_on_commit_callbacks(execute=True):
        submission.submit(owner, [picture() for _ in range(5)], Source.WEB)
    return work_off()


@pytest.fixture
def better(analyser: StubAnalyser, photos: list[Analysis]) -> ModelVersion:
    """Activate another network, which finds the same faces sad."""
    analyser.version, analyser.sha256 = "better", "1" * 64
    analyser.faces = [face(Emotion.SAD)]
    return _activate("better", "1" * 64)


def _activate(name: str, sha256: str) -> ModelVersion:
    ModelVersion.objects.filter(status=ModelStatus.ACTIVE).update(status=ModelStatus.RETIRED)
    version = ModelVersionFactory.create(name=name, sha256=sha256)
    version.status = ModelStatus.ACTIVE
    version.save()
    return version


def _work(sent: list[UUID]) -> None:
    """Do what a worker does with its messages, and with those that follow from them."""
    while sent:
        tasks.analyse(str(sent.pop(0)))


def test_a_campaign_reads_all_anew_and_keeps_what_was(
    better: ModelVersion, photos: list[Analysis], owner: User, sent: list[UUID]
) -> None:
    campaign = reanalysis.start(model=better, actor=owner)
    assert campaign.photos == 5
    queueing.resume_reanalysis()
    assert len(sent) == 2  # no more than so many at once
    _work(sent)
    campaign.refresh_from_db()
    assert campaign.status == ReanalysisStatus.FINISHED
    assert reanalysis.progress(campaign) == reanalysis.Progress(5, 5, 0, 0)
    current = Analysis.objects.filter(superseded=False)
    assert set(current.values_list("model_version__name", "faces__emotion")) == {("better", "sad")}
    kept = Analysis.objects.filter(pk__in=[a.pk for a in photos], superseded=True)
    assert set(kept.values_list("model_version__name", "faces__emotion")) == {("stub", "happy")}
    assert list(DailyEmotion.objects.values_list("emotion", "faces")) == [("sad", 5)]


def test_a_new_upload_goes_first(
    better: ModelVersion,
    owner: User,
    picture: Files,
    sent: list[UUID],
    django_capture_on_commit_callbacks: Any,
) -> None:
    reanalysis.start(model=better, actor=None)
    queueing.resume_reanalysis()
    with django_capture_on_commit_callbacks(execute=True):
        submission.submit(owner, [picture()], Source.WEB)
    order = []
    while sent:
        analysis = Analysis.objects.get(pk=sent.pop(0))
        order.append(analysis.reanalysis_id is None)
        tasks.analyse(str(analysis.pk))
    # First the two that were under way already, then the upload, and only then the others.
    assert order == [False, False, True, False, False, False]


def test_pause_resume_and_cancel(better: ModelVersion, owner: User, sent: list[UUID]) -> None:
    campaign = reanalysis.start(model=better, actor=owner)
    queueing.resume_reanalysis()
    assert reanalysis.pause(campaign, owner)
    assert not reanalysis.pause(campaign, owner)
    _work(sent)
    queueing.resume_reanalysis()
    assert not sent
    assert reanalysis.progress(campaign) == reanalysis.Progress(5, 2, 0, 0)
    assert reanalysis.resume(campaign, owner)
    queueing.resume_reanalysis()
    assert len(sent) == 2
    assert reanalysis.cancel(campaign, owner)
    assert campaign.is_ended
    _work(sent)
    assert reanalysis.progress(campaign).share == 4 / 5
    assert not reanalysis.resume(campaign, owner)
    written = AuditEntry.objects.filter(actor=owner).order_by("id").values_list("action", flat=True)
    steps = ["started", "paused", "running", "cancelled"]
    assert list(written) == [f"reanalysis.{step}" for step in steps]


def test_what_is_left_out(
    better: ModelVersion, photos: list[Analysis], owner: User, stranger: User, sent: list[UUID]
) -> None:
    other = FaceFactory.create(analysis__photo__owner=stranger).analysis
    PhotoFactory.create(owner=owner)  # without an analysis
    Photo.objects.filter(pk=photos[0].photo_id).update(is_demo=True)
    trash.discard(owner, [photos[1].photo_id])
    assert reanalysis.start(model=better, actor=None, owner=owner).photos == 3
    Reanalysis.objects.all().delete()
    campaign = reanalysis.start(model=better, actor=None, from_version=other.model_version)
    assert campaign.photos == 1
    # Its owner requested the same meanwhile: there are never two analyses under way.
    queueing.analyse_again(stranger, [other.photo_id])
    Analysis.objects.filter(status=Status.QUEUED).update(status=Status.RUNNING, **_LEASE)
    queueing.resume_reanalysis()
    assert not sent
    assert Analysis.objects.filter(photo=other.photo_id).count() == 2


_LEASE = {"lease_expires_at": "2100-01-01T00:00Z", "started_at": "2026-01-01T00:00Z"}


def test_it_stops_when_another_model_becomes_active(
    better: ModelVersion, owner: User, sent: list[UUID]
) -> None:
    campaign = reanalysis.start(model=better, actor=owner)
    best = _activate("best", "2" * 64)
    queueing.resume_reanalysis()
    campaign.refresh_from_db()
    assert (campaign.status, campaign.note) == (ReanalysisStatus.PAUSED, reanalysis.REPLACED)
    with pytest.raises(DetectorError, match="Only the active model"):
        reanalysis.resume(campaign, owner)
    assert reanalysis.start(model=best, actor=owner).photos == 5
    with pytest.raises(DetectorError, match="Only the active model"):
        reanalysis.start(model=better, actor=owner)
    with pytest.raises(DetectorError, match="Another re-analysis is running"):
        reanalysis.start(model=best, actor=owner)


def test_a_photo_that_fails_keeps_its_result(
    better: ModelVersion, analyser: StubAnalyser, owner: User, sent: list[UUID]
) -> None:
    analyser.error = DetectorError("file_missing", "The stored file is gone.")
    campaign = reanalysis.start(model=better, actor=owner)
    queueing.resume_reanalysis()
    _work(sent)
    assert reanalysis.progress(campaign) == reanalysis.Progress(5, 0, 5, 0)
    assert Analysis.objects.filter(superseded=False, status=Status.DONE).count() == 5
    assert list(DailyEmotion.objects.values_list("emotion", "faces")) == [("happy", 5)]
    campaign.refresh_from_db()
    assert campaign.status == ReanalysisStatus.FINISHED


def test_what_people_said_stays_with_the_face(
    better: ModelVersion,
    analyser: StubAnalyser,
    owner: User,
    photos: list[Analysis],
    sent: list[UUID],
) -> None:
    settled, corrected = (Face.objects.get(analysis=a) for a in photos[:2])
    review_consent.agree(owner)
    verdicts.correct(owner, corrected, Verdict.FEAR)
    reviewer = UserFactory.create()
    case = verdicts.next_case(reviewer, ReviewCase.objects.filter(face=settled))
    assert case is not None
    ReviewCase.objects.update(wanted=1)
    verdicts.give_verdict(case.pk, reviewer, Verdict.ANGRY)
    for analyser.sha256 in ("1" * 64, "2" * 64):
        reanalysis.start(model=_activate("better", analyser.sha256), actor=owner)
        queueing.resume_reanalysis()
        _work(sent)
    now = {face.analysis.photo_id: face for face in Face.objects.filter(analysis__superseded=False)}
    assert now[photos[0].photo_id].effective_emotion == "angry"
    assert now[photos[1].photo_id].effective_emotion == "fear"
    counts = dict(DailyEmotion.objects.values_list("emotion", "faces"))
    assert counts == {"angry": 1, "fear": 1, "sad": 3}
    # Reviewers have settled the one; the other and the rest are still in the queue.
    waiting = ReviewCase.objects.filter(face__analysis__superseded=False, status="open")
    assert set(waiting.values_list("face__analysis__photo", flat=True)) == {
        analysis.photo_id for analysis in photos[1:]
    }
    # The owner's word stays the last one, and can be taken back.
    case = ReviewCase.objects.get(face=now[photos[1].photo_id])
    case.wanted, case.claimed_by, case.claimed_until = 1, reviewer, case.created_at
    case.save()
    verdicts.give_verdict(case.pk, reviewer, Verdict.ANGRY)
    assert Face.objects.get(pk=case.face_id).effective_emotion == "fear"
    verdicts.take_back_correction(owner, case.face)
    assert Face.objects.get(pk=case.face_id).effective_emotion == "angry"


def test_a_dismissed_face_is_not_the_surest_of_a_renewal(
    better: ModelVersion, owner: User, photos: list[Analysis], sent: list[UUID]
) -> None:
    verdicts.correct(owner, Face.objects.get(analysis=photos[0]), Verdict.NOT_A_FACE)
    reanalysis.start(model=better, actor=owner)
    queueing.resume_reanalysis()
    _work(sent)
    current = Analysis.objects.filter(superseded=False)
    assert current.get(photo=photos[0].photo).best_confidence == 0
    assert current.get(photo=photos[1].photo).best_confidence > 0


def test_what_reviewers_settled_outlasts_a_correction_and_further_analyses(
    better: ModelVersion,
    analyser: StubAnalyser,
    owner: User,
    photos: list[Analysis],
    sent: list[UUID],
) -> None:
    def renew(sha256: str) -> Face:
        analyser.sha256 = sha256
        reanalysis.start(model=_activate("better", sha256), actor=owner)
        queueing.resume_reanalysis()
        _work(sent)
        return Face.objects.get(analysis__photo=photos[0].photo, analysis__superseded=False)

    face = Face.objects.get(analysis=photos[0])
    review_consent.agree(owner)
    ReviewCase.objects.update(wanted=1)
    reviewer = UserFactory.create()
    case = verdicts.next_case(reviewer, ReviewCase.objects.filter(face=face))
    assert case is not None
    verdicts.give_verdict(case.pk, reviewer, Verdict.ANGRY)
    face = renew("1" * 64)
    verdicts.correct(owner, face, Verdict.FEAR)
    face = renew("2" * 64)
    assert face.effective_emotion == "fear"
    # It was settled: nobody is asked again, also where the owner agrees anew.
    review_consent.withdraw(owner)
    review_consent.agree(owner)
    assert not ReviewCase.objects.filter(face=face).exists()
    verdicts.take_back_correction(owner, face)
    assert Face.objects.get(pk=face.pk).effective_emotion == "angry"
    counts = dict(DailyEmotion.objects.values_list("emotion", "faces"))
    assert counts == {"angry": 1, "sad": 4}


def test_the_command(better: ModelVersion, owner: User, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*options: str) -> str:
        call_command("reanalyse", *options)
        return capsys.readouterr().out.strip()

    with pytest.raises(CommandError, match="no re-analysis"):
        run("--pause")
    with pytest.raises(CommandError, match="No model is called"):
        run("--from-model", "nothing")
    assert run("--user", owner.email) == "running: 0 of 5 photos read with better, 0 failed"
    assert run("--pause").startswith("paused")
    assert run("--resume").startswith("running")
    assert run("--cancel").startswith("cancelled")
    assert run("--status").startswith("cancelled")
    _activate("stub", networks.analyser().sha256)
    with pytest.raises(CommandError, match="has read all these photos"):
        run("--from-model", "better")
