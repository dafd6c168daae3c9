"""The admin panel shows everything and changes what it should only."""

import html
import io
import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from detector.admin.base import starts
from detector.analyses import leases
from detector.common import audit
from detector.enums import FineTuneStatus, ReanalysisStatus, Status
from detector.insights import rollups
from detector.models import (
    Analysis,
    ApiToken,
    AuditEntry,
    DailyEmotion,
    FineTune,
    Photo,
    Reanalysis,
    ReviewedExport,
    User,
    WorkerHeartbeat,
)
from detector.operations import demo
from detector.tests.factories import (
    AnalysisFactory,
    FaceFactory,
    ModelVersionFactory,
    UserFactory,
    WebhookDeliveryFactory,
)
from detector.tests.people import logged_in, staff_with_role

OURS = [
    str(model._meta.model_name)
    for model in admin.site._registry
    if model._meta.app_label == "detector"
]


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


def test_erasing_an_account_with_photos(staff: Client, analysed: Analysis, owner: User) -> None:
    url = f"/admin/detector/user/{owner.pk}/delete/"
    assert staff.post(url, {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=owner.pk).exists()
    assert not Photo.objects.exists()


def test_erasing_several_accounts(staff: Client, analysed: Analysis, owner: User) -> None:
    form = {"action": "delete_selected", "_selected_action": [str(owner.pk)], "post": "yes"}
    assert staff.post("/admin/detector/user/", form).status_code == 302
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


def test_its_login_is_the_one_with_limits(db: None) -> None:
    response = Client().get("/admin/login/")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def _one_of_each() -> None:
    """A row more in every list, each with an owner and a model of its own."""
    owner = UserFactory.create()
    old, new = (ModelVersionFactory.create(name=f"{owner}-{age}") for age in ("old", "new"))
    face = FaceFactory.create(analysis__photo__owner=owner, analysis__model_version=old)
    WebhookDeliveryFactory.create(endpoint__owner=owner)
    ApiToken.objects.create(owner, name="a token")
    audit.record(owner, "photo.erased", face)
    rollups.rebuild(owner)
    WorkerHeartbeat.objects.create(name=owner.username, seen_at=timezone.now())
    Reanalysis.objects.create(
        model_version=new, from_version=old, owner=owner, photos=4, started_by=owner,
        status=ReanalysisStatus.CANCELLED, finished_at=timezone.now(),
    )  # fmt: skip
    reviewed = ReviewedExport.objects.create(
        name="a set", sha256="0" * 64, faces=1, created_by=owner
    )
    FineTune.objects.create(
        name=owner.username, base=old, reviewed=reviewed, result=new, status=FineTuneStatus.DONE,
        started_by=owner,
    )  # fmt: skip
    Group.objects.create(name=owner.username)


def _queries(staff: Client, model: type[Model]) -> int:
    place = f"{model._meta.app_label}/{model._meta.model_name}"
    with CaptureQueriesContext(connection) as queries:
        assert staff.get(f"/admin/{place}/").status_code == 200
    return len(queries)


def test_lists_cost_the_same_for_10_and_for_1000_rows(staff: Client) -> None:
    lists = list(admin.site._registry)
    for _ in range(10):
        _one_of_each()
    empty = {model.__name__ for model in lists if model._default_manager.count() < 10}
    assert empty == set(), "What cannot be seen cannot be counted: add rows to _one_of_each."
    for model in lists:
        _queries(staff, model)
    before = {model: _queries(staff, model) for model in lists}
    for _ in range(20):
        _one_of_each()
    demo.seed(UserFactory.create(username="busy"), 1000)
    AuditEntry.objects.bulk_create(
        AuditEntry(actor_name="a", action="photo.erased", target_type="photo", target_id=str(n))
        for n in range(1000)
    )
    assert {model: _queries(staff, model) for model in lists} == before
    assert max(before.values()) <= 15


def test_dates_go_from_the_first_row_to_the_last() -> None:
    first, last = date(2025, 11, 30), date(2026, 2, 1)
    assert starts("year", first, last) == [date(2025, 1, 1), date(2026, 1, 1)]
    assert starts("month", first, last) == [
        date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)
    ]  # fmt: skip
    assert starts("day", first, date(2025, 12, 1)) == [first, date(2025, 12, 1)]


def test_the_log_is_filtered_by_what_is_in_it(staff: Client, owner: User) -> None:
    for action in ("photo.viewed", "user.erased", "photo.viewed"):
        audit.record(owner, action, owner)
    page = staff.get("/admin/detector/auditentry/").content.decode()
    assert page.count("?action=") == 2
    assert page.count("?target_type=user") == 1
    found = staff.get("/admin/detector/auditentry/?action=photo.viewed")
    assert found.context["cl"].result_count == 2


