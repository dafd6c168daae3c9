"""A browser may refuse what a page asks it for: the person is told, and has another way."""

import pytest
from playwright.sync_api import expect

from detector.tests.e2e.browsing import Watcher

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.parametrize("platform", ["embedded"], indirect=True),
]

REFUSE_TO_COPY = """() => {
  navigator.clipboard.writeText = () => Promise.reject(new DOMException("", "NotAllowedError"));
}"""


# The label says it for two seconds only.
LABEL_AFTER_THE_PRESS = """async (button) => {
  navigator.clipboard.writeText = async () => {};
  button.click();
  await new Promise((done) => { setTimeout(done, 100); });
  return button.textContent.trim();
}"""


def test_a_secret_that_cannot_be_copied_is_selected(watcher: Watcher) -> None:
    page = watcher.open()
    watcher.let_in(page, "copies@example.com")
    page.goto("/settings/")
    page.locator("#id_name").fill("kiosk")
    page.locator(".new-token button").click()
    copy = page.locator(".secret button")
    assert copy.evaluate(LABEL_AFTER_THE_PRESS) == "Copied"
    expect(copy).to_have_text("Copy")
    page.evaluate(REFUSE_TO_COPY)
    copy.click()
    expect(page.locator("#notices")).to_contain_text("The text is selected: copy it yourself.")
    expect(copy).to_have_text("Copy")
    secret = page.locator("#secret").text_content()
    assert page.evaluate("getSelection().toString().trim()") == secret
