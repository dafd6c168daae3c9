"""An erasure says what it deleted, and the search after it finds a planted trace of any kind."""

import base64
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis
from django.apps import apps
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import transaction
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from detector.accounts import erasure, owned, receipts, traces
from detector.accounts.identity import Identity, identity_of
from detector.models import (
    Analysis,
    AuditEntry,
    ModelVersion,
    Photo,
    ReviewCase,
    ReviewedExport,
    User,
    WebhookEndpoint,
)
from detector.photos import erasure as photo_erasure
from detector.tests.factories import (
    LiveSessionFactory,
    VideoFactory,
    with_timeline,
)
from detector.tests.operations.full_system import fill
from detector.tests.people import logged_in
from detector.tests.services_needed import need_redis

pytestmark = pytest.mark.django_db
DETECTOR = Path(apps.get_app_config("detector").path)


@pytest.fixture
def full(
    case: ReviewCase, analysed: Analysis, owner: User, reviewer: User, api: APIClient,
    tmp_path: Path, settings: Settings,
) -> User:  # fmt: skip
    """Return an owner with rows of every kind, sessions, counted calls and waiting messages."""
    settings.REDIS_URL, settings.BROKER_FOLDER = "", tmp_path / "broker"
    fill(case, analysed, owner, reviewer)
    with_timeline(VideoFactory.create(owner=owner, sha256="b" * 64))
    LiveSessionFactory.create(owner=owner)
    logged_in(owner)
    file = SimpleUploadedFile("other.jpg", b"no photo")
    headers = {"Idempotency-Key": "k"}
    api.post("/api/v1/analyses/", {"images": [file]}, format="multipart", headers=headers)
    return owner


@pytest.fixture
def others(stranger: User, stranger_api: APIClient) -> User:
    """Return a stranger with a history, whose rows and files must stay."""
    with_timeline(VideoFactory.create(owner=stranger))
    LiveSessionFactory.create(owner=stranger)
    logged_in(stranger)
    assert stranger_api.get("/api/v1/me/").status_code == 200
    return stranger


def rows() -> "Counter[str]":
    """Count the rows of each kind, without the log and what Django knows of itself."""
    kinds = {
        str(model._meta.verbose_name_plural): model._base_manager.count()
        for model in owned.every_model()
        if model not in (AuditEntry, Session)
    }
    return Counter(kinds)


