"""The admin panel shows everything and changes what it should only."""

import pytest
from django.contrib import admin
from django.test import Client

from detector.models import Analysis, Photo, User
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


def test_lists_cost_the_same_for_many(
    staff: Client, analysed: Analysis, django_assert_max_num_queries: object
) -> None:
    for _ in range(20):
        FaceFactory.create()
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        staff.get("/admin/detector/analysis/")
