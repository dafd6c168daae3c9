"""The admin panel shows everything and changes what it should only."""

from datetime import UTC, date, datetime

import pytest
from django.contrib import admin
from django.test import Client

from detector.admin.base import starts
from detector.analyses import leases
from detector.common import audit
from detector.enums import Status
from detector.insights import rollups
from detector.models import (
    Analysis,
    AuditEntry,
    DailyEmotion,
    LiveSession,
    Photo,
    User,
    Video,
    VideoSegment,
)
from detector.tests.admin.rows import OURS
from detector.tests.factories import (
    AnalysisFactory,
    FaceFactory,
    LiveSessionFactory,
    VideoFactory,
    with_timeline,
)
from detector.tests.people import logged_in, staff_with_role


@pytest.mark.parametrize("name", OURS)
def test_lists(staff: Client, analysed: Analysis, name: str) -> None:
    assert staff.get(f"/admin/detector/{name}/").status_code == 200
    assert staff.get(f"/admin/detector/{name}/?q=a").status_code == 200


@pytest.mark.parametrize("name", ["photo", "analysis", "face", "modelversion", "dailyemotion"])
def test_results_cannot_be_written(staff: Client, analysed: Analysis, name: str) -> None:
    model = next(m for m in admin.site._registry if m._meta.model_name == name)
    pk = model._default_manager.first().pk  # type: ignore[union-attr]
    page = staff.get(f"/admin/detector/{name}/{pk}/change/")
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert staff.post(f"/admin/detector/{name}/{pk}/change/", {}).status_code == 403
    assert staff.get(f"/admin/detector/{name}/add/").status_code == 403


def test_erasing_a_photo(staff: Client, analysed: Analysis) -> None:
    url = f"/admin/detector/photo/{analysed.photo_id}/delete/"
    assert staff.post(url, {"post": "yes"}).status_code == 302
    assert not Photo.objects.exists()


def test_another_time_zone_moves_the_days(staff: Client, owner: User) -> None:
    moment = datetime(2026, 5, 4, 20, tzinfo=UTC)
    FaceFactory.create(analysis__photo__owner=owner, analysis__photo__taken_at=moment)
    rollups.rebuild(owner)
    form = {
        "username": owner.username,
        "email": owner.email,
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
        "is_active": "on",
        "time_zone": "Pacific/Auckland",
    }
    response = staff.post(f"/admin/detector/user/{owner.pk}/change/", form)
    assert response.status_code == 302, response.context["errors"]
    owner.refresh_from_db()
    assert owner.time_zone == "Pacific/Auckland"
    assert DailyEmotion.objects.get().day.isoformat() == "2026-05-05"


def test_dates_go_from_the_first_row_to_the_last() -> None:
    first, last = date(2025, 11, 30), date(2026, 2, 1)
    assert starts("year", first, last) == [date(2025, 1, 1), date(2026, 1, 1)]
    assert starts("month", first, last) == [
        date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)
    ]  # fmt: skip
    assert starts("day", first, date(2025, 12, 1)) == [first, date(2025, 12, 1)]


def test_accounts_are_found_by_an_address_in_any_case(staff: Client, owner: User) -> None:
    """SQLite finds texts in any case by itself, so the bounds of the query are looked at, too."""
    User.objects.filter(pk=owner.pk).update(email="anna.lee@example.com")
    for term in ("Anna.Lee@Example.com", "ANNA.", owner.username, str(owner.pk)):
        page = staff.get("/admin/detector/user/", {"q": term})
        assert "anna.lee@example.com" in page.content.decode()
        assert f"{term.lower()}%" in str(page.context["cl"].queryset.query)


def test_the_log_is_filtered_by_what_is_in_it(staff: Client, owner: User) -> None:
    for action in ("photo.viewed", "user.erased", "photo.viewed"):
        audit.record(owner, action, owner)
    page = staff.get("/admin/detector/auditentry/").content.decode()
    assert page.count("?action=") == 2
    assert page.count("?target_type=user") == 1
    found = staff.get("/admin/detector/auditentry/?action=photo.viewed")
    assert found.context["cl"].result_count == 2


