"""The live camera in real Chromium: what it finds, shows and keeps, and that no picture leaves."""

import base64
import io
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserType, Page, expect

from detector.enums import Emotion
from detector.tests.e2e import fake_camera, pictures
from detector.tests.e2e.browsing import SECOND, Watcher, overflow, sign_up, violations
from detector.tests.e2e.pictures import Pixels
from detector.tests.e2e.platform import Platform
from ml import browser as ml_browser
from ml import inference
from ml.detection_views import scaled

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.parametrize("platform", ["embedded"], indirect=True),
]

LOOK = """async (frames) => {
  const data = JSON.parse(document.getElementById("live-data").textContent);
  const { Engine } = await import("/static/js/live/engine.js");
  const engine = await Engine.load(data.worker, data.constants, data.addresses);
  const found = [];
  for (const { width, height, pixels } of frames) {
    const bytes = Uint8ClampedArray.from(atob(pixels), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new ImageData(bytes, width, height));
    found.push((await engine.look(bitmap)).faces);
  }
  engine.end();
  return found;
}"""

# Notes the pictures that go to the worker, and when its answer to each comes: what the page does
# with them stays as it is.
NOTE = """
window.noted = { started: 0, last: 0, frames: [] };
new MutationObserver(() => {
  const running = document.getElementById("live")?.dataset.state === "running";
  if (running && !window.noted.started) window.noted.started = performance.now();
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-state"] });
const post = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (message, given) {
  // All frames of a slow machine, and seven a second of a quick one.
  if (message.kind === "frame" && performance.now() - window.noted.last > 140) {
    window.noted.last = performance.now();
    const canvas = new OffscreenCanvas(message.bitmap.width, message.bitmap.height);
    canvas.getContext("2d").drawImage(message.bitmap, 0, 0);
    const frame = { picture: canvas.convertToBlob({ type: "image/png" }), answered: 0 };
    window.noted.frames.push(frame);
    this.addEventListener("message", ({ data }) => {
      if (data.id === message.id) frame.answered = performance.now();
    });
  }
  return post.call(this, message, given);
};
"""
NOTED = """async () => {
  const { started, frames } = window.noted;
  return Promise.all(frames.filter(({ answered }) => answered).map(async (frame) => {
    const bytes = new Uint8Array(await (await frame.picture).arrayBuffer());
    const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    // The page hears of an answer a moment later: near an edge it may be either second.
    const near = [-50, 50].map((off) => Math.floor((frame.answered - started + off) / 1000));
    return { seconds: [...new Set(near)], png: btoa(text) };
  }));
}"""


def shapes() -> list[Pixels]:
    """Return frames with clear faces: of one and two people, mirrored, dark, tilted, and none."""
    astronaut, hopper = pictures.astronaut(), pictures.hopper()
    turn = cv2.getRotationMatrix2D((256, 256), 18, 1.0)
    tilted = cv2.warpAffine(astronaut, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    found = [
        astronaut,
        hopper,
        hopper[:, ::-1],
        (astronaut * 0.35).astype(np.uint8),
        np.asarray(tilted, np.uint8),
        pictures.beside([astronaut, hopper]),
        next(fake_camera.pan(hopper, 1)),
        pictures.coffee(),
    ]
    return [np.ascontiguousarray(fitted(pixels)) for pixels in found]


def fitted(pixels: Pixels) -> Pixels:
    return scaled(pixels, min(ml_browser.FRAME_SIDE / max(pixels.shape[:2]), 1.0))


def sent(pixels: Pixels) -> dict[str, Any]:
    height, width = pixels.shape[:2]
    rgba = np.dstack([pixels, np.full((height, width), 255, np.uint8)])
    return {"width": width, "height": height, "pixels": base64.b64encode(rgba.tobytes()).decode()}


def iou(one: dict[str, float], other: dict[str, float]) -> float:
    across = min(one["x"] + one["width"], other["x"] + other["width"]) - max(one["x"], other["x"])
    down = min(one["y"] + one["height"], other["y"] + other["height"]) - max(one["y"], other["y"])
    both = max(across, 0) * max(down, 0)
    return both / (one["width"] * one["height"] + other["width"] * other["height"] - both)


def test_the_browser_finds_what_the_server_finds(watcher: Watcher) -> None:
    frames = shapes()
    page = watcher.open()
    sign_up(page, "parity@example.com")
    page.goto("/live/")
    seen = page.evaluate(LOOK, [sent(pixels) for pixels in frames])
    analyser = inference.load()
    expected = [[face.as_dict() for face in analyser.analyse(pixels)] for pixels in frames]
    assert [len(faces) for faces in seen] == [len(faces) for faces in expected]
    assert sum(map(len, seen)) >= 8
    for theirs, ours in zip(seen, expected, strict=True):
        for face, known in zip(theirs, ours, strict=True):
            probabilities: Any = known["probabilities"]
            box: Any = known["box"]
            quality: Any = known["quality"]
            assert iou(face["box"], box) >= 0.9
            assert (face["emotion"], face["uncertain"]) == (known["emotion"], known["uncertain"])
            assert face["flags"] == quality["flags"]
            off = np.abs(np.array(face["probabilities"]) - list(probabilities.values()))
            assert off.max() <= 0.03


@pytest.fixture
def camera_browser(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any], tmp_path: Path
) -> Iterator[Browser]:
    """Start a browser whose camera pans over two people, one after the other."""
    people = (pictures.astronaut(), pictures.hopper())
    frames = (frame for photo in people for frame in fake_camera.pan(photo, 90))
    video = fake_camera.write(tmp_path / "camera.mjpeg", frames)
    more = [f"--use-file-for-fake-video-capture={video}"]
    arguments = {**browser_type_launch_args, "args": [*browser_type_launch_args["args"], *more]}
    started = browser_type.launch(**arguments)
    yield started
    started.close()