@pytest.fixture(autouse=True)
def _commits(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> None:
    """Let what follows the commit of an erasure follow, as outside of the tests' transaction."""
    real = photo_erasure.delete_account

    def delete(user: User) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            real(user)

    monkeypatch.setattr(photo_erasure, "delete_account", delete)


def erase(user: User) -> dict[str, Any]:
    return receipts.verify(erasure.erase_account(user, full_search=True))


def test_the_receipt_counts_what_is_gone_and_a_full_search_finds_nothing(
    full: User, others: User
) -> None:
    before, identity = rows(), identity_of(full)
    sessions, kept = Session.objects.count(), identity_of(others)
    found = traces.search(identity)
    # The search sees what is there: else it would prove nothing.
    assert {"detector_photo", "detector_video", "detector_user", "detector_webhookdelivery",
            "detector_idempotentcall", "detector_livesession"} <= set(found.database)  # fmt: skip
    assert min(found.sessions, found.storage, found.caches) > 0
    receipt = erase(full)
    gone = before - rows()
    assert gone.pop("users") == 1
    deleted = receipt["deleted"]
    assert deleted.pop("bytes of stored files") > 0
    assert deleted == dict(gone)
    assert (receipt["search"]["kind"], receipt["search"]["traces"]) == ("full", 0)
    assert receipt["search"]["kept"] == {"detector_auditentry": 1}
    assert Session.objects.count() == sessions - 1
    # No personal data: no name, no address, no id of anything.
    assert not identity.is_in(json.dumps(receipt))
    assert full.email not in json.dumps(receipt)
    # Everything of the other person is where it was.
    assert identity_of(others) == kept
    assert traces.search(kept).number > 5


def test_a_quick_search_reads_nothing_of_others(
    full: User, others: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("stored_names", "_all_rows"):
        monkeypatch.delattr(traces, name)
    sessions, files = Session.objects.count(), identity_of(full).files
    assert all(default_storage.exists(name) for name in files)
    receipt = receipts.verify(erasure.erase_account(full))
    assert (receipt["search"]["kind"], receipt["search"]["traces"]) == ("quick", 0)
    assert Session.objects.count() == sessions - 1
    assert files
    assert not any(default_storage.exists(name) for name in files)


PLACES = ["database", "address", "session", "storage", "cache", "queue", "data-set"]


@pytest.mark.parametrize("place", PLACES)
def test_a_planted_trace_is_found(
    full: User, others: User, analysed: Analysis, place: str, tmp_path: Path, settings: Settings,
) -> None:  # fmt: skip
    photo = Photo.objects.get(owner=full)
    if place == "data-set":
        row = ReviewedExport.objects.create(
            name="set", path=str(tmp_path / "set.npz"), sha256="0" * 64, faces=1
        )
    identity = identity_of(full)
    erase(full)
    plant: dict[str, Callable[[], Any]] = {
        "database": lambda: WebhookEndpoint.objects.create(
            owner=others, url=f"https://x.example/{photo.pk}", secret="s", events=[]
        ),
        "address": lambda: ModelVersion.objects.create(
            name="n", sha256="2" * 64, manifest={"by": ["someone", f"<{full.email.upper()}>"]}
        ),
        "session": lambda: _session(full),
        "storage": lambda: default_storage.save(str(photo.image.name), ContentFile(b"x")),
        "cache": lambda: cache.set(next(iter(identity.cache_keys)), [1.0]),
        "queue": lambda: _message(settings.BROKER_FOLDER, analysed),
        "data-set": lambda: np.savez(
            row.path, images=np.frombuffer(next(iter(identity.crops)), np.uint8).reshape(1, 48, 48)
        ),
    }
    assert traces.search(identity).number == 0
    plant[place]()
    found = traces.search(identity)
    assert found.number == 1, found
    # Of these, a quick search sees all that needs no look into rows of others.
    quick = traces.search(identity, full=False).number
    assert quick == (0 if place in ("database", "address") else 1)


def _session(user: User) -> None:
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session.save()


def _message(broker: Path, analysis: Analysis) -> None:
    body = base64.b64encode(json.dumps([[str(analysis.pk)], {}, {}]).encode()).decode()
    (broker / "queue").mkdir(parents=True)
    (broker / "queue" / "1.analysis.msg").write_text(json.dumps({"body": body}))


def test_redis_is_searched_for_messages_and_keys(owner: User, settings: Settings) -> None:
    # A database that no other test uses.
    settings.REDIS_URL = f"{need_redis().rpartition('/')[0]}/13"
    identity = identity_of(owner)
    body = base64.b64encode(json.dumps([[str(owner.pk)], {}, {}]).encode()).decode()
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        assert traces.search(identity, full=False).number == 1  # the account
        client.rpush("analysis", json.dumps({"body": body}))
        client.hset("unacked", "1", json.dumps([{"body": body}, "", str(owner.pk)]))
        client.set(f":1:throttle_user_{owner.pk}", "[]")
        found = traces.search(identity, full=False)
        client.flushdb()
    assert (found.queue, found.caches) == (2, 1)


def test_a_file_that_another_person_has_too_is_theirs(full: User, others: User) -> None:
    ours = Photo.objects.get(owner=full)
    theirs = Photo.objects.create(
        owner=others, filename="same.jpg", upload="uploads/aa/b", sha256=ours.sha256, width=1,
        height=1, format="JPEG", uploaded_at=ours.uploaded_at, taken_at=ours.taken_at, source="web",
    )  # fmt: skip
    identity = identity_of(full)
    assert ours.sha256 not in identity.marks
    assert not any(identity.is_in(str(value)) for value in (theirs.pk, theirs.sha256))


def test_a_name_counts_as_a_whole_and_an_address_anywhere() -> None:
    identity = Identity(
        user_id=User().pk, name="kim", marks=frozenset({"ab" * 16}),
        addresses=frozenset({"kim@x.example"}), cache_keys=frozenset(), crops=frozenset(),
    )  # fmt: skip
    seen = ["kim", "Kim@X.example wrote", f"images/ab/{'ab' * 16}.jpg", "AB" * 16]
    assert all(identity.is_in(text) for text in seen)
    assert not any(identity.is_in(text) for text in ("kimono", "x.example", "ab" * 17, "ab" * 15))


def test_a_receipt_is_believed_only_as_it_was_signed(settings: Settings) -> None:
    text = receipts.signed({"erased": "account", "deleted": {"photos": 3}})
    assert receipts.verify(text)["deleted"] == {"photos": 3}
    assert receipts.verify(json.dumps(json.loads(text), indent=7)) == receipts.verify(text)
    for wrong in ("", "[]", "{}", text[:-9], json.dumps({"signature": "?", "public_key": ""})):
        with pytest.raises(receipts.ReceiptError, match="not a receipt"):
            receipts.verify(wrong)
    with pytest.raises(receipts.ReceiptError, match="was changed"):
        receipts.verify(text.replace('"photos": 3', '"photos": 2'))
    key = settings.SECRET_KEY
    settings.SECRET_KEY = "another secret key of the same site"
    with pytest.raises(receipts.ReceiptError, match="was changed"):
        receipts.verify(text)
    settings.SECRET_KEY_FALLBACKS = [key]
    assert receipts.verify(text)["erased"] == "account"


def test_operators_erase_and_verify_by_command(
    full: User, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with pytest.raises(CommandError, match="No user is called nobody"):
        call_command("erase_account", "nobody", "--yes")
    monkeypatch.setattr("builtins.input", lambda _: "no")
    with pytest.raises(CommandError, match="Nothing was erased"):
        call_command("erase_account", full.email)
    call_command("erase_account", full.email.upper(), "--yes")
    file = tmp_path / "receipt.json"
    file.write_text(capsys.readouterr().out)
    call_command("verify_receipt", file)
    assert "This site signed this receipt" in capsys.readouterr().out
    file.write_text("{}")
    with pytest.raises(CommandError, match="not a receipt"):
        call_command("verify_receipt", file)
    assert not User.objects.filter(pk=full.pk).exists()


def test_there_is_one_way_out(owner: User) -> None:
    """Whatever deletes a user comes by `erase_account` or owes a receipt for `erasure.delete`."""
    for other_way in (owner.delete, User.objects.filter(pk=owner.pk).delete):
        with pytest.raises(RuntimeError, match="gives a receipt"), transaction.atomic():
            other_way()
    assert User.objects.filter(pk=owner.pk).exists()
    assert naming(r"\.delete_account\b") == {
        "accounts/erasure.py",
        "operations/erased.py",  # A restore, of accounts that got theirs when they were erased.
    }
    assert naming(r"\bis_being_erased\b") == {"models/user.py", "photos/erasure.py"}
    # Each of these shows what it got: its own test says so.
    assert naming(r"(?m)accounts import .*\berasure\b|accounts\.erasure import") == {
        "admin/accounts.py", "management/commands/erase_account.py", "web/account.py",
    }  # fmt: skip


def naming(pattern: str) -> set[str]:
    """Return the modules in whose text something stands, without tests."""
    found = {
        str(path.relative_to(DETECTOR))
        for path in DETECTOR.rglob("*.py")
        if re.search(pattern, path.read_text(encoding="utf-8"))
    }
    return {name for name in found if not name.startswith("tests/")}
