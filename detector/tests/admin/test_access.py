"""Who sees and changes what in the administration, and what is recorded of it."""

import html
import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.test import Client
from django.urls import URLResolver, get_resolver

from detector.models import Analysis, AuditEntry, User
from detector.tests.admin.rows import OURS, one_of_each
from detector.tests.factories import UserFactory
from detector.tests.people import logged_in, staff_with_role


def test_its_login_is_the_one_with_limits(db: None) -> None:
    response = Client().get("/admin/login/")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


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
        ("photo.erased", "", None),
        ("user.deleted", "owner", admin_user),
        ("user.erased", "", None),
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


def _addresses(analysed: Analysis) -> list[str]:
    """Return every address of the administration, with ids of things that exist."""
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
"""Addresses of the administration that show nobody's data."""
OWN = {"/admin/", "/admin/password_change/", "/admin/password_change/done/", "/admin/detector/"}
"""Those where all of staff see what is theirs."""
SEEN = {"nobody": "-", "reviewer": "/admin/review", "auditor": "/admin/detector/auditentry/"}
"""Further addresses that each role may open."""
TURNED_AWAY = ("/accounts/login/", "/admin/login/", "/admin/detector/auditentry/")
"""Targets of redirects. The last one, an object's history, needs a permission of its own."""


@pytest.mark.parametrize("role", SEEN)
def test_who_gets_in(role: str, analysed: Analysis) -> None:
    one_of_each()
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
