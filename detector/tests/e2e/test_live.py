"""The live camera in real Chromium: what it finds, shows and keeps, and that no picture leaves."""

import base64
import io
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserType, Page, expect

from detector.common import boxes
from detector.enums import Emotion
from detector.models import Face
from detector.tests.e2e import camera_troubles, fake_camera, pictures
from detector.tests.e2e.browsers_networks import with_the_browsers_networks
from detector.tests.e2e.browsing import SECOND, Watcher, overflow, violations
from detector.tests.e2e.pictures import Pixels
from detector.tests.e2e.platform import ROOT, Platform
from ml import browser as ml_browser
from ml import face_detection, images, inference
from ml.detection_views import scaled

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.parametrize("platform", ["embedded"], indirect=True),
]

PHOTOS = Path(os.environ.get("PHOTOS", ROOT.parent / "shared" / "photos"))
SIDES = (face_detection.SMALL_SIDE, ml_browser.FRAME_SIDE)
"""Least and most pixels of the long side of a frame: cameras have at least the one, and larger
frames are shrunk to the other."""

CAMERA = (320, 240)

# Each picture is a new scene for the engine, which else looks where it saw faces before.
LOOK = """async (pictures) => {
  const data = JSON.parse(document.getElementById("live-data").textContent);
  const { Engine } = await import("/static/js/live/engine.js");
  window.engine ??= await Engine.load(data.worker, data.constants, data.addresses);
  const found = [];
  for (const picture of pictures) {
    const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
    window.engine.forget();
    found.push((await window.engine.look(await createImageBitmap(new Blob([bytes])))).faces);
  }
  return found;
}"""
END = "() => { window.engine?.end(); }"

# Notes the pictures that go to the worker, and the second in which the session counts each: what
# the page does with them stays as it is.
NOTE = """
const { postMessage } = Worker.prototype;
Worker.prototype.postMessage = function (message, given) {
  if (window.noted && message.kind === "frame") {
    const canvas = new OffscreenCanvas(message.bitmap.width, message.bitmap.height);
    canvas.getContext("2d").drawImage(message.bitmap, 0, 0);
    const picture = canvas.convertToBlob({ type: "image/png" });
    window.noted.push({ id: message.id, picture, second: null });
  }
  return postMessage.call(this, message, given);
};
const { dispatchEvent } = EventTarget.prototype;
EventTarget.prototype.dispatchEvent = function (event) {
  const frame = event.type === "moment" && window.noted?.at(-1);
  if (frame && frame.id === event.detail.seen.id) {
    frame.second = Math.floor(event.detail.elapsed / 1000);
  }
  return dispatchEvent.call(this, event);
};
"""
BEGIN_NOTING = "() => { window.noted = []; }"
NOTED = """async () => {
  const frames = window.noted.filter(({ second }) => second !== null);
  return Promise.all(frames.map(async ({ second, picture }) => {
    const bytes = new Uint8Array(await (await picture).arrayBuffer());
    const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    return { second, png: btoa(text) };
  }));
}"""
SIX_SECONDS = "() => window.noted.some(({ second }) => second >= 6)"