def test_the_work_of_others_is_moved_by_actions(staff: Client, analysed: Analysis) -> None:
    def act(action: str) -> str:
        form = {"action": action, "_selected_action": list(Analysis.objects.values_list("pk"))}
        form["_selected_action"] = [str(pk) for (pk,) in form["_selected_action"]]
        staff.post("/admin/detector/analysis/", form)
        newest = Analysis.objects.order_by("-id").first()
        assert newest is not None
        return f"{newest.status} {newest.error_code}".strip()

    assert act("analyse_again") == Status.QUEUED
    assert act("cancel") == "failed cancelled"
    analysed.refresh_from_db()
    assert (analysed.status, analysed.superseded) == (Status.DONE, False)
    assert act("cancel") == "failed cancelled"
    done = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert done == ["analysis.repeated", "analysis.cancelled"]


def test_a_cancelled_analysis_can_be_tried_again(staff: Client, owner: User) -> None:
    waiting = AnalysisFactory.create(
        photo__owner=owner, status=Status.QUEUED, finished_at=None, model_version=None
    )
    claimed = leases.claim(waiting.pk)
    assert claimed is not None
    for action, status in (("cancel", Status.FAILED), ("retry_failed", Status.QUEUED)):
        form = {"action": action, "_selected_action": [str(waiting.pk)]}
        assert staff.post("/admin/detector/analysis/", form).status_code == 302
        waiting.refresh_from_db()
        assert waiting.status == status
        with pytest.raises(leases.LeaseLostError):
            leases.renew(claimed)


def test_videos_show_their_segments_and_are_tried_again_and_erased(
    staff: Client, owner: User
) -> None:
    failed = with_timeline(VideoFactory.create(owner=owner, filename="walk.mp4"))
    failure = {"error_code": "timed_out", "error_message": "It took too long."}
    Video.objects.update(status=Status.FAILED, **failure)
    VideoSegment.objects.update(status=Status.FAILED)
    listed = staff.get("/admin/detector/video/?error_code=timed_out").content.decode()
    assert "walk.mp4" in listed
    assert "0 of 1" in listed
    page = staff.get(f"/admin/detector/video/{failed.pk}/change/").content.decode()
    for expected in ("It took too long.", "1.0\u00a0s", "Segments", "Video tracks", "Happy"):
        assert expected in page
    form = {"action": "retry_failed", "_selected_action": [str(failed.pk)]}
    for message in ("1 of 1 videos queued again", "0 of 1 videos queued again"):
        assert message in staff.post("/admin/detector/video/", form, follow=True).content.decode()
    failed.refresh_from_db()
    assert failed.status == Status.QUEUED
    confirmation = staff.get(f"/admin/detector/video/{failed.pk}/delete/").content.decode()
    assert "walk.mp4" in confirmation
    staff.post(f"/admin/detector/video/{failed.pk}/delete/", {"post": "yes"})
    assert not Video.objects.exists()
    log = AuditEntry.objects.order_by("id")
    assert [(entry.action, entry.target_name) for entry in log] == [
        ("video.listed", ""), ("video.viewed", "of owner"), ("video.retried", "of owner"),
        ("video.listed", ""), ("video.listed", ""),
        ("video.deleted", "of owner"), ("video.erased", ""),
    ]  # fmt: skip


def test_live_sessions_are_shown_and_cannot_be_written(staff: Client, owner: User) -> None:
    session = LiveSessionFactory.create(owner=owner, name="Call with Kim")
    url = f"/admin/detector/livesession/{session.pk}"
    page = staff.get(f"{url}/change/").content.decode()
    assert "Call with Kim" in page
    assert 'name="_save"' not in page
    for way in ("change", "delete"):
        assert staff.post(f"{url}/{way}/", {"post": "yes"}).status_code == 403
    assert LiveSession.objects.exists()


def test_operators_see_videos_and_live_sessions(owner: User) -> None:
    operator = logged_in(staff_with_role("operator"))
    for name in ("video", "livesession"):
        assert operator.get(f"/admin/detector/{name}/").status_code == 200
    video = with_timeline(VideoFactory.create(owner=owner))
    page = operator.get(f"/admin/detector/video/{video.pk}/change/").content.decode()
    assert "Video tracks" in page
