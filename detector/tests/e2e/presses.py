"""List what is pressed on each page that changes something, and what a person must see then."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import FilePayload, Page, expect

from detector.tests.e2e import pictures
from detector.tests.e2e.browsing import PASSWORD, SECOND

SLOW: Final = 30 * SECOND
Step = Callable[[Page], object]


@dataclass(frozen=True)
class Press:
    """One button: the page it is on, the steps that end with pressing it, and what is seen.

    `button` is named as `buttons()` does. Where `stays` is true the page may not be loaded anew.
    Without a `page` one goes on where the press before has led.
    """

    button: str
    page: str
    steps: tuple[Step, ...]
    seen: tuple[Step, ...]
    stays: bool = False


def click(selector: str) -> Step:
    return lambda page: page.locator(selector).first.click(timeout=SLOW)


def fill(selector: str, text: str) -> Step:
    return lambda page: page.locator(selector).fill(text)


def choose(selector: str, value: str) -> Step:
    return lambda page: page.locator(selector).select_option(value)


def picks(number: int) -> Step:
    return lambda page: page.locator(".pick input").nth(number).check(force=True)


def shows(selector: str, text: str = "") -> Step:
    return lambda page: expect(page.locator(selector).first).to_contain_text(text, timeout=SLOW)


def is_seen(selector: str) -> Step:
    return lambda page: expect(page.locator(selector).first).to_be_visible(timeout=SLOW)


def is_gone(selector: str) -> Step:
    return lambda page: expect(page.locator(selector)).to_have_count(0, timeout=SLOW)


def is_hidden(selector: str) -> Step:
    return lambda page: expect(page.locator(selector)).to_be_hidden()


def is_at(path: str) -> Step:
    return lambda page: page.wait_for_url(f"**{path}")


def has_value(selector: str, value: str) -> Step:
    return lambda page: expect(page.locator(selector)).to_have_value(value)


def downloads(selector: str) -> Step:
    def press(page: Page) -> None:
        with page.expect_download() as download:
            page.locator(selector).first.click()
        assert download.value.path().stat().st_size

    return press


def uploads(name: str) -> Step:
    photo = pictures.jpeg(pictures.astronaut())
    file: FilePayload = {"name": name, "mimeType": "image/jpeg", "buffer": photo}
    return lambda page: page.set_input_files("#images", [file])


def refuse_camera(page: Page) -> None:
    page.evaluate(
        """() => { navigator.mediaDevices.getUserMedia = () =>
        Promise.reject(new DOMException("Permission denied", "NotAllowedError")); }"""
    )


NOTICE: Final = ".messages"
FACE: Final = "#face-1"
NOT_RIGHT: Final = click(f"{FACE} .correction summary")
PHOTO: Final = "/photos/{portrait}/"
P: Final = "detector/partials"

PHOTO_PAGE: Final = (
    Press(
        f"{P}/face.html: Why? Where the model looked in face …", PHOTO,
        (click(f"{FACE} .face-why button"),), (shows(FACE, "Where the model looked"),), stays=True,
    ),
    Press(
        f"{P}/correction.html: … …", "", (NOT_RIGHT, click(f"{FACE} button[value=sad]")),
        (
            shows(f"{FACE} .face-title", "Sad, corrected"), shows("#expression-shown", "corrected"),
            # The heat map that was asked for is still there.
            shows(FACE, "Where the model looked"),
            is_seen("a.face-box[aria-label='Face 1: sad, corrected']"),
        ), stays=True,
    ),
    Press(
        f"{P}/correction.html: … …", "", (NOT_RIGHT, click(f"{FACE} button[value=not_a_face]")),
        (shows(f"{FACE} .face-title", "Not a face, corrected"),), stays=True,
    ),
    Press(
        f"{P}/correction.html: Take back what I said", "",
        (NOT_RIGHT, click(f"{FACE} button[value='']")),
        (shows(f"{FACE} .face-title", "Happy"), shows("#expression-shown", "%")), stays=True,
    ),
    Press(
        f"{P}/photo_notes.html: Save", "",
        (
            fill("#id_note", "At the lake"), fill("#id_tags", "summer"),
            click(".felt-chip:has-text('Sad')"), click("#notes-save"),
        ),
        (
            shows("#notes-saved", "Saved."), shows("#expression-shown", "You say “sad”"),
            has_value("#id_note", "At the lake"),
        ), stays=True,
    ),
    Press(
        f"{P}/photo_result.html: Analyse again", "",
        (click(".photo-model button"),), (shows(".photo-side", "Earlier results"),),
    ),
    Press(
        f"{P}/photo_result.html: Try again", "/photos/{failed}/",
        (click("button:has-text('Try again')"),), (shows(".photo-side", "No face found"),),
    ),
    Press(
        "detector/photo.html: Delete", "/photos/{failed}/?emotion=happy", (click(".photo-delete"),),
        (shows(NOTICE, "was deleted"), is_at("/history/?emotion=happy")),
    ),
    Press("partials/undo.html: Undo", "", (click(".undo button"),), (shows(NOTICE, "is back"),)),
)  # fmt: skip

HISTORY: Final = "/history/?source=api"
HISTORY_PAGE: Final = (
    Press(
        f"{P}/history_actions.html: Add tag", HISTORY,
        (picks(0), click("[value=tag]")),
        (is_seen("#several-tag-problem"), is_seen(".pick :checked")), stays=True,
    ),
    Press(
        f"{P}/history_actions.html: Add tag", "",
        (fill("#several-tag", "..."), fill("#several-tag", "sea"), click("[value=tag]")),
        (shows(NOTICE, "1 photo tagged"), shows(".history-entry", "#sea")),
    ),
    Press(
        f"{P}/history_actions.html: Choose none", HISTORY, (picks(0), click("[type=reset]")),
        (is_hidden(".actions"), is_gone(".pick :checked")), stays=True,
    ),
    Press(
        f"{P}/history_actions.html: Export CSV", HISTORY,
        (picks(0), downloads("[value=export]")), (is_seen(".pick :checked"),), stays=True,
    ),
    Press(
        f"{P}/history_actions.html: Analyse again", HISTORY,
        (picks(0), click("[value=again]")), (shows(NOTICE, "1 photo will be analysed again"),),
    ),
    Press(
        f"{P}/history_actions.html: Delete", HISTORY, (picks(2), click(".actions [value=delete]")),
        (shows(NOTICE, "1 photo deleted"), is_seen(".undo button"), is_at("/history/?source=api")),
    ),
    Press(
        "detector/bin.html: Restore", "/bin/", (click(".bin-item button"),),
        (shows(NOTICE, "The photo is back"),),
    ),
    Press(
        f"{P}/history_items.html: Show more", "/history/",
        (lambda page: page.locator(".history-more").scroll_into_view_if_needed(),),
        (is_seen(".history-entry:nth-of-type(25)"),), stays=True,
    ),
    Press(
        f"{P}/history_filters.html: Sort", "/history/", (choose("#sort", "oldest"),),
        (is_at("/history/?q=&sort=oldest"),),
    ),
    Press(
        f"{P}/history_filters.html: Search", "/history/",
        (fill("#filter-q", "lake"), click(".search button")),
        (is_gone(".history-entry:nth-of-type(2)"), is_seen(".history-entry")),
    ),
    Press(
        f"{P}/history_filters.html: Apply", "/history/",
        (
            click(".filters summary"), choose("#filter-status", "failed"),
            click(".filter-form button"),
        ), (shows("main", "No photo matches"),),
    ),
    Press(
        "detector/bin.html: Erase for good", "/photos/{failed}/",
        (
            click(".photo-delete"), lambda page: page.goto("/bin/"),
            click("[href='#empty-dialog']"), click("#empty-dialog button"),
        ), (shows(NOTICE, "erased for good"), shows("main", "Nothing here")),
    ),
)  # fmt: skip

UPLOAD_PAGE: Final = (
    Press(
        f"{P}/analysis_card.html: Analyse again", "/upload/",
        (uploads("portrait.jpg"), click("#upload-list button:has-text('Analyse again')")),
        (is_gone("#upload-list button:has-text('Analyse again')"), shows("#upload-list", "Happy")),
        stays=True,
    ),
    Press(
        "detector/upload.html: Use the camera", "/upload/", (refuse_camera, click("#open-camera")),
        (shows("#camera-problem", "may not use the camera"),), stays=True,
    ),
    Press(
        f"{P}/camera.html: Try again", "", (click("#camera-retry"),),
        (shows("#camera-problem", "may not use the camera"),), stays=True,
    ),
    Press(
        f"{P}/camera.html: Close", "", (click("#camera-close"),), (is_hidden("#camera"),),
        stays=True,
    ),
    Press(
        f"{P}/camera.html: Take photo", "/upload/", (click("#open-camera"), click("#camera-take")),
        (is_seen("#camera-shot"),), stays=True,
    ),
    Press(
        f"{P}/camera.html: Take another", "", (click("#camera-again"),),
        (is_seen("#camera-video"),), stays=True,
    ),
)  # fmt: skip

LIVE: Final = "/live/sessions/{live}/"
LIVE_PAGE: Final = (
    Press(
        "detector/live/session.html: Save", LIVE,
        (
            fill("#id_name", "Call with Jo"), click(".felt-chip:has-text('Sad')"),
            click("#words-save"),
        ),
        (shows(NOTICE, "Your words were saved"), shows("h1", "Call with Jo")),
    ),
    Press(
        "detector/live/session.html: Correct", LIVE,
        (fill("#id_until", "2"), choose("#id_emotion", "fear"), click(".live-correct button")),
        (shows(NOTICE, "Your correction was saved"), shows(".live-side", "Fear")),
    ),
    Press(
        "detector/live/session.html: Take all corrections back", "",
        (click("button[name=clear]"),),
        (shows(NOTICE, "taken back"), is_gone("button[name=clear]")),
    ),
    Press(
        "detector/live/session.html: Erase it", "",
        (click("[href='#erase-session']"), click("#erase-session button")),
        (shows(NOTICE, "was erased"), is_at("/live/sessions/")),
    ),
)  # fmt: skip

INSIGHTS_PAGE: Final = (
    Press(
        f"{P}/chart_head.html: CSV", "/insights/", (downloads("[data-saves=csv]"),), (), stays=True
    ),
    Press(f"{P}/chart_head.html: PNG", "", (downloads("[data-saves=png]"),), (), stays=True),
    Press(
        f"{P}/comparison.html: Compare", "",
        (
            fill("[name=first_from]", "2001-01-01"), fill("[name=first_to]", "2001-01-02"),
            click(".periods button"),
        ), (shows("section:has(.periods)", "n = 0 and"),),
    ),
)  # fmt: skip

CONFIRM: Final = (fill("input[name=password]", PASSWORD), click("main form button"))
