"""Every button that changes something: pressed as a person does, and what it changes is seen."""

import json
from collections.abc import Iterable

import pytest
from playwright.sync_api import Page

from detector.tests.e2e import pictures, presses, presses_of_accounts
from detector.tests.e2e.browsing import PASSWORD, Watcher, log_in
from detector.tests.e2e.platform import Platform
from detector.tests.e2e.presses import Press

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.parametrize("platform", ["embedded"], indirect=True),
]

EMAIL, REVIEWER = "presser@example.com", "judge@example.com"

SETUP = f"""
import json
from django.contrib.auth.models import Permission
from django.utils import timezone
from detector.models import Analysis, ReviewCase, User, WebhookDelivery, WebhookEndpoint
from detector.accounts import preferences
from detector.live import sessions
from detector.reviews import consent as review_consent
person = User.objects.get(email="{EMAIL}")
preferences.give_consent(person)
for other in User.objects.exclude(review_consent_version=""):
    review_consent.withdraw(other)
review_consent.agree(person)
own = person.photos.filter(is_demo=False)
photos = {{photo.filename.removesuffix(".jpg"): str(photo.pk) for photo in own}}
Analysis.objects.filter(photo=photos["failed"]).update(
    status="failed", error_code="timed_out", error_message="That took too long.",
)
now = timezone.now()
hook = WebhookEndpoint.objects.create(
    owner=person, url="https://93.184.215.14/other", events=["analysis.done"],
)
WebhookDelivery.objects.create(
    endpoint=hook, photo=person.photos.first(), event="analysis.done", subject=hook.pk,
    created_at=now, due_at=now,
    status="failed", finished_at=now, attempts=3, error="Connection refused", payload="{{}}",
)
judge = User.objects.create_user("judge", "{REVIEWER}", is_staff=True)
preferences.give_consent(judge)
judge.user_permissions.add(Permission.objects.get(codename="review_faces"))
happy = [0, 0, 0, 950, 0, 0, 50, 0]
live = sessions.keep(
    person, name="Call with Kim", started_at=now, model="v7", seconds=4,
    faces=[{{"first": 0, "rows": [happy] * 4}}],
)
print(json.dumps({{**photos, "webhook": str(hook.pk), "live": str(live.pk)}}))
"""


@pytest.fixture(scope="module")
def ids(platform: Platform) -> dict[str, str]:
    """Create a person with photos, one of them failed, a webhook, and a reviewer of the faces."""
    user = EMAIL.partition("@")[0]
    token = platform.token(user, PASSWORD)
    platform.manage("seed_demo", "--user", user, "--photos", "30")
    photos = {
        "two": pictures.beside([pictures.hopper(), pictures.astronaut()]),
        "failed": pictures.coffee(),
        "portrait": pictures.astronaut(),
    }
    with platform.client(token) as client:
        files = [("images", (f"{name}.jpg", pictures.jpeg(photos[name]))) for name in photos]
        client.post("analyses/?wait=30", files=files).raise_for_status()
    answer = platform.manage("shell", "--no-imports", "--command", SETUP)
    found: dict[str, str] = json.loads(answer.splitlines()[-1])
    return found


def press_all(page: Page, table: Iterable[Press], ids: dict[str, str]) -> None:
    for press in table:
        if press.page:
            page.goto(press.page.format(**ids))
        page.evaluate("window.isTheSamePage = true")
        try:
            for step in (*press.steps, *press.seen):
                step(page)
        except Exception as error:
            raise AssertionError(f"{press.button} on {page.url}: {error}") from error
        if press.stays:
            assert page.evaluate("window.isTheSamePage"), press.button


def test_every_button(watcher: Watcher, ids: dict[str, str]) -> None:
    page = watcher.open(
        timezone_id="Asia/Tokyo",
        reduced_motion="reduce",
        permissions=["camera", "clipboard-read", "clipboard-write"],
    )
    log_in(page, EMAIL)
    press_all(page, presses.PHOTO_PAGE, ids)
    press_all(page, presses.UPLOAD_PAGE, ids)
    press_all(page, presses.HISTORY_PAGE, ids)
    press_all(page, presses.INSIGHTS_PAGE, ids)
    press_all(page, presses.LIVE_PAGE, ids)
    press_all(page, presses_of_accounts.SETTINGS_PAGE, ids)
    reviewer = watcher.open(reduced_motion="reduce")
    watcher.let_in(reviewer, REVIEWER)
    press_all(reviewer, presses_of_accounts.REVIEW_PAGE, ids)
    press_all(page, presses_of_accounts.ACCOUNT_PAGES, ids)
