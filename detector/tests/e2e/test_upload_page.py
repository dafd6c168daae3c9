"""The ways into the upload page and through a photo's page, in a real browser."""

import re

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from detector.tests.bad_files import archive, jpeg
from detector.tests.e2e import camera_troubles
from detector.tests.e2e.browsing import SECOND, Watcher

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.parametrize("platform", ["embedded"], indirect=True),
]

COUNT_AFTER_THE_PRESS = """() => {
  document.getElementById("camera-take").click();
  return document.getElementById("camera-count").textContent;
}"""
DROPPED_AND_PASTED = """() => {
  const holding = (name, content) => {
    const data = new DataTransfer();
    data.items.add(new File([content], name));
    return data;
  };
  const large = holding("large.jpg", new Uint8Array(51 * 2 ** 20));
  document.dispatchEvent(new DragEvent("drop", { dataTransfer: large, cancelable: true }));
  const pasted = holding("pasted.png", "no picture");
  document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: pasted }));
}"""


def tab_to(page: Page, selector: str, *, most: int = 60) -> None:
    """Press Tab until the focus is on what the selector names, as a person would."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached with Tab")


def test_camera_and_delete_with_undo(watcher: Watcher) -> None:
    page = watcher.open(permissions=["camera"])
    watcher.let_in(page, "camera@example.com")
    page.goto("/upload/")

    camera_troubles.refuse(page)
    page.get_by_role("button", name="Use the camera").click()
    expect(page.get_by_role("alert")).to_contain_text("may not use the camera")
    page.get_by_role("button", name="Close").click()
    page.reload()

    page.get_by_role("button", name="Use the camera").click()
    expect(page.get_by_role("button", name="Take photo")).to_be_enabled()
    assert page.evaluate(COUNT_AFTER_THE_PRESS) == "3"
    page.get_by_role("button", name="Use this photo").click(timeout=10 * SECOND)
    card = page.locator("#upload-list .result-card")
    expect(card).to_contain_text("No face found", timeout=20 * SECOND)
    card.get_by_role("link", name="Camera").click()
    expect(page.get_by_role("heading", name="No face found")).to_be_visible()
    page.get_by_text("Details of the photo").click()
    expect(page.get_by_text("(Camera)")).to_be_visible()

    address = page.url
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("img", name="Camera")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page).to_have_url(address)
    expect(page.get_by_text("The photo is back.")).to_be_visible()
    page.goto("/history/")
    expect(page.get_by_role("img", name="Camera")).to_have_count(1)


def test_a_camera_that_stops_says_so_and_another_can_be_chosen(watcher: Watcher) -> None:
    page = watcher.open(permissions=["camera"])
    watcher.let_in(page, "webcams@example.com")
    page.goto("/upload/")
    stopped = page.get_by_role("alert").filter(has_text="The camera stopped. Try again.")
    shoot = page.get_by_role("button", name="Take photo")
    again = page.get_by_role("button", name="Try again")

    page.get_by_role("button", name="Use the camera").click()
    expect(shoot).to_be_enabled()
    camera_troubles.unplug(page.locator("#camera-video"), "#camera-take")
    expect(stopped).to_be_visible()
    expect(page.locator("#camera-count")).to_have_text("")
    page.evaluate(camera_troubles.TWO_CAMERAS)
    again.click()
    page.get_by_role("button", name="Other camera").click()
    page.wait_for_function("() => window.asked.video.deviceId?.exact === 'other'")
    page.evaluate(camera_troubles.NO_PICTURE_AT_ALL)
    shoot.click()
    expect(stopped).to_be_visible(timeout=10 * SECOND)


def test_every_file_has_its_own_result(watcher: Watcher, portrait: bytes) -> None:
    page = watcher.open()
    watcher.let_in(page, "files@example.com")
    page.goto("/upload/")
    files: list[FilePayload] = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        for name, content in (
            ("all.zip", archive({"a.jpg": jpeg(), "inner.zip": archive({}), "b.jpg": jpeg()})),
            ("portrait.jpg", portrait),
            ("😀" * 300 + ".jpg", jpeg()),
            ("empty.jpg", b""),
        )
    ]
    page.set_input_files("#images", files)
    page.evaluate(DROPPED_AND_PASTED)
    rows = page.locator("#upload-list > li")
    for number, sentence in enumerate(
        [
            "archive inside an archive",
            "Happy",
            "name of this file is too long",
            "is empty",
            "larger than 50 MB",
            "not an image we can read",
        ]
    ):
        expect(rows.nth(number)).to_contain_text(sentence, timeout=20 * SECOND)
    expect(rows.first.locator(".result-card")).to_have_count(3)
    finished = "8 of 8 finished, 5 not accepted"
    expect(page.locator("#progress")).to_have_text(finished, timeout=20 * SECOND)

    page.set_input_files("#images", [files[1]])
    again = rows.last.get_by_role("button", name="Analyse again")
    again.click(timeout=20 * SECOND)
    expect(again).to_have_count(0)
    expect(rows.last).to_contain_text("Happy", timeout=20 * SECOND)


@pytest.mark.parametrize(("path", "field"), [("/upload/", "#images"), ("/videos/", "#video-input")])
def test_a_file_chosen_before_the_script_came_is_sent(
    watcher: Watcher, path: str, field: str
) -> None:
    page = watcher.open()
    watcher.let_in(page, "early@example.com")
    held: list[Route] = []
    script = re.compile(r"/js/(upload|videos)[^/]*\.js")
    page.route(script, lambda route: held.append(route))
    with page.expect_request(script):
        page.goto(path, wait_until="commit")
    text: FilePayload = {"name": "a", "mimeType": "text/plain", "buffer": b"no picture"}
    page.set_input_files(field, [text])
    held[0].continue_()
    expect(page.get_by_text(re.compile("not (an image|a video)"))).to_be_visible()
    watcher.problems = [text for text in watcher.problems if "400" not in text]


def test_upload_and_review_by_keyboard_alone(watcher: Watcher, portrait: bytes) -> None:
    page = watcher.open()
    watcher.let_in(page, "keyboard@example.com")
    page.goto("/upload/")
    # From now on choosers are caught: asked for at the last moment, the key can be faster.
    page.on("filechooser", lambda _: None)
    tab_to(page, "#images")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    file: FilePayload = {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": portrait}
    chooser.value.set_files([file])
    expect(page.locator(".result-card")).to_contain_text("Happy", timeout=20 * SECOND)
    tab_to(page, ".result-name a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/photos/**")

    tab_to(page, "a.face-box")
    expect(page.locator("#face-1")).to_have_class(re.compile("is-active"))
    page.keyboard.press("Enter")
    expect(page.locator("#face-1")).to_be_focused()
    tab_to(page, ".face-why button")
    expect(page.locator("a.face-box")).to_have_class(re.compile("is-active"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Where the model looked, not why.")).to_be_visible(timeout=20 * SECOND)
    expect(page.locator(".face-why button")).to_be_focused()

    tab_to(page, "input[name=felt_emotion]")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Angry")).to_be_checked()
    tab_to(page, "input[name=tags]")
    page.keyboard.type("first")
    page.keyboard.press("Enter")
    expect(page.locator("#notes-saved")).to_have_text("Saved.")
    expect(page.locator("#announcer")).to_have_text("Saved.")
    expect(page.get_by_text("You say “angry”")).to_be_visible()
    tab_to(page, ".photo-delete", most=80)
