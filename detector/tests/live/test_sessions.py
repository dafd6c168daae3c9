"""Keep, change and erase live sessions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from detector.accounts import export
from detector.exceptions import DetectorError
from detector.live import selectors as live_selectors
from detector.live import sessions
from detector.models import AuditEntry, LiveSession, User
from detector.photos import erasure
from detector.tests.factories import LiveSessionFactory
from detector.tests.live.rows import row

pytestmark = pytest.mark.django_db
WISH: dict[str, Any] = {
    "name": "  Call\twith Kim ", "started_at": datetime(2026, 5, 4, 12, tzinfo=UTC), "model": "v7",
    "seconds": 2, "faces": [{"first": 0, "rows": [row("happy"), row("sad", uncertain=True)]}],
    "note": "At\r\nhome", "felt_emotion": "happy",
}  # fmt: skip


def test_a_session_is_kept_with_clean_words_and_totals(owner: User) -> None:
    kept = sessions.keep(owner, **WISH)
    kept.refresh_from_db()
    assert (kept.name, kept.note, kept.felt_emotion) == ("Call with Kim", "At\nhome", "happy")
    assert (kept.totals["happy"], kept.totals["sad"], kept.uncertain_seconds) == (1, 1, 1)


def test_a_session_that_is_sent_twice_is_kept_once(owner: User, stranger: User) -> None:
    kept = sessions.keep(owner, **WISH)
    assert sessions.keep(owner, **WISH) == kept
    assert sessions.keep(owner, **{**WISH, "name": "Another"}) != kept
    later = WISH["started_at"] + timedelta(milliseconds=1)
    assert sessions.keep(owner, **{**WISH, "started_at": later}) != kept
    assert sessions.keep(stranger, **WISH) != kept


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": " \t"}, "invalid_name"),
        ({"name": "x" * 101}, "invalid_name"),
        ({"note": "x" * 2001}, "invalid_note"),
        ({"felt_emotion": "joy"}, "invalid_emotion"),
        ({"faces": []}, "invalid_series"),
        ({"model": "v 7"}, "invalid_series"),
        ({"started_at": datetime(1999, 1, 1, tzinfo=UTC)}, "invalid_series"),
        ({"started_at": datetime.now(UTC) + timedelta(days=3)}, "invalid_series"),
    ],
)
def test_what_is_not_valid_is_refused_and_not_stored(
    owner: User, change: dict[str, Any], code: str
) -> None:
    with pytest.raises(DetectorError) as refusal:
        sessions.keep(owner, **{**WISH, **change})
    assert refusal.value.code == code
    assert not LiveSession.objects.exists()


def test_a_person_has_so_many_sessions(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "SESSIONS_A_PERSON", 1)
    sessions.keep(owner, **WISH)
    with pytest.raises(DetectorError) as refusal:
        sessions.keep(owner, **{**WISH, "name": "Another"})
    assert refusal.value.code == "too_many_live_sessions"


def test_a_correction_counts_in_the_totals_and_leaves_the_numbers(owner: User) -> None:
    kept = sessions.keep(owner, **WISH)
    sessions.correct(kept, {"face": 1, "first": 1, "until": 2, "emotion": "fear"})
    sessions.correct(kept, {"face": 1, "first": 0, "until": 1, "emotion": "angry"})
    kept.refresh_from_db()
    assert [kept.totals[name] for name in ("fear", "angry", "happy", "sad")] == [1, 1, 0, 0]
    assert kept.uncertain_seconds == 0
    assert kept.faces == WISH["faces"]
    sessions.change(kept, corrections=[])
    assert kept.totals["happy"] == 1


def test_a_summary_adds_up_the_sessions_of_a_time_and_a_version(owner: User) -> None:
    sessions.keep(owner, **WISH)
    sessions.keep(owner, **{**WISH, "model": "v8", "started_at": datetime(2026, 1, 1, tzinfo=UTC)})
    LiveSessionFactory.create()
    every = live_selectors.summary_of(owner)
    assert (every.sessions, every.seconds, every.face_seconds, every.uncertain) == (2, 4, 4, 2)
    assert live_selectors.summary_of(owner, model="v8").sessions == 1
    assert live_selectors.summary_of(owner, datetime(2026, 3, 1, tzinfo=UTC).date()).sessions == 1


def test_an_account_goes_with_its_sessions(owner: User, stranger: User) -> None:
    LiveSessionFactory.create(owner=owner)
    left = LiveSessionFactory.create(owner=stranger)
    erasure.delete_account(owner)
    assert list(LiveSession.objects.all()) == [left]


def test_exports_have_the_sessions(owner: User, stranger: User) -> None:
    kept = sessions.keep(owner, **{**WISH, "name": "=1+1"})
    LiveSessionFactory.create(owner=stranger, name="not mine")
    text = b"".join(export.json_pieces(owner)).decode()
    assert f'"live_sessions": [\n{{"id": "{kept.pk}", "name": "=1+1"' in text
    assert "not mine" not in text
    archive = b"".join(export.zip_pieces(owner))
    assert b"live_sessions.json" in archive
    assert b"live_sessions.csv" in archive


def test_the_retention_time_counts_from_the_start(owner: User, stranger: User) -> None:
    now = datetime.now(UTC)
    for days in (29, 31):
        for person in (owner, stranger):
            LiveSessionFactory.create(owner=person, started_at=now - timedelta(days=days))
    assert sessions.erase_outlived(now) == sessions.count_outlived(owner, now) == 0
    owner.keep_photos_days = 30
    owner.save()
    assert sessions.count_outlived(owner, now) == 1
    assert sessions.count_outlived(stranger, now) == 0
    assert sessions.erase_outlived(now) == 1
    kept = LiveSession.objects.get(owner=owner)
    assert (now - kept.started_at).days == 29
    assert LiveSession.objects.filter(owner=stranger).count() == 2
    assert AuditEntry.objects.filter(action="livesession.erased").count() == 1
