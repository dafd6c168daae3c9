"""Counts what a fault cost: in the platform's own rows and files, by a process of its own."""

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from detector.tests.e2e.platform import Platform

FACES_A_PHOTO = 1


@dataclass(frozen=True)
class Audit:
    """Of one person's uploads; the files are those of all."""

    uploads: int
    lost: int
    failed: int
    double: int
    miscounted: int
    orphan_files: int
    rows_without_files: int


def ask(platform: Platform, call: str) -> Any:
    """Return what a function below returns, run beside the platform."""
    code = (
        "import json; from detector.tests.e2e import chaos_audit; "
        f"print('ANSWER' + json.dumps(chaos_audit.{call}))"
    )
    return json.loads(platform.manage("shell", "-c", code).rpartition("ANSWER")[2])


def audit(platform: Platform, user: str, accepted: list[str]) -> Audit:
    """Count, once nothing is under way: files are looked at after the caretaker's hourly round."""
    return Audit(**ask(platform, f"count({user!r}, {accepted!r})"))


# What follows runs in a process with Django.


def tokens(usernames: list[str]) -> dict[str, str]:
    """Create users with a token each."""
    from detector.accounts.tokens import DEFAULT_SCOPES, create_token
    from detector.models import User

    made = {}
    for name in usernames:
        user = User.objects.create_user(name, f"{name}@example.com")
        made[name] = create_token(user, name="chaos", scopes=DEFAULT_SCOPES)[1]
    return made


def count(username: str, accepted: list[str]) -> dict[str, int]:
    """Return the figures of an audit."""
    from detector.insights import totals
    from detector.models import Analysis, Face, User, Video

    user = User.objects.get(username=username)
    analyses = list(Analysis.objects.filter(owner=user))
    rows: list[Any] = [*analyses, *Video.objects.filter(owner=user)]
    ids = {str(row.pk) for row in rows}
    done = [analysis for analysis in analyses if analysis.status == "done"]
    faces = Face.objects.filter(analysis__in=done).count()
    found = Audit(
        uploads=len(set(accepted)),
        lost=len(set(accepted) - ids),
        failed=sum(row.status == "failed" for row in rows),
        double=len(ids - set(accepted)) + abs(faces - FACES_A_PHOTO * len(done)),
        miscounted=abs(totals.summary(user).faces - faces),
        orphan_files=_orphans(),
        rows_without_files=_rows_without_files(),
    )
    return asdict(found)


def under_way(username: str = "") -> int:
    """Return how many photos and videos, of a person or of all, wait or are analysed."""
    from detector.enums import UNDER_WAY
    from detector.models import Analysis, Video

    of_whom = {"owner__username": username} if username else {}
    return sum(
        model.objects.filter(status__in=UNDER_WAY, **of_whom).count() for model in (Analysis, Video)
    )


def working(pids: list[int]) -> int:
    """Return how many of these processes are workers that have taken something."""
    from detector.models import WorkerHeartbeat

    names = WorkerHeartbeat.objects.exclude(taken_at=None).values_list("name", flat=True)
    return sum(any(f":{pid}:" in name for name in names) for pid in pids)


def claims_of(username: str) -> int:
    """Return how often workers claimed photos of a person."""
    from django.db.models import Sum

    from detector.models import Analysis

    rows = Analysis.objects.filter(owner__username=username)
    return int(rows.aggregate(n=Sum("attempt"))["n"] or 0)


def outcomes(username: str) -> list[tuple[str, str]]:
    """Return status and error code of each analysis of a person."""
    from detector.models import Analysis

    rows = Analysis.objects.filter(owner__username=username)
    return list(rows.values_list("status", "error_code"))


def repeat_messages() -> int:
    """Send three messages for each row, and some for no row, in any order. Return how many."""
    import random
    from uuid import uuid4

    from detector.common import dispatch
    from detector.common.dispatch import TaskName
    from detector.models import Analysis, Video

    newest = Analysis.objects.order_by("-pk").values_list("pk", flat=True)[:50]
    messages = [(TaskName.ANALYSE, pk) for pk in [*newest, uuid4()]]
    messages += [(TaskName.VIDEO, pk) for pk in [*Video.objects.values_list("pk", flat=True)[:5]]]
    messages += [(name, uuid4()) for name in (TaskName.EXPLAIN, TaskName.DELIVER, TaskName.VIDEO)]
    messages *= 3
    random.shuffle(messages)
    return sum(dispatch.send(name, pk) for name, pk in messages)


_ERASED: dict[str, Any] = {}


def erase(username: str) -> None:
    """Erase an account, and remember what identified it."""
    from detector.accounts.erasure import erase_account
    from detector.accounts.identity import identity_of
    from detector.models import User

    user = User.objects.get(username=username)
    _ERASED[username] = identity_of(user)
    erase_account(user, full_search=True)


def traces_of(username: str) -> dict[str, Any]:
    """Return what is left of an erased account anywhere, by place; `traces` is the number."""
    from detector.accounts import traces

    return traces.search(_ERASED[username]).as_dict()


def _stored() -> set[str]:
    from django.core.files.storage import default_storage

    def below(folder: str) -> Any:
        folders, files = default_storage.listdir(folder)
        yield from (f"{folder}/{name}".lstrip("/") for name in files)
        for name in folders:
            yield from below(f"{folder}/{name}".lstrip("/"))

    return set(below(""))


def _named() -> set[str]:
    """Return the names of files in the rows of every model."""
    from django.apps import apps
    from django.db.models import FileField

    names: set[str] = set()
    for model in apps.get_models():
        fields = [f.attname for f in model._meta.concrete_fields if isinstance(f, FileField)]
        if fields:
            rows = model._base_manager.values_list(*fields)
            names |= {name for row in rows for name in row if name}
    return names


def _orphans() -> int:
    """Return how many files should not be there, after the job that removes them.

    No row names them, or they are of photos whose result alone is kept.
    """
    from detector.models import Photo
    from detector.photos import orphans

    orphans.MIN_AGE = timedelta(0)
    orphans.remove_orphans()
    ended = Photo.objects.filter(forget=True, analyses__status__in=("done", "failed"))
    unforgotten = ended.filter(forgotten_at=None).distinct().count()
    return len(_stored() - _named()) + unforgotten


def _rows_without_files() -> int:
    """Return how many files are missing that a row names, or that a row should name."""
    from detector.models import Photo

    done = Photo.objects.filter(forget=False, is_demo=False, analyses__status="done")
    nameless = done.filter(image="").distinct().count()
    return len(_named() - _stored()) + nameless
