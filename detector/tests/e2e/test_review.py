"""Two reviewers judge ten faces by keyboard alone; a third settles what they disagree on."""

import re

import pytest
from playwright.sync_api import Page, expect
from sklearn.metrics import cohen_kappa_score

from detector.tests.e2e import pictures
from detector.tests.e2e.browsing import SECOND, Watcher, violations
from detector.tests.e2e.platform import Platform

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

FACES = 10
KEYS = {"angry": "1", "happy": "4", "sad": "5", "neutral": "7", "not_a_face": "n"}
FIRST = ["happy", "sad", "angry", "neutral", "happy", "happy", "sad", "not_a_face", "angry", "sad"]
SECOND_PERSON = [*FIRST[:-1], "neutral"]

SETUP = """
from django.contrib.auth.models import Permission
from django.utils import timezone
from detector import consent
from detector.models import User
from detector.accounts import tokens
from detector.reviews import consent as review_consent

def person(name, staff):
    found = User.objects.create_user(
        name, f"{name}@example.com", is_staff=staff,
        consent_version=consent.VERSION, consented_at=timezone.now(),
    )
    if staff:
        found.user_permissions.add(Permission.objects.get(codename="review_faces"))
    return found

# Other tests of the same platform have reviewers, too.
for other in User.objects.exclude(review_consent_version=""):
    review_consent.withdraw(other)
willing, unwilling = person("willing", False), person("unwilling", False)
review_consent.agree(willing)
for owner in (willing, unwilling):
    print(tokens.create_token(owner, name="test")[1])
for name in ("ann", "bob", "cleo"):
    person(name, True)
"""


# One installation: that no two hold the same face is tested on PostgreSQL, too.
@pytest.mark.parametrize("platform", ["embedded"], indirect=True)
def test_ten_faces_by_keyboard_alone(watcher: Watcher, platform: Platform, portrait: bytes) -> None:
    willing, unwilling = platform.manage("shell", "--no-imports", "--command", SETUP).split()
    _upload(platform, unwilling, [portrait])
    _upload(platform, willing, pictures.portraits(FACES))
    # By lot some would be judged once.
    platform.manage("shell", "--command", "ReviewCase.objects.update(wanted=2)")

    ann = watcher.open()
    watcher.let_in(ann, "ann@example.com")
    ann.goto("/admin/review/")
    expect(ann.locator("#review-left")).to_have_text(str(FACES))
    assert violations(ann) == []

    # A wrong key, taken back; then ten faces, ten keys.
    said = {_press(ann, "7"): "neutral"}
    first = next(iter(said))
    expect(ann.locator("#review-today")).to_have_text("1")
    ann.context.set_offline(True)
    ann.keyboard.press("z")
    expect(ann.locator("#notices")).to_contain_text("may not have been taken back")
    ann.context.set_offline(False)
    watcher.problems = [text for text in watcher.problems if "ERR_" not in text]
    ann.keyboard.press("z")
    expect(ann.locator(f'.review-case[data-case="{first}"]:not([data-waits])')).to_be_visible()
    expect(ann.locator("#review-today")).to_have_text("0")
    by_ann = {_press(ann, KEYS[verdict]): verdict for verdict in FIRST}
    assert len(by_ann) == FACES
    expect(ann.locator("#review-today")).to_have_text(str(FACES))
    expect(ann.get_by_role("heading", name="All done")).to_be_visible()

    bob = watcher.open()
    watcher.let_in(bob, "bob@example.com")
    bob.goto("/admin/review/")
    by_bob: dict[str, str] = {}
    order = list(by_ann)
    for _ in range(FACES):
        verdict = SECOND_PERSON[order.index(_shown(bob))]
        by_bob[_press(bob, KEYS[verdict])] = verdict
    expect(bob.get_by_role("heading", name="All done")).to_be_visible()

    # Kappa on the page is that of scikit-learn.
    pairs = [(by_ann[case], by_bob[case]) for case in order]
    bob.goto("/admin/review/agreement/")
    kappa = float(bob.locator("#cohen").get_attribute("data-value") or "nan")
    assert kappa == pytest.approx(cohen_kappa_score(*zip(*pairs, strict=True)), abs=1e-5)
    assert bob.get_by_text("9 are settled").count() == 1
    assert violations(bob) == []

    # The one on which they differ goes to a third, and what two say holds.
    cleo = watcher.open()
    watcher.let_in(cleo, "cleo@example.com")
    cleo.goto("/admin/review/")
    assert _cases(cleo) == [order[-1]]
    _press(cleo, "7")
    expect(cleo.get_by_role("heading", name="All done")).to_be_visible()
    cleo.goto("/admin/review/agreement/")
    expect(cleo.get_by_text(re.compile("10 are settled"))).to_be_visible()


def _upload(platform: Platform, token: str, photos: list[bytes]) -> None:
    with platform.client(token) as client:
        files = [("images", (f"{n}.jpg", photo, "image/jpeg")) for n, photo in enumerate(photos)]
        answer = client.post("analyses/", params={"wait": 30}, files=files).json()
    assert [analysis["face_count"] for analysis in answer["accepted"]] == [1] * len(photos)


def _cases(page: Page) -> list[str]:
    forms = page.locator(".review-case")
    return [str(forms.nth(n).get_attribute("data-case")) for n in range(forms.count())]


def _shown(page: Page) -> str:
    """Return the face on the page, which must appear at once, with its picture."""
    form = page.locator(".review-case:not([data-waits])")
    form.wait_for(timeout=10 * SECOND)
    return str(form.get_attribute("data-case"))


def _press(page: Page, key: str) -> str:
    """Judge the face on the page by a key; which face it was."""
    case = _shown(page)
    page.keyboard.press(key)
    expect(page.locator(f'.review-case[data-case="{case}"]')).to_have_count(0)
    return case
