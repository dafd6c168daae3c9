"""Re-analyses in the administration."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from detector.enums import ModelStatus, ReanalysisStatus
from detector.models import Analysis, AuditEntry, ModelVersion, Reanalysis, User
from detector.tests.factories import ModelVersionFactory

URL = "/admin/detector/reanalysis/"


@pytest.fixture
def better(analysed: Analysis) -> ModelVersion:
    return ModelVersionFactory.create(name="better", status=ModelStatus.ACTIVE)


def act(staff: Client, action: str) -> str:
    chosen = {"action": action, "_selected_action": [str(Reanalysis.objects.get().pk)]}
    response: Any = staff.post(URL, chosen, follow=True)
    return str(response.content.decode())


def test_begun_paused_resumed_and_cancelled(
    staff: Client, better: ModelVersion, admin_user: User, owner: User
) -> None:
    assert staff.get(f"{URL}add/").status_code == 200
    form = {"owner": owner.username, "from_version": ""}
    assert staff.post(f"{URL}add/", form)["Location"] == URL
    campaign = Reanalysis.objects.get()
    assert (campaign.photos, campaign.started_by) == (1, admin_user)
    (entry,) = AuditEntry.objects.filter(target_id=str(campaign.pk))
    assert (entry.action, entry.actor) == ("reanalysis.started", admin_user)
    assert "Another re-analysis is running" in staff.post(f"{URL}add/", form).content.decode()
    assert "0 of 1 read" in staff.get(URL).content.decode()
    assert "0 of 1 read" in staff.get(f"{URL}{campaign.pk}/change/").content.decode()
    numbers = {"share": 0.5, "done": 1234, "photos": 2000000, "under_way": 1000, "failed": 5678}
    told = render_to_string("admin/detector/reanalysis/how_far.html", {"progress": numbers})
    assert "1,234 of 2,000,000 read, 1,000 under way, 5,678 failed" in told
    assert "1 paused." in act(staff, "pause")
    assert "1 resumed." in act(staff, "resume")
    act(staff, "pause")
    ModelVersion.objects.update(status=ModelStatus.RETIRED)
    assert "Only the active model" in act(staff, "resume")
    assert "1 cancelled." in act(staff, "cancel")
    assert Reanalysis.objects.get().status == ReanalysisStatus.CANCELLED


def test_nothing_to_read(staff: Client, better: ModelVersion) -> None:
    Analysis.objects.update(model_version=better)
    page = staff.post(f"{URL}add/", {"owner": "", "from_version": ""}).content.decode()
    assert "has read all these photos" in page


def test_a_list_of_many_takes_no_more_queries(
    staff: Client, better: ModelVersion, django_assert_num_queries: Any
) -> None:
    def begun(count: int) -> None:
        for _ in range(count):
            Reanalysis.objects.create(
                model_version=better, photos=4, status=ReanalysisStatus.CANCELLED,
                finished_at=timezone.now(),
            )  # fmt: skip

    begun(2)
    with CaptureQueriesContext(connection) as few:
        assert staff.get(URL).content.decode().count("0 of 4 read") == 2
    begun(8)
    with django_assert_num_queries(len(few)):
        assert staff.get(URL).content.decode().count("0 of 4 read") == 10


def test_operators_begin_one(web: Client, better: ModelVersion, owner: User) -> None:
    owner.is_staff = True
    owner.save()
    owner.groups.add(Group.objects.get(name="operator"))
    assert web.get(f"{URL}add/").status_code == 200
    assert web.get("/admin/detector/reviewedexport/").status_code == 200


def test_others_do_not_begin_one(web: Client, better: ModelVersion, owner: User) -> None:
    owner.is_staff = True
    owner.save()
    assert web.get(f"{URL}add/").status_code == 403
