"""A session that ends, a page that is left, and a picture that stays in view."""

import itertools

import numpy as np
import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from detector.tests.bad_files import archive
from detector.tests.e2e import pictures
from detector.tests.e2e.browsing import SECOND, Watcher, send_login, sign_up

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.parametrize("platform", ["embedded"], indirect=True),
]

EMAIL = "writer@example.com"
IN_VIEW = """element => {
  const { top, bottom, height } = element.getBoundingClientRect();
  return height > 0 && top >= -1 && Math.min(bottom, top + 120) <= innerHeight;
}"""
COVERED = """() => {
  const title = document.activeElement.querySelector(".face-title");
  const { left, top } = title.getBoundingClientRect();
  return !title.contains(document.elementFromPoint(left + 4, top + 4));
}"""


def crowd() -> FilePayload:
    """Return eight faces, four above four."""
    row = pictures.group()
    pixels = np.concatenate([row, row[:, ::-1]])
    return {"name": "crowd.jpg", "mimeType": "image/jpeg", "buffer": pictures.jpeg(pixels)}


def not_a_photo(name: str) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": b"none"}


def log_in_again(page: Page, leads_to: str) -> None:
    page.wait_for_url("**/accounts/login/**")
    send_login(page, EMAIL, leads_to=leads_to)


def test_nothing_typed_is_lost(watcher: Watcher) -> None:
    page = watcher.open(reduced_motion="reduce", viewport={"width": 1440, "height": 900})
    sign_up(page, EMAIL)
    page.set_input_files("#images", [crowd()])
    expect(page.locator(".result-card")).to_contain_text("faces in all", timeout=30 * SECOND)
    page.locator(".result-name a").click()
    page.wait_for_url("**/photos/**")
    photo = page.url

    # The last face, beside or beneath the picture, which is still seen.
    last = page.locator("a.face-box").count()
    for width, height in ((1440, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(photo)
        page.locator("a.face-box").last.click()
        expect(page.locator(f"#face-{last}")).to_be_focused()
        assert page.locator(".photo-svg").evaluate(IN_VIEW), width
        assert page.locator(f"#face-{last} .face-head").evaluate(IN_VIEW), width
        assert not page.evaluate(COVERED), width
        page.locator(f"#face-{last} .correction summary").click()
        page.locator(f"#face-{last} button[value=sad]").click()
        expect(page.locator(f"#face-{last}")).to_contain_text("Sad, corrected")
        expect(page.locator(f"#face-{last}")).to_be_focused()
        assert not page.evaluate(COVERED), width
    page.set_viewport_size({"width": 1440, "height": 900})

    # Left without saving.
    page.goto(photo)
    page.locator("#id_note").fill("Words that took a while")
    page.get_by_role("link", name="History").last.click()
    page.goto(photo)
    expect(page.locator("#id_note")).to_have_value("Words that took a while")
    expect(page.get_by_text("It is not saved yet")).to_be_visible()
    page.get_by_role("button", name="Discard it").click()
    expect(page.locator("#id_note")).to_have_value("")

    # The session ends before Save.
    page.locator("#id_note").fill("Words that took a while")
    page.context.clear_cookies(name="sessionid")
    page.locator("#notes-save").click()
    log_in_again(page, photo)
    expect(page.locator("#id_note")).to_have_value("Words that took a while")
    page.locator("#notes-save").click()
    expect(page.locator("#notes-saved")).to_have_text("Saved.")
    page.reload()
    expect(page.locator("#id_note")).to_have_value("Words that took a while")
    expect(page.get_by_text("It is not saved yet")).to_have_count(0)

    # Typed on while the form is on its way.
    held: list[Route] = []
    page.route("**/notes/", lambda route: held.append(route))
    with page.expect_request("**/notes/"):
        page.locator("#notes-save").click()
    page.locator("#id_note").press("End")
    page.locator("#id_note").press_sequentially("!")
    # The field loses the focus first: removing it with the focus would count as a change, too.
    page.locator("h1").click()
    held[0].continue_()
    expect(page.locator("#notes-saved")).to_have_text("Saved.")
    expect(page.locator("#id_note")).to_have_value("Words that took a while!")
    expect(page.get_by_text("It is not saved yet")).to_be_visible()

    # Saved again before the first answer came.
    held.clear()
    with page.expect_request("**/notes/"):
        page.locator("#notes-save").click()
    page.locator("#id_note").fill("Other words")
    page.locator("#notes-save").click()
    page.locator("h1").click()
    held[0].continue_()
    expect(page.locator("#notes-saved")).to_have_text("Saved.")
    expect(page.locator("#id_note")).to_have_value("Other words")
    page.unroute_all()
    page.locator("#notes-save").click()
    expect(page.get_by_text("It is not saved yet")).to_have_count(0)

    # With the cookie of the forms gone, too, and a form that loads a page.
    page.goto("/settings/")
    page.locator("#id_name").fill("kiosk")
    page.context.clear_cookies()
    page.locator(".new-token button").click()
    log_in_again(page, "**/settings/")
    expect(page.locator("#id_name")).to_have_value("kiosk")

    # Logged out on purpose: nothing is left for whoever comes next.
    page.locator("[aria-label=Account]").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/")
    assert (
        page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('draft'))") == []
    )


def test_an_archive_leaves_no_hole(watcher: Watcher) -> None:
    page = watcher.open(viewport={"width": 1440, "height": 900})
    watcher.let_in(page, "archivist@example.com")
    page.goto("/upload/")
    coffee = pictures.coffee()
    photos = {f"{n}.jpg": pictures.jpeg(coffee[: 300 + n, :400]) for n in range(7)}
    files: list[FilePayload] = [
        {"name": "all.zip", "mimeType": "application/zip", "buffer": archive(photos)},
        *[not_a_photo(f"{n}.jpg") for n in range(4)],
    ]
    page.set_input_files("#images", files)
    cards = page.locator("#upload-list .result-card")
    expect(cards).to_have_count(11, timeout=30 * SECOND)
    boxes = [card.bounding_box() for card in cards.all()]
    tops = sorted({round(box["y"]) for box in boxes if box})
    assert len(tops) == 6, "eleven cards in two columns"
    # No row is further from the next than a card is high.
    assert max(b - a for a, b in itertools.pairwise(tops)) < 200
