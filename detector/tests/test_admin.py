"""The admin panel shows everything and changes what it should only."""

from datetime import UTC, datetime

import pytest
from django.contrib import admin
from django.test import Client

from detector.models import Analysis, DailyEmotion, Photo, User
from detector.services import statistics
from detector.tests.factories import FaceFactory


@pytest.fixture
def staff(admin_user: User) -> Client:
    client = Client()
    client.force_login(admin_user)
    return client


OURS = [
    model._meta.model_name for model in admin.site._registry if model._meta.app_label == "detector"
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
    statistics.rebuild(owner)
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


def test_lists_cost_the_same_for_many(
    staff: Client, analysed: Analysis, django_assert_max_num_queries: object
) -> None:
    for _ in range(20):
        FaceFactory.create()
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        staff.get("/admin/detector/analysis/")
