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


def audit(platform: Platform, user: str, accepted: list[str]) -> Audit:
    """Count, once nothing is under way: files are looked at after the caretaker's hourly round."""
    code = (
        "from detector.tests.e2e.chaos_audit import count; "
        f"print('AUDIT' + count({user!r}, {json.dumps(accepted)}))"
    )
    said = platform.manage("shell", "-c", code).rpartition("AUDIT")[2]
    return Audit(**json.loads(said))


def make_tokens(platform: Platform, users: list[str]) -> dict[str, str]:
    """Create tokens of new users in one process."""
    code = f"from detector.tests.e2e.chaos_audit import tokens; print('TOKENS' + tokens({users!r}))"
    made: dict[str, str] = json.loads(platform.manage("shell", "-c", code).rpartition("TOKENS")[2])
    return made


def tokens(usernames: list[str]) -> str:
    """Create the tokens and return them as JSON; for a process with Django."""
    from detector.accounts.tokens import DEFAULT_SCOPES, create_token
    from detector.models import User

    made = {}
    for name in usernames:
        user = User.objects.create_user(name, f"{name}@example.com", "correct horse battery")
        made[name] = create_token(user, name="chaos", scopes=DEFAULT_SCOPES)[1]
    return json.dumps(made)


def count(username: str, accepted: list[str]) -> str:
    """Return the figures as JSON; for a process with Django."""
    from detector.insights import totals
    from detector.models import Analysis, Face, User

    user = User.objects.get(username=username)
    analyses = list(Analysis.objects.filter(owner=user))
    ids = {str(analysis.pk) for analysis in analyses}
    done = [analysis for analysis in analyses if analysis.status == "done"]
    faces = Face.objects.filter(analysis__in=done).count()
    found = Audit(
        uploads=len(accepted),
        lost=len(set(accepted) - ids),
        failed=sum(analysis.status == "failed" for analysis in analyses),
        double=len(ids - set(accepted)) + abs(faces - FACES_A_PHOTO * len(done)),
        miscounted=abs(totals.summary(user).faces - faces),
        orphan_files=_orphans(),
        rows_without_files=_rows_without_files(),
    )
    return json.dumps(asdict(found))


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
    """Return how many files no row names, after the job that removes them."""
    from detector.photos import orphans

    orphans.MIN_AGE = timedelta(0)
    orphans.remove_orphans()
    return len(_stored() - _named())


def _rows_without_files() -> int:
    return len(_named() - _stored())
