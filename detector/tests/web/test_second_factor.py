"""With `STAFF_MFA`, staff do nothing as such before two-step login is on."""

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from pytest_django.fixtures import Settings

from detector.enums import Scope
from detector.models import User
from detector.tests.conftest import api_client
from detector.tests.people import logged_in

pytestmark = pytest.mark.django_db


def test_staff_are_led_to_two_step_login(
    reviewer: User, web: Client, staff: Client, settings: Settings
) -> None:
    review, queue = "/admin/review/", "/api/v1/reviews/queue/"
    client, program = logged_in(reviewer), api_client(reviewer, [Scope.REVIEW])
    assert [client.get(review).status_code, program.get(queue).status_code] == [200, 200]
    settings.STAFF_MFA = True
    for person, url in ((client, review), (staff, "/admin/"), (staff, "/admin/detector/photo/")):
        assert person.get(url)["Location"] == "/accounts/2fa/totp/activate/"
    refused = program.get(queue)
    assert refused.status_code == 403
    assert "two-step login" in refused.json()["error"]["message"]
    # Their own history is theirs, and others are not concerned.
    assert client.get("/history/").status_code == 200
    assert web.get("/history/").status_code == 200
    assert web.get("/admin/").status_code == 302
    assert "/login/" in Client().get("/admin/")["Location"]
    Authenticator.objects.create(user=reviewer, type=Authenticator.Type.TOTP, data={})
    assert [client.get(review).status_code, program.get(queue).status_code] == [200, 200]