def test_what_staff_see_and_do_is_written_down(
    staff: Client, admin_user: User, analysed: Analysis, owner: User
) -> None:
    photo = f"/admin/detector/photo/{analysed.photo_id}/"
    page = staff.get(f"{photo}change/")
    assert page.status_code == 200
    assert staff.get(f"{photo}image.jpg").status_code == 404
    assert staff.get("/admin/detector/photo/").status_code == 200
    archive = staff.post(f"/admin/detector/user/{owner.pk}/export/").getvalue()
    assert zipfile.ZipFile(io.BytesIO(archive)).testzip() is None
    staff.post(f"{photo}delete/", {"post": "yes"})
    staff.post(f"/admin/detector/user/{owner.pk}/delete/", {"post": "yes"})
    log = [(e.action, e.target_name, e.actor) for e in AuditEntry.objects.order_by("id")]
    assert log == [
        ("photo.viewed", "of owner", admin_user),
        ("photo.listed", "", admin_user),
        ("user.exported", "owner", admin_user),
        ("photo.deleted", "of owner", admin_user),
        ("user.deleted", "owner", admin_user),
    ]
    assert AuditEntry.objects.get(action="photo.listed").details["shown"] == [
        str(analysed.photo_id)
    ]


def test_pictures_are_for_those_whom_a_page_has_shown_them(
    staff: Client, analysed: Analysis, web: Client
) -> None:
    for page in ("photo/", f"photo/{analysed.photo_id}/change/", "analysis/", "face/"):
        text = staff.get(f"/admin/detector/{page}").content.decode()
        found = re.findall(rf'src="(/admin/detector/photo/{analysed.photo_id}/[^"]*)"', text)
        assert len(found) == 1, page
    address = html.unescape(found[0])
    assert web.get(address).status_code == 302
    assert staff.get(address.replace("key=", "key=x")).status_code == 404
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1, minutes=1)):
        assert staff.get(address).status_code == 404
    shown = staff.get(address)
    shown.close()
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/jpeg")


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


def _addresses(analysed: Analysis) -> list[str]:
    """Every address of the administration, with ids of things that exist."""
    found = []
    patterns: list[tuple[str, Any]] = [("", get_resolver())]
    while patterns:
        prefix, part = patterns.pop()
        if isinstance(part, URLResolver):
            inner = prefix + str(part.pattern).removeprefix("^/")
            patterns += [(inner, deeper) for deeper in part.url_patterns]
        elif (prefix + str(part.pattern)).startswith("admin/") and "(?P" not in str(part.pattern):
            found.append(prefix + str(part.pattern))
    ids = {
        model._meta.model_name: model._default_manager.values_list("pk", flat=True).first()
        for model in admin.site._registry
    }

    def filled(address: str) -> str:
        name = address.split("/")[2] if address.count("/") > 2 else ""
        known = str(ids.get(name) or analysed.pk)
        address = address.replace("<slug:kind>", "image")
        return "/" + re.sub(r"<[^>]*>", known, address)

    return sorted({filled(address) for address in found})


FREE = {"/admin/login/", "/admin/logout/", "/admin/jsi18n/"}
"""Of the administration's addresses, those that show nothing of anybody's."""
OWN = {"/admin/", "/admin/password_change/", "/admin/password_change/done/", "/admin/detector/"}
"""Those where all of staff see what is theirs."""


SEEN = {"nobody": "-", "reviewer": "/admin/review", "auditor": "/admin/detector/auditentry/"}
"""What else each role sees."""
TURNED_AWAY = ("/accounts/login/", "/admin/login/", "/admin/detector/auditentry/")
"""Where one is sent to; the last, for the history of things, asks for a permission of its own."""


@pytest.mark.parametrize("role", SEEN)
def test_who_gets_in(role: str, analysed: Analysis) -> None:
    _one_of_each()
    addresses = _addresses(analysed)
    assert len([address for address in addresses if address.endswith("/change/")]) == len(OURS) + 1
    person = UserFactory.create() if role == "nobody" else staff_with_role(role)
    client = logged_in(person)
    for address in addresses:
        if address in FREE or (role != "nobody" and address in OWN):
            continue
        if address.startswith(SEEN[role]):
            continue
        response = client.get(address)
        # Opened by hand, what only takes forms leads to its page.
        if response.status_code == 405 or response.get("Location") == "/admin/review/":
            response = client.post(address)
        if response.status_code == 302:
            to = response["Location"]
            assert to.startswith(TURNED_AWAY) or to == f"{address}change/", (address, to)
        else:
            refused = (404,) if role == "nobody" else (403, 404)
            assert response.status_code in refused, address
    listed = client.get("/admin/detector/auditentry/").status_code
    assert listed == {"nobody": 302, "reviewer": 403, "auditor": 200}[role]


def test_an_operator_gives_no_rights(analysed: Analysis, owner: User, admin_user: User) -> None:
    operator = logged_in(staff_with_role("operator"))
    assert operator.get("/admin/detector/auditentry/").status_code == 403
    form = {
        "username": owner.username,
        "email": "other@example.com",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
        "time_zone": "UTC",
    }
    assert operator.post(f"/admin/detector/user/{owner.pk}/change/", form).status_code == 302
    owner.refresh_from_db()
    assert (owner.email, owner.is_staff, owner.is_superuser) == ("other@example.com", False, False)
    boss = f"/admin/detector/user/{admin_user.pk}/"
    assert operator.post(f"{boss}change/", form).status_code == 403
    assert operator.post(f"{boss}delete/", {"post": "yes"}).status_code == 403
    assert operator.post(f"{boss}password/", {}).status_code == 403
    assert AuditEntry.objects.filter(action="user.changed").count() == 1