def clear_faces() -> list[Pixels]:
    """Return frames with faces of one and two people: mirrored, dark, tilted, small, and none."""
    astronaut, hopper = pictures.astronaut(), pictures.hopper()
    turn = cv2.getRotationMatrix2D((256, 256), 18, 1.0)
    tilted = cv2.warpAffine(astronaut, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    return [
        astronaut,
        hopper[:, ::-1],
        (astronaut * 0.35).astype(np.uint8),
        np.asarray(tilted, np.uint8),
        pictures.beside([astronaut, hopper]),
        next(fake_camera.pan(hopper, 1)),
        far_away(astronaut, 30),
        pictures.coffee(),
    ]


def far_away(photo: Pixels, percent: int) -> Pixels:
    """Return a frame in which a photo takes so many percent of its own sides: a small face."""
    frame = np.full((480, 640, 3), 110, np.uint8)
    small = scaled(photo, percent / 100)
    frame[200 : 200 + small.shape[0], 300 : 300 + small.shape[1]] = small
    return frame


def shared_photos() -> list[Pixels]:
    """Return the photos of a folder that lies beside the checkout."""
    if not (PHOTOS / "photos.csv").is_file():
        pytest.skip(f"there are no photos in {PHOTOS}")
    found = []
    for file in sorted(PHOTOS.glob("*.*")):
        # Some are no pictures, as is the list of them.
        with file.open("rb") as photo, suppress(images.ImageError):
            found.append(images.decode(photo).rgb)
    return found


def fitted(pixels: Pixels) -> Pixels:
    """Return a photo as a frame of a camera: see `SIDES`."""
    least, most = (side / max(pixels.shape[:2]) for side in SIDES)
    return np.ascontiguousarray(scaled(pixels, min(max(least, 1.0), most)))


def sent(pixels: Pixels) -> str:
    _, png = cv2.imencode(".png", pixels[:, :, ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return base64.b64encode(png.tobytes()).decode()


@pytest.fixture(scope="module")
def live_page(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    platform: Platform,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Page]:
    """Open the live page in a browser whose camera pans over two people, one after the other."""
    people = (pictures.astronaut(), pictures.hopper())
    frames = (frame for photo in people for frame in fake_camera.pan(photo, 75, CAMERA))
    video = fake_camera.write(tmp_path_factory.mktemp("camera") / "camera.mjpeg", frames)
    more = [f"--use-file-for-fake-video-capture={video}"]
    arguments = {**browser_type_launch_args, "args": [*browser_type_launch_args["args"], *more]}
    browser = browser_type.launch(**arguments)
    watcher = Watcher(browser, platform)
    page = watcher.open(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page.add_init_script(NOTE)
    watcher.let_in(page, "live@example.com")
    page.goto("/live/")
    yield page
    browser.close()
    assert watcher.problems == []


@pytest.mark.parametrize("scenes", [clear_faces, shared_photos])
def test_the_browser_finds_what_the_server_finds(
    live_page: Page, scenes: Callable[[], list[Pixels]]
) -> None:
    frames = [fitted(pixels) for pixels in scenes()]
    seen = live_page.evaluate(LOOK, [sent(pixels) for pixels in frames])
    analyser = with_the_browsers_networks()
    expected = [[face.as_dict() for face in analyser.analyse(pixels)] for pixels in frames]
    assert [len(faces) for faces in seen] == [len(faces) for faces in expected]
    found = [*zip(chain(*seen), chain(*expected), strict=True)]
    assert len(found) >= 8
    for face, known in found:
        probabilities: Any = known["probabilities"]
        box: Any = known["box"]
        quality: Any = known["quality"]
        assert boxes.overlap(Face(**face["box"]), Face(**box)) >= 0.9
        assert (face["emotion"], face["uncertain"]) == (known["emotion"], known["uncertain"])
        assert face["flags"] == quality["flags"]
        off = np.abs(np.array(face["probabilities"]) - list(probabilities.values()))
        assert off.max() <= 0.03


def test_a_session_is_read_kept_and_agrees_with_the_server(live_page: Page) -> None:
    page = live_page
    page.evaluate(END)
    trouble_has_its_own_words(page)
    a_camera_may_stop_before_its_first_picture(page)
    first_session_is_discarded(page)

    page.evaluate(BEGIN_NOTING)
    start(page)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    label = page.locator("#live-boxes text")
    for emotion in ("Happy", "Neutral", "Happy"):
        expect(label.first).to_contain_text(emotion, timeout=20 * SECOND)
    assert violations(page) == []
    assert overflow(page, 390) <= 0
    page.wait_for_function(SIX_SECONDS)
    assert requests == []
    noted = page.evaluate(NOTED)
    a_still_is_sent_when_it_is_asked_for(page)
    page.locator("#live-stop").click()

    page.locator("#live-keep [name=name]").fill("Call with Kim")
    page.locator("#live-keep .felt-chip", has_text="Happy").click()
    page.locator("#live-keep-save").click()
    page.wait_for_url("**/live/sessions/*-*/")
    expect(page.locator("h1")).to_have_text("Call with Kim")
    kept = page.evaluate("(url) => fetch(url).then((answer) => answer.json())", f"{page.url}json/")
    agreement(kept, noted)


def start(page: Page) -> None:
    page.locator("#live-start").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#live-boxes g").first).to_be_visible(timeout=30 * SECOND)
    expect(page.locator("#live-pause")).to_be_focused()


def trouble_has_its_own_words(page: Page) -> None:
    for name, words in (
        ("NotAllowedError", "may not use the camera"),
        ("NotFoundError", "No camera was found"),
        ("NotReadableError", "in use by another program"),
    ):
        camera_troubles.refuse(page, name)
        page.locator("#live-start").click()
        expect(page.locator("#live-problem")).to_contain_text(words)
        expect(page.locator("#live-start")).to_be_focused()
    camera_troubles.give(page)


def a_camera_may_stop_before_its_first_picture(page: Page) -> None:
    video = page.locator("#live-video")
    video.evaluate(camera_troubles.NO_PICTURE_YET)
    page.locator("#live-start").click()
    camera_troubles.unplug(video)
    expect(page.locator("#live-problem")).to_contain_text("The camera stopped.")
    expect(page.locator("#live-start")).to_be_focused()


def first_session_is_discarded(page: Page) -> None:
    start(page)
    mirror, pause, hint = (page.locator(f"#live-{name}") for name in ("mirror", "pause", "hint"))
    expect(page.locator("#live-video")).to_have_class("is-mirrored")
    mirror.click()
    expect(mirror).to_have_attribute("aria-pressed", "false")
    pause.click()
    expect(hint).to_have_text("Paused.")
    page.locator("#live-video").evaluate(camera_troubles.BROKEN_OFF)
    for words in ("Pause", "Go on", "Pause"):
        pause.click()
        expect(pause).to_have_text(words)
    for hidden in ("true", "false"):
        page.evaluate(
            f"Object.defineProperty(document, 'hidden', {{ value: {hidden}, configurable: true }});"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
        if hidden == "true":
            expect(hint).to_contain_text("in the background")
    expect(hint).to_be_hidden()
    expect(page.locator("#live-rate")).to_contain_text("frames/s")
    page.locator("#live-stop").click()
    page.locator("#live-start").click()
    expect(page.locator("#live-problem")).to_contain_text("Keep or discard")
    expect(page.locator("#live-keep [name=name]")).to_be_focused()
    page.locator("#live-discard").click()
    expect(page.locator("#live-problem")).to_be_hidden()
    expect(page.locator("#live-keep")).to_be_hidden()


def a_still_is_sent_when_it_is_asked_for(page: Page) -> None:
    page.locator("#live-still").click()
    note = page.locator("#live-still-note")
    expect(note).to_contain_text("in your history", timeout=20 * SECOND)
    expect(note.locator("a")).to_have_attribute("href", re.compile("^/photos/"))


def agreement(kept: dict[str, Any], noted: list[dict[str, Any]]) -> None:
    """Compare each whole second of the session with what the server says of the same pictures."""
    analyser = inference.load()
    last = max(frame["second"] for frame in noted)
    expected: dict[int, list[str]] = defaultdict(list)
    for frame in (each for each in noted if each["second"] < last):
        with Image.open(io.BytesIO(base64.b64decode(frame["png"]))) as opened:
            faces = analyser.analyse(np.asarray(opened.convert("RGB")))
        expected[frame["second"]] += [face.emotion for face in faces]
    same = []
    for face in kept["faces"]:
        for second, row in enumerate(face["rows"], face["first"]):
            if row is not None and expected[second]:
                same.append(Emotion.values[int(np.argmax(row[:-1]))] in expected[second])
    assert len(same) >= 5
    assert np.mean(same) >= 0.95
