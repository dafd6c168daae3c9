"""A video of real faces from upload to timeline, with the real network, in a real browser."""

import os
import re
import signal
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from detector.tests.e2e import pictures
from detector.tests.e2e.browsing import SECOND, Watcher, overflow, violations
from detector.tests.e2e.platform import Platform, until
from ml import inference
from ml.tests.videos import making
from ml.videos import process

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.weights]
RATE, SIDE = 5, 1280
PART = 64 * 2**10
"""The smallest part that the server takes."""


def expected(content: bytes, seconds: float) -> list[tuple[float, list[Any]]]:
    """Return what `ml` says of each sampled frame: box, probabilities and doubt of each face."""
    analyser = inference.load()
    with making.as_file(content) as file:
        return [
            (frame.time, [_told(face.as_dict()) for face in analyser.analyse(frame.rgb)])
            for frame in process.sample(file, [(0, seconds)], rate=RATE, side=SIDE)
        ]


def _told(face: dict[str, Any]) -> tuple[Any, ...]:
    shares = np.array(list(face["probabilities"].values()), np.float32)
    return list(face["box"].values()), shares.tolist(), face["emotion"], face["uncertain"]


def seen(timeline: dict[str, Any]) -> list[tuple[float, list[Any]]]:
    """Return the same of a timeline, from left to right."""
    found: dict[float, list[Any]] = {time: [] for time in timeline["times"]}
    for track in timeline["tracks"]:
        frames = track["frames"]
        for place, time in enumerate(frames["times"]):
            shares = np.array(frames["probabilities"][place], np.float32).tolist()
            doubt = frames["uncertain"][place]
            found[time].append((frames["boxes"][place], shares, frames["emotions"][place], doubt))
    return [(time, sorted(faces)) for time, faces in found.items()]


def time_of(page: Page) -> float:
    return float(page.evaluate("document.getElementById('film').currentTime"))


@pytest.mark.parametrize("platform", ["embedded"], indirect=True)
def test_a_video_from_upload_to_timeline(watcher: Watcher, tmp_path: Path) -> None:
    content = pictures.walk(5)
    page = watcher.open()
    watcher.let_in(page, "film@example.com")
    page.goto("/videos/")
    (tmp_path / "walk.mp4").write_bytes(content)
    bad: FilePayload = {"name": "notes.mp4", "mimeType": "video/mp4", "buffer": b"no video"}
    page.locator("#video-input").set_input_files([bad])
    expect(page.get_by_role("alert")).to_contain_text("not a video of a known kind")
    # The browser itself says that the answer was an error.
    watcher.problems = [text for text in watcher.problems if "400" not in text]
    _lose_the_connection(page, tmp_path / "walk.mp4")
    watcher.problems = [text for text in watcher.problems if "ERR_" not in text]
    expect(page.get_by_role("heading", name="The 2 people")).to_be_visible(timeout=60 * SECOND)
    address = page.url

    timeline = page.evaluate("async () => (await fetch(`${location.pathname}timeline/`)).json()")
    assert seen(timeline) == expected(content, 5)
    moving, other = timeline["tracks"]
    assert len(moving["frames"]["times"]) == 25
    assert len(other["frames"]["times"]) == 20
    assert other["summary"]["gaps"] == [[2.8, 4.0]]

    _look_at_the_player(page)
    _sound_alone_is_no_picture(page)
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, "color-contrast") == []
    assert overflow(page, 390) <= 0

    page.get_by_text("Not right? Correct a span").click()
    page.get_by_role("button", name="To here").click()
    page.locator("[name=emotion]").select_option("surprise")
    page.get_by_role("button", name="From here").click()
    page.locator("[name=end]").fill("5")
    page.get_by_role("button", name="Save the correction").click()
    expect(page.get_by_text("Your correction was saved.")).to_be_visible()

    with page.expect_download() as saved:
        page.get_by_role("link", name="SRT").click()
    assert "surprise" in Path(saved.value.path()).read_text()
    page.get_by_role("button", name="Delete the video, keep the timeline").click()
    expect(page.get_by_text("Its timeline stays.")).to_be_visible()
    expect(page.locator("video")).to_have_count(0)
    # The page still fetches its timeline and stills, which are about to go.
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Delete walk.mp4").click()
    expect(page).to_have_url(address.rpartition("videos/")[0] + "videos/")


