"""Leases of analyses."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from detector.analyses import leases, queueing
from detector.enums import Status
from detector.exceptions import DetectorError
from detector.models import Analysis
from detector.tests.factories import AnalysisFactory, ModelVersionFactory

PASSING = DetectorError("passing", "It may pass.", permanent=False)
LASTING = DetectorError("lasting", "It will not pass.")

pytestmark = pytest.mark.django_db


def queued(**changes: Any) -> Analysis:
    values = {"status": Status.QUEUED, "finished_at": None, "model_version": None}
    return AnalysisFactory.create(**{**values, "due_at": timezone.now(), **changes})


def expire(analysis: Analysis) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Analysis.objects.filter(pk=analysis.pk).update(lease_expires_at=past)


def claimed(**changes: Any) -> Analysis:
    analysis = leases.claim(queued(**changes).pk)
    assert analysis is not None
    return analysis


def test_only_one_claims() -> None:
    analysis = queued()
    first = leases.claim(analysis.pk)
    assert first is not None
    assert (first.status, first.attempt) == (Status.RUNNING, 1)
    assert leases.claim(analysis.pk) is None


@pytest.mark.parametrize("status", [Status.DONE, Status.FAILED])
def test_finished_ones_are_not_claimed(status: Status) -> None:
    code = "x" if status == Status.FAILED else ""
    assert leases.claim(AnalysisFactory.create(status=status, error_code=code).pk) is None


def test_not_claimed_before_it_is_due() -> None:
    assert leases.claim(queued(due_at=timezone.now() + timedelta(minutes=1)).pk) is None


def test_expired_lease_is_taken_over_and_the_loser_writes_nothing() -> None:
    loser = claimed()
    expire(loser)
    winner = leases.claim(loser.pk)
    assert winner is not None
    assert winner.attempt == 2
    version = ModelVersionFactory.create()
    with pytest.raises(leases.LeaseLostError):
        leases.renew(loser)
    with pytest.raises(leases.LeaseLostError):
        leases.complete(loser, model=version, timings_ms={})
    with pytest.raises(leases.LeaseLostError):
        leases.fail(loser, LASTING)
    leases.complete(winner, model=version, timings_ms={"detect": 1.0})
    winner.refresh_from_db()
    assert (winner.status, winner.model_version) == (Status.DONE, version)
    assert winner.lease_expires_at is None


def test_attempt_numbers_starting_anew_do_not_revive_an_old_worker() -> None:
    old = claimed()
    leases.fail(old, LASTING)
    old.refresh_from_db()
    queueing.retry(old)
    new = leases.claim(old.pk)
    assert new is not None
    assert new.attempt == 1
    assert new.started_at is not None
    old.attempt, old.started_at = 1, new.started_at - timedelta(seconds=1)
    with pytest.raises(leases.LeaseLostError):
        leases.renew(old)


def test_permanent_error_fails_at_once() -> None:
    analysis = claimed()
    leases.fail(analysis, LASTING)
    analysis.refresh_from_db()
    assert (analysis.status, analysis.error_code) == (Status.FAILED, "lasting")
    assert analysis.error_message == "It will not pass."
    assert analysis.finished_at is not None


def test_passing_error_waits_longer_each_time_and_gives_up_in_the_end(settings: Any) -> None:
    settings.ANALYSIS_MAX_ATTEMPTS = 3
    analysis = queued()
    waits = []
    for _ in range(2):
        attempt = leases.claim(analysis.pk)
        assert attempt is not None
        leases.fail(attempt, PASSING)
        analysis.refresh_from_db()
        assert analysis.status == Status.QUEUED
        waits.append((analysis.due_at - timezone.now()).total_seconds())
        Analysis.objects.update(due_at=timezone.now())
    assert waits[0] < waits[1]
    last = leases.claim(analysis.pk)
    assert last is not None
    leases.fail(last, PASSING)
    analysis.refresh_from_db()
    assert (analysis.status, analysis.error_code) == (Status.FAILED, "passing")


def test_abandoned_work_is_queued_again_or_given_up(settings: Any) -> None:
    settings.ANALYSIS_MAX_ATTEMPTS = 2
    first, second, alive = claimed(), claimed(attempt=1), claimed()
    expire(first)
    expire(second)
    assert leases.release_abandoned() == 2
    for analysis in (first, second, alive):
        analysis.refresh_from_db()
    assert first.status == Status.QUEUED
    assert (second.status, second.error_code) == (Status.FAILED, "worker_lost")
    assert alive.status == Status.RUNNING
