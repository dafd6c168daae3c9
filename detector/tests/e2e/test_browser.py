"""A person from sign-up to log-out, in a real browser."""

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from detector.tests.e2e.browsing import SECOND, Watcher, log_out, sign_up
from detector.tests.e2e.platform import Platform

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

LABELS = ("Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Neutral")


def file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def card(page: Page, name: str) -> Locator:
    """Return the entry of one file on the upload page."""
    return page.locator(".result-card").filter(has_text=name)


def test_from_sign_up_to_log_out(
    watcher: Watcher, platform: Platform, group_photo: bytes, coffee: bytes, portrait: bytes
) -> None:
    page = watcher.open(timezone_id="Europe/Berlin")
    sign_up(page, "person@example.com")

    # Two photos and a text file: each has its own bar, state and sentence.
    page.evaluate(_NOTE_STATES)
    files = [
        file("group.jpg", group_photo),
        file("coffee.jpg", coffee),
        file("notes.jpg", b"notes"),
    ]
    page.set_input_files("input[type=file]", files)
    finished = "3 of 3 finished, 1 not accepted"
    expect(page.locator("#progress")).to_have_text(finished, timeout=20 * SECOND)
    expect(card(page, "notes.jpg")).to_contain_text("not an image we can read")
    expect(card(page, "coffee.jpg")).to_contain_text("No face found")
    expect(card(page, "group.jpg")).to_contain_text("Happy")
    states = page.evaluate("window.states")
    assert states[0] == "Waiting to be sent"
    assert "done" in states

    # The page of a photo.
    card(page, "group.jpg").get_by_role("link", name="group.jpg").click()
    expect(page.locator("a.face-box")).to_have_count(4)
    for label in LABELS:
        expect(page.locator(".face").first).to_contain_text(label)
    photo = page.url

    # The history and its filters.
    page.get_by_role("link", name="History").first.click()
    expect(page.get_by_role("img", name="group.jpg")).to_be_visible()
    page.get_by_role("link", name="Happy").first.click()
    expect(page).to_have_url(f"{platform.url}/history/?emotion=happy")
    expect(page.get_by_role("img", name="group.jpg")).to_be_visible()
    expect(page.get_by_role("img", name="coffee.jpg")).to_have_count(0)

    page.get_by_role("link", name="Insights").first.click()
    # Four faces say nothing, five do; the drawing and its table say the same of how many.
    expect(page.get_by_role("heading", name="Too few faces for a chart")).to_be_visible()
    page.goto("/upload/")
    page.set_input_files("input[type=file]", [file("portrait.jpg", portrait)])
    expect(card(page, "portrait.jpg")).to_contain_text("Happy", timeout=20 * SECOND)
    page.get_by_role("link", name="Insights").first.click()
    distribution = page.get_by_role("region", name="Distribution", exact=True)
    expect(distribution).to_contain_text("n = 5 faces")
    expect(distribution.get_by_role("img", name="Bar chart of faces")).to_be_visible()
    page.wait_for_function("window.Chart?.getChart('distribution')")
    assert page.evaluate("Chart.getChart('distribution').data.datasets[0].data").count(0) < 7
    distribution.get_by_text("The numbers").click()
    counts = distribution.locator("tbody td:nth-child(2)").all_inner_texts()
    assert sum(map(int, counts)) == 5
    expect(page.get_by_role("region", name="Two periods", exact=True)).to_contain_text("Too few")
    page.goto("/settings/")
    expect(page.locator("select[name=time_zone]")).to_have_value("Europe/Berlin")

    # Deleted, and brought back.
    page.goto(photo)
    page.get_by_role("button", name="Delete group.jpg").click()
    expect(page.get_by_text("group.jpg was deleted")).to_be_visible()
    expect(page.get_by_role("img", name="group.jpg")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The photo is back")).to_be_visible()
    expect(page.locator("a.face-box")).to_have_count(4)

    stranger = watcher.open()
    sign_up(stranger, "stranger@example.com")
    stranger.goto("/history/")
    expect(stranger.get_by_role("img", name="group.jpg")).to_have_count(0)

    log_out(page)
    page.goto("/history/")
    expect(page).to_have_url(f"{platform.url}/accounts/login/?next=/history/")


# What the entries of the list say while files are sent and analysed, in the order of time.
_NOTE_STATES = """() => {
  window.states = [];
  const note = () => {
    for (const entry of document.querySelectorAll("#upload-list .result-card")) {
      const state = entry.dataset.state ?? entry.querySelector(".result-note")?.textContent;
      if (state && !window.states.includes(state)) window.states.push(state);
    }
  };
  const watched = { childList: true, subtree: true, characterData: true };
  new MutationObserver(note).observe(document.getElementById("upload-list"), watched);
}"""