def test_a_session_is_read_kept_and_agrees_with_the_server(
    camera_browser: Browser, platform: Platform
) -> None:
    watcher = Watcher(camera_browser, platform)
    page = watcher.open(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    sign_up(page, "live@example.com")
    page.goto("/live/")
    trouble_has_its_own_words(page)
    first_session_is_discarded(page)

    page.add_init_script(NOTE)
    page.reload()
    start(page)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    label = page.locator("#live-boxes text")
    for emotion in ("Happy", "Neutral", "Happy"):
        expect(label.first).to_contain_text(emotion, timeout=20 * SECOND)
    assert requests == []
    assert violations(page) == []
    noted = page.evaluate(NOTED)
    a_still_is_sent_when_it_is_asked_for(page)
    page.locator("#live-stop").click()

    page.locator("#live-keep [name=name]").fill("Call with Kim")
    page.locator("#live-keep .felt-chip", has_text="Happy").click()
    assert overflow(page, 390) <= 0
    page.locator("#live-keep-save").click()
    page.wait_for_url("**/live/sessions/*-*/")
    expect(page.locator("h1")).to_have_text("Call with Kim")
    kept = page.evaluate("(url) => fetch(url).then((answer) => answer.json())", f"{page.url}json/")
    agreement(kept, noted)
    page.context.close()
    assert watcher.problems == []


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
        page.evaluate(
            "(name) => { navigator.mediaDevices.getUserMedia = () =>"
            " Promise.reject(new DOMException('', name)); }",
            name,
        )
        page.locator("#live-start").click()
        expect(page.locator("#live-problem")).to_contain_text(words)
        expect(page.locator("#live-start")).to_be_focused()
    page.evaluate("() => { delete navigator.mediaDevices.getUserMedia; }")


def first_session_is_discarded(page: Page) -> None:
    start(page)
    mirror, pause, hint = (page.locator(f"#live-{name}") for name in ("mirror", "pause", "hint"))
    expect(page.locator("#live-video")).to_have_class("is-mirrored")
    mirror.click()
    expect(mirror).to_have_attribute("aria-pressed", "false")
    pause.click()
    expect(hint).to_have_text("Paused.")
    pause.click()
    expect(pause).to_have_text("Pause")
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
    page.locator("#live-discard").click()
    expect(page.locator("#live-keep")).to_be_hidden()


def a_still_is_sent_when_it_is_asked_for(page: Page) -> None:
    page.locator("#live-still").click()
    note = page.locator("#live-still-note")
    expect(note).to_contain_text("in your history", timeout=20 * SECOND)
    expect(note.locator("a")).to_have_attribute("href", re.compile("^/photos/"))


def agreement(kept: dict[str, Any], noted: list[dict[str, Any]]) -> None:
    """Compare each second of the session with what the server says of the same pictures."""
    analyser = inference.load()
    expected: dict[int, list[np.ndarray[Any, Any]]] = defaultdict(list)
    for frame in noted:
        with Image.open(io.BytesIO(base64.b64decode(frame["png"]))) as opened:
            faces = analyser.analyse(np.asarray(opened.convert("RGB")))
        for second in frame["seconds"]:
            expected[second] += [np.array(list(face.probabilities.values())) for face in faces]
    same = []
    for face in kept["faces"]:
        for second, row in enumerate(face["rows"], face["first"]):
            if row is not None and expected[second]:
                labels = {Emotion.values[int(values.argmax())] for values in expected[second]}
                same.append(Emotion.values[int(np.argmax(row[:-1]))] in labels)
    assert len(same) >= 6
    assert np.mean(same) >= 0.95
