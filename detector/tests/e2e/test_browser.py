"""A person signs up, uploads photos and finds them again, in a real browser."""

import pytest
from playwright.sync_api import Browser, ConsoleMessage, FilePayload, Page, expect

from detector.tests.e2e.platform import Platform

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

PASSWORD = "correct horse battery"
SECOND = 1000


def open_page(browser: Browser, platform: Platform, problems: list[str], **context: object) -> Page:
    page = browser.new_context(base_url=platform.url, **context).new_page()  # type: ignore[arg-type]

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            problems.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: problems.append(str(error)))
    return page


def sign_up(page: Page, email: str) -> None:
    page.goto("/")
    page.locator("a[href='/accounts/signup/']").first.click()
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password1]").fill(PASSWORD)
    page.locator("input[name=password2]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    expect(page).to_have_url(f"{page.url.split('/accounts')[0].split('/upload')[0]}/upload/")


def test_from_sign_up_to_history(
    browser: Browser, platform: Platform, group_photo: bytes, coffee: bytes
) -> None:
    problems: list[str] = []
    page = open_page(browser, platform, problems, timezone_id="Europe/Berlin")
    sign_up(page, "person@example.com")
    files: list[FilePayload] = [
        {"name": name, "mimeType": "image/jpeg", "buffer": content}
        for name, content in (
            ("group.jpg", group_photo),
            ("coffee.jpg", coffee),
            ("notes.jpg", b"these are notes"),
        )
    ]
    page.set_input_files("input[type=file]", files)
    expect(page.get_by_text("not an image we can read")).to_be_visible(timeout=20 * SECOND)
    expect(page.get_by_text("No face found").first).to_be_visible(timeout=20 * SECOND)
    expect(page.get_by_text("Happy").first).to_be_visible(timeout=20 * SECOND)

    page.get_by_role("link", name="group.jpg").first.click()
    expect(page.locator("a.face-box")).to_have_count(4)
    for label in ("Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Neutral"):
        expect(page.get_by_text(label).first).to_be_visible()

    page.goto("/history/")
    expect(page.get_by_role("img", name="group.jpg")).to_be_visible()
    page.goto("/history/?emotion=happy")
    expect(page.get_by_role("img", name="group.jpg")).to_be_visible()
    expect(page.get_by_role("img", name="coffee.jpg")).to_have_count(0)
    page.goto("/insights/")
    expect(page.get_by_role("heading", name="Insights")).to_be_visible()
    page.goto("/settings/")
    expect(page.locator("select[name=time_zone]")).to_have_value("Europe/Berlin")

    stranger = open_page(browser, platform, problems)
    sign_up(stranger, "stranger@example.com")
    stranger.goto("/history/")
    expect(stranger.get_by_role("img", name="group.jpg")).to_have_count(0)
    assert problems == []
    page.context.close()
    stranger.context.close()
