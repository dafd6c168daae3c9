"""A turn of a worker: which analysis a message serves, and that owners really take turns."""

from collections import Counter
from collections.abc import Callable, Iterable
from uuid import UUID

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from detector.analyses import leases, line, pipeline, submission, turns
from detector.enums import UNDER_WAY, Source, Status
from detector.models import Analysis, User
from detector.tasks import analyse
from detector.tests.analyses.test_line import begin, end, joins
from detector.tests.factories import ModelVersionFactory, UserFactory
from detector.tests.stub_analyser import StubAnalyser

pytestmark = pytest.mark.django_db


def test_a_message_serves_whose_turn_it_is(
    owner: User, stranger: User, picture: Callable[..., SimpleUploadedFile]
) -> None:
    def upload(who: User, photos: int) -> list[Analysis]:
        files = [picture() for _ in range(photos)]
        return submission.submit(who, files, Source.WEB).accepted

    many, [other] = upload(owner, 3), upload(stranger, 1)
    done: list[UUID] = []
    for message in (*many, other, other):  # the last one is one too many
        analyse(str(message.pk))
        done += Analysis.objects.filter(status=Status.DONE).exclude(pk__in=done).values_list(
            "pk", flat=True
        )  # fmt: skip
    assert done == [many[0].pk, other.pk, many[1].pk, many[2].pk]
    assert not Analysis.objects.filter(status__in=UNDER_WAY).exists()


def test_who_loses_a_choice_chooses_again(
    owner: User, stranger: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    [first], [second] = joins(owner), joins(stranger)
    choices = iter([line.read(Analysis.objects.filter(pk=one.pk)) for one in (first, second)])
    monkeypatch.setattr(line, "next_due", lambda: next(choices))
    assert leases.claim(first.pk) is not None
    ran: list[UUID] = []
    monkeypatch.setattr(pipeline, "_run_claimed", lambda analysis: ran.append(analysis.pk))
    turns.take()
    assert ran == [second.pk]
    assert set(Analysis.objects.values_list("status", flat=True)) == {Status.RUNNING}


def test_what_follows_is_done_for_the_photo_that_was_analysed(
    owner: User,
    stranger: User,
    analyser: StubAnalyser,
    picture: Callable[..., SimpleUploadedFile],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [named] = submission.submit(owner, [picture()], Source.WEB).accepted
    [other] = submission.submit(stranger, [picture()], Source.WEB).accepted
    Analysis.objects.filter(pk=named.pk).update(turn=7)
    told: list[UUID] = []
    monkeypatch.setattr(turns, "_follow", told.append)
    analyse(str(named.pk))
    analyser.error = SoftTimeLimitExceeded()
    analyse(str(named.pk))
    assert told == [other.pk, named.pk]


Event = tuple[str, int, int]
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("joins"), st.integers(0, 3), st.integers(1, 5)),
        st.tuples(st.sampled_from(["begin", "end"]), st.just(0), st.just(0)),
    ),
    max_size=40,
)


@hypothesis_settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(EVENTS)
def test_while_an_owner_waits_nobody_else_is_served_more_than_twice(
    db: None, events: list[Event]
) -> None:
    with transaction.atomic():
        _hold_that_owners_take_turns(events)
        transaction.set_rollback(True)


def _hold_that_owners_take_turns(events: Iterable[Event]) -> None:
    version = ModelVersionFactory.create()
    owners = [UserFactory.create(username=f"owner {n}") for n in range(4)]
    waiting: dict[str, list[UUID]] = {owner.username: [] for owner in owners}
    # Of each owner: who was served since the owner waits for the next photo.
    since: dict[str, Counter[str]] = {name: Counter() for name in waiting}
    running: Analysis | None = None
    drain = [("begin", 0, 0), ("end", 0, 0)] * sum(photos for _, _, photos in events)
    for what, number, photos in (*events, ("end", 0, 0), *drain):
        if what == "joins":
            name = owners[number].username
            if not waiting[name]:
                since[name].clear()
            waiting[name] += [analysis.pk for analysis in joins(owners[number], photos)]
        elif what == "end" and running is not None:
            end(running, version)
            running = None
        elif what == "begin" and running is None and (running := begin()) is not None:
            name = running.owner.username
            assert waiting[name].pop(0) == running.pk
            assert all(count <= 2 for count in since[name].values())
            since[name].clear()
            for other in waiting.keys() - {name}:
                since[other][name] += 1
    assert not any(waiting.values())