def _lose_the_connection(page: Page, film: Path) -> None:
    """Send a film in small parts; it goes on after errors, a dead network and a reload."""
    offsets: list[str] = []
    lost = [True]

    def answer(route: Route) -> None:
        offsets.append(route.request.headers.get("upload-offset", ""))
        if lost and offsets[-1] == str(PART):
            route.abort()
        else:
            route.continue_()

    def choose() -> None:
        page.evaluate("bytes => { document.forms['video-form'].dataset.partBytes = bytes; }", PART)
        page.locator("#video-input").set_input_files([film])

    page.route(re.compile("/video-uploads/.+/"), answer)
    choose()
    tries_again = expect(page.locator("#sending-note"))
    tries_again.to_contain_text("Trying again")
    page.context.set_offline(True)
    expect(page.get_by_role("alert")).to_contain_text("The connection was lost.")
    page.get_by_role("button", name="Go on with the upload").click()
    expect(page.get_by_role("alert")).to_contain_text("The connection was lost.")
    page.context.set_offline(False)
    tries_again.to_contain_text("Trying again")
    page.reload()
    expect(page.get_by_role("heading", name="Unfinished uploads")).to_be_visible()
    expect(page.locator(".unfinished")).to_contain_text("walk.mp4")
    assert violations(page) == []
    page.get_by_role("button", name="Discard walk.mp4").click()
    expect(page.get_by_text("was discarded")).to_be_visible()
    choose()
    tries_again.to_contain_text("Trying again")
    page.reload()
    # With another wish it begins anew.
    offsets.clear()
    page.locator("#forget").check()
    choose()
    tries_again.to_contain_text("Trying again")
    assert offsets[0] == "0"
    page.reload()
    offsets.clear()
    lost.clear()
    choose()
    page.wait_for_url(re.compile(r"/videos/[0-9a-f-]{36}/"))
    # The first request asks where to go on.
    assert offsets == ["", str(PART)]
    page.unroute_all()


def _look_at_the_player(page: Page) -> None:
    """Jump by peaks, lane, chart and keys; boxes are drawn where the player is."""
    page.wait_for_function("document.getElementById('film').readyState >= 1")
    page.get_by_role("button", name="Show in the chart Person 2").click()
    expect(page.locator("#chart-title")).to_contain_text("person 2")
    peak = page.locator(".peaks a").first
    peak.click()
    assert time_of(page) == pytest.approx(float(peak.get_attribute("data-seek") or ""), abs=0.05)
    page.locator("#chart").click(position={"x": 5, "y": 50})
    start = time_of(page)
    assert start < 0.5
    page.locator("h1").click()
    for key, moved in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        assert time_of(page) == pytest.approx(start + moved, abs=0.05)
    page.keyboard.press("l")
    assert time_of(page) == pytest.approx(5, abs=0.1)
    page.keyboard.press("j")
    assert time_of(page) == 0
    expect(page.locator("#chart-now")).to_contain_text("0:00:")
    painted = """() => {
      const canvas = document.getElementById("boxes");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.some((value, index) => index % 4 === 3 && value > 0);
    }"""
    page.wait_for_function(painted)
    page.keyboard.press("k")
    page.wait_for_function("!document.getElementById('film').paused")
    page.keyboard.press(" ")
    page.wait_for_function("document.getElementById('film').paused")
    _press_twice_at_once(page, "k")


def _sound_alone_is_no_picture(page: Page) -> None:
    """Open a film without a picture whose timeline does not come."""
    other = page.context.new_page()
    other.add_init_script(
        "Object.defineProperty(HTMLVideoElement.prototype, 'videoWidth', { get: () => 0 });"
    )
    other.route("**/timeline/", lambda route: None)
    with other.expect_request("**/timeline/"):
        other.goto(page.url, wait_until="commit")
    other.wait_for_function("() => document.getElementById('film')?.readyState >= 1")
    expect(other.locator("#unplayable")).to_be_visible()
    other.close()


def _press_twice_at_once(page: Page, key: str) -> None:
    """Play and pause before the first picture came: the watcher would note an error."""
    page.evaluate(
        """async (key) => {
          const film = document.getElementById("film");
          film.load();
          for (let press = 0; press < 2; press += 1) {
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
          }
          await new Promise((done) => { film.addEventListener("loadeddata", done); });
        }""",
        key,
    )
    assert page.evaluate("document.getElementById('film').paused")


@pytest.mark.parametrize("platform", ["unlimited"], indirect=True)
def test_a_killed_worker_costs_one_segment(platform: Platform) -> None:
    """Kill -9 of one of two workers in the middle: finished once, no frame twice."""
    with platform.client(platform.token("filmer")) as client:
        sent = client.post("videos/", files={"video": ("walk.mp4", pictures.walk(12))})
        address = sent.raise_for_status().headers["Location"]

        def video() -> dict[str, Any]:
            found: dict[str, Any] = client.get(address).json()
            return found

        until(lambda: video()["progress"]["percent"] >= 10, 60, "The first segments")
        os.kill(platform.children("worker")[0], signal.SIGKILL)
        until(lambda: video()["status"] == "done", 90, "The analysis")
        told = client.get(f"{address}timeline/").json()
        assert told["times"] == [round(number / 5, 3) for number in range(60)]
        assert len(told["tracks"]) == 2
        _assert_stored_once(client, address)


def _assert_stored_once(client: httpx.Client, address: str) -> None:
    found = client.get(address).json()
    assert found["frame_count"] == 60
    # A set of stills that was made twice would be longer than the list of its times.
    times = [still["time"] for still in found["stills"]]
    assert len(times) == len(set(times)) == 12
