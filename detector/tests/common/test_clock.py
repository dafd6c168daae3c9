"""Hosts with wrong clocks: only the database's clock counts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from detector import tasks
from detector.analyses import explanations, leases, queueing, submission
from detector.analyses import selectors as analysis_selectors
from detector.api import idempotency
from detector.common import audit, clock, outbound
from detector.enums import DeliveryStatus, FineTuneStatus, ReviewKind, Source, Status
from detector.exceptions import DetectorError
from detector.learning import runner
from detector.models import (
    Analysis,
    AuditEntry,
    Explanation,
    FineTune,
    IdempotentCall,
    Photo,
    Review,
    ReviewCase,
    User,
    VideoCorrection,
    WebhookDelivery,
    WorkerHeartbeat,
)
from detector.operations import erased, heartbeats, liveness
from detector.photos import erasure, retention, trash
from detector.reviews import queue as review_queue
from detector.reviews.verdicts import keep, undo
from detector.tests.factories import (
    AnalysisFactory,
    FaceFactory,
    ModelVersionFactory,
    UserFactory,
    VideoFactory,
    WebhookDeliveryFactory,
    with_timeline,
)
from detector.videos import timeline
from detector.web import health
from detector.webhooks import deliveries

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wrong_clocks")]
MakePicture = Callable[..., SimpleUploadedFile]
OFF = [pytest.param(timedelta(hours=hours), id=f"{hours:+}h") for hours in (-1, 1)]


def elsewhere(off: timedelta) -> Any:
    """Run a block as on a host whose clock is wrong by this much."""
    return time_machine.travel(timezone.now() + off)


def test_it_is_the_databases() -> None:
    before = timezone.now()
    with elsewhere(timedelta(days=400)):
        moment = clock.now()
    assert before <= moment < before + timedelta(minutes=1)
    assert moment.utcoffset() == timedelta(0)


def test_what_was_written_before_is_never_later() -> None:
    for _ in range(200):
        assert timezone.now() <= clock.now()


def test_what_it_says_is_stored_and_compared_as_it_is() -> None:
    moment = clock.now()
    kept = Analysis.objects.get(pk=AnalysisFactory.create(queued_at=moment).pk)
    assert kept.queued_at == moment
    assert Analysis.objects.filter(queued_at__lte=moment).exists()
    assert not Analysis.objects.filter(queued_at__lt=moment).exists()
    second = moment.replace(microsecond=0)
    Analysis.objects.update(queued_at=second)
    assert Analysis.objects.filter(queued_at__lt=second + timedelta(microseconds=1)).exists()


@pytest.mark.parametrize("off", OFF)
def test_an_upload_is_done_and_the_site_is_ready(
    owner: User,
    picture: MakePicture,
    sent: list[Any],
    off: timedelta,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        submission.submit(owner, [picture(), picture()], Source.WEB)
    with elsewhere(off):
        heartbeats.announce("far:1")
        heartbeats.beat("far:1")
        sent.clear()  # the messages were lost; the sweep finds the rows
        Analysis.objects.update(sent_at=None)
        assert queueing.sweep() == 2
        for pk in sent:
            tasks.analyse(str(pk))
    assert set(Analysis.objects.values_list("status", flat=True)) == {Status.DONE}
    health._recent_checks.cache_clear()
    assert Client().get("/readyz").json()["checks"]["worker"] == "ok"


@pytest.mark.parametrize("off", OFF)
def test_nobody_takes_what_another_host_holds(off: timedelta) -> None:
    waiting = {"status": Status.QUEUED, "finished_at": None, "model_version": None}
    held = leases.claim(AnalysisFactory.create(**waiting).pk)
    assert held is not None
    with elsewhere(off):
        assert leases.claim(held.pk) is None
        assert leases.release_abandoned() == 0
        leases.renew(held)
        leases.fail(held, DetectorError("passing", "It may pass.", permanent=False))
    due = Analysis.objects.get(pk=held.pk).due_at
    assert timedelta(0) < due - timezone.now() < timedelta(minutes=1)


@pytest.mark.parametrize("off", OFF)
def test_the_heart_of_another_host_is_heard(off: timedelta) -> None:
    heartbeats.announce("near:1")
    with elsewhere(off * 30):
        heartbeats.beat("far:1")
        assert liveness.worker_alive()
    assert WorkerHeartbeat.objects.filter(name="near:1").exists()


@pytest.mark.parametrize("off", OFF)
def test_deliveries_are_tried_and_held_by_one_clock(
    off: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "post", lambda *_: outbound.Reply(500, ""))
    delivery = WebhookDeliveryFactory.create()
    with elsewhere(off):
        assert deliveries.due(10) == [delivery.pk]
        deliveries.deliver(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.attempts, delivery.status) == (1, DeliveryStatus.WAITING)
    assert timedelta(0) < delivery.due_at - timezone.now() < timedelta(minutes=1)
    WebhookDelivery.objects.update(
        due_at=timezone.now(), leased_until=clock.now() + deliveries.LEASE
    )
    with elsewhere(off):
        assert deliveries.due(10) == []


@pytest.mark.parametrize("off", OFF)
def test_what_waits_and_what_is_kept(owner: User, analysed: Analysis, off: timedelta) -> None:
    explanations.request(analysed.faces.get())
    idempotency.once(owner, key="k", request_sha256="0", make=_outcome, patience=0)
    trash.discard(owner, [analysed.photo_id])
    User.objects.update(keep_photos_days=30)
    Photo.objects.update(uploaded_at=timezone.now() - timedelta(days=30) + timedelta(minutes=30))
    IdempotentCall.objects.update(created_at=timezone.now() - timedelta(hours=23, minutes=30))
    with elsewhere(off):
        assert explanations.sweep() == 0
        assert idempotency.delete_old() == 0
        assert trash.empty(trash.kept_since()) == 0
        assert retention.erase_outlived(clock.now()) == 0
    assert Explanation.objects.get().is_waiting


def test_a_tombstone_has_the_right_moment(owner: User, analysed: Analysis) -> None:
    """By it a restore knows what must not come back, also after a host that began in the past."""
    before = clock.now()
    with elsewhere(timedelta(days=-9000)):
        erasure.delete_photo(analysed.photo)
        audit.record(owner, "photo.viewed", owner)
    assert list(erased.since(before)) == [f"photo {audit.tombstone(analysed.photo_id)}"]
    assert AuditEntry.objects.filter(at__gte=before, at__lte=clock.now()).count() == 2


@pytest.mark.parametrize("off", OFF)
def test_a_face_is_one_reviewers_alone(off: timedelta) -> None:
    reviewer = UserFactory.create()
    case = ReviewCase.objects.create(
        face=FaceFactory.create(), created_at=clock.now(), claimed_by=reviewer,
        claimed_until=clock.now() + timedelta(minutes=5),
    )  # fmt: skip
    with elsewhere(off):
        assert not ReviewCase.objects.filter(review_queue.unclaimed()).exists()
        keep(reviewer, [case.pk])
    case.refresh_from_db()
    assert case.claimed_until is not None
    assert case.claimed_until - timezone.now() < timedelta(minutes=6)


@pytest.mark.parametrize("off", OFF)
def test_training_on_another_host_is_not_given_up(fine_tune: FineTune, off: timedelta) -> None:
    with elsewhere(off):
        assert runner.fail_silent() == 0
    fine_tune.refresh_from_db()
    assert fine_tune.status == FineTuneStatus.RUNNING


@pytest.fixture
def fine_tune(db: None) -> FineTune:
    from detector.models import ReviewedExport

    export = ReviewedExport.objects.create(name="r", path="r.npz", sha256="0" * 64, faces=1)
    return FineTune.objects.create(
        name="v", base=ModelVersionFactory.create(), reviewed=export,
        status=FineTuneStatus.RUNNING, heard_at=clock.now(),
    )  # fmt: skip


@pytest.mark.parametrize("off", OFF)
def test_a_renewal_asked_for_by_another_host_is_seen(analysed: Analysis, off: timedelta) -> None:
    """Ids come from the clocks of hosts, so `queued_at` tells which analysis is newer."""
    assert queueing.analyse_again(analysed.owner, [analysed.photo_id]) == 1
    there = UUID(int=analysed.pk.int + (int(off.total_seconds() * 1000) << 80))
    Analysis.objects.exclude(pk=analysed.pk).update(id=there)
    renewal = analysis_selectors.renewal_of(analysed)
    assert renewal is not None
    assert renewal.pk == there


def _outcome() -> Any:
    return idempotency.Outcome()


def test_the_latest_word_counts_wherever_it_was_said(owner: User) -> None:
    video = with_timeline(VideoFactory.create(owner=owner))
    reviewer, now = UserFactory.create(), clock.now()
    # Ids come from the clocks of hosts.
    for number, verdict, ago in ((2, "sad", 2), (1, "fear", 1)):
        said = {"pk": UUID(int=number), "created_at": now - timedelta(seconds=ago)}
        track = video.tracks.get()
        VideoCorrection.objects.create(track=track, start=0, end=1, emotion=verdict, **said)
        face = FaceFactory.create()
        Review.objects.create(
            face=face, reviewer=reviewer, kind=ReviewKind.REVIEWER, verdict=verdict, **said
        )
    [lane] = timeline.lanes_of(video)
    assert set(lane.as_dict()["frames"]["emotions"]) == {"fear"}
    undo(reviewer)
    assert Review.objects.get().verdict == "sad"
