"""Takes a picture of every page: `make screenshots`, or with `KEEP=1` the documentation's too.

A real server with a real worker analyses public-domain photos; every page is shown at the width of
a desktop and of a phone, in the light and the dark scheme. All of them go to `var/screenshots`; the
few of `KEPT` are in the documentation.
"""

import argparse
import io
import itertools
import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, cast

import numpy as np
from PIL import Image, ImageColor
from playwright.sync_api import Browser, Page, sync_playwright

from detector.tests.e2e import pictures
from detector.tests.e2e.browsing import (
    PASSWORD,
    Watcher,
    log_in,
    sign_up,
    turn_on_two_steps,
)
from detector.tests.e2e.pages import PAGES, Site, Viewer
from detector.tests.e2e.platform import Platform, until
from detector.tests.services_needed import need_program

WIDTHS = {"desktop": (1440, 900), "phone": (390, 844)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
TALLEST = {1440: 1440, 390: 1600}  # pixels by width; what is beneath repeats what is above
EXACT = 48
EMOTIONS = ("#c8402f", "#5e8c31", "#7a56c2", "#d99a00", "#2f74c0", "#d9651a", "#6b7785")
SHOWN = "someone@example.com"
STAFF_EMAIL = "staff@example.com"
KEPT = (
    "landing-desktop-light",
    "upload-desktop-light",
    "history-desktop-light",
    "photo-desktop-light",
    "photo-phone-dark",
    "explanation-desktop-light",
    "insights-desktop-dark",
    "settings-desktop-light",
    "review-desktop-light",
    "admin-desktop-light",
)
DEMO = 400  # made-up photos: a year that charts can show


def main() -> None:
    parser = argparse.ArgumentParser(description="Take a picture of every page.")
    parser.add_argument("target", type=Path, help="folder of all pictures")
    parser.add_argument("--keep", type=Path, help="folder that the documentation's are copied to")
    arguments = parser.parse_args()
    target: Path = arguments.target
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        platform = Platform(Path(folder))
        platform.start()
        browser = playwright.chromium.launch(
            executable_path=need_program("chromium", "chromium-browser", "google-chrome"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        try:
            names = _take_all(browser, platform, target)
        finally:
            browser.close()
            platform.stop()
    leave_only(target, names)
    if arguments.keep:
        for name in KEPT:
            shutil.copy(target / f"{name}.png", arguments.keep)
        leave_only(arguments.keep, KEPT)


def leave_only(folder: Path, names: Iterable[str]) -> None:
    """Delete the pictures of other names."""
    for old in set(folder.glob("*.png")) - {folder / f"{name}.png" for name in names}:
        old.unlink()


def fill(platform: Platform, email: str, *, demo: int) -> dict[str, str]:
    """Create a person with a few analysed photos, one deleted, a video, and `demo` made-up ones.

    Two reviewers judged most of the faces and differ on one; `STAFF_EMAIL` has judged none. The ids
    of the person, of the analysed photos by name, of the video, of the model that read them, and of
    that of the made-up ones.
    """
    user = email.partition("@")[0]
    token = platform.token(user, PASSWORD)
    platform.manage("seed_demo", "--user", user, "--photos", str(demo))
    astronaut, hopper = pictures.astronaut(), pictures.hopper()
    photos = {
        "coffee": pictures.coffee(),
        "two": pictures.beside([hopper, astronaut]),
        "three": pictures.beside([astronaut[:, ::-1], hopper, astronaut]),
        "portrait": astronaut,
        "group": pictures.group(),
    }
    with platform.client(token) as client:
        for name, pixels in photos.items():
            files = {"images": (f"{name}.jpg", pictures.jpeg(pixels))}
            client.post("analyses/?wait=30", files=files).raise_for_status()
        sent = client.post("videos/", files={"video": ("walk.mp4", pictures.walk(4))})
        sent.raise_for_status()
        address = sent.headers["Location"]
        until(lambda: client.get(address).json()["status"] == "done", 60, "The analysis")
    script = _AGREE.format(email=email, staff=STAFF_EMAIL, password=PASSWORD)
    answer = platform.manage("shell", "--no-imports", "--command", script)
    ids: dict[str, str] = json.loads(answer.splitlines()[-1])
    return {**ids, "video": sent.json()["id"]}


_AGREE = """
import json
from datetime import timedelta
from django.utils import timezone
from detector.models import (
    Face, LiveSession, ModelVersion, ReviewCase, User, WebhookDelivery, WebhookEndpoint,
)
from detector.accounts import preferences
from detector.live import sessions
from detector.analyses import explanations
from detector.photos import trash
from detector.reviews import consent as review_consent
from detector.reviews import verdicts
person = User.objects.get(email="{email}")
preferences.give_consent(person)
own = person.photos.filter(is_demo=False)
photos = {{photo.filename.removesuffix(".jpg"): str(photo.pk) for photo in own}}
portrait = Face.objects.get(analysis__photo__pk=photos["portrait"])
explanations.request(portrait)
trash.discard(person, [photos["two"]])
now = timezone.now()
hook = WebhookEndpoint.objects.create(
    owner=person, url="https://hooks.example.com/emotions/4711", events=["analysis.done"],
    failures=1, failing_since=now, description="Kiosk in the hall",
)
more = dict(
    endpoint=hook, photo=portrait.analysis.photo, event="analysis.done", subject=hook.pk,
    created_at=now, due_at=now,
)
later = now + timedelta(days=1)
WebhookDelivery.objects.create(
    **more, status="delivered", finished_at=now, attempts=1, response_status=204,
)
WebhookDelivery.objects.create(
    **{{**more, "due_at": later}}, attempts=2, error="Connection refused",
)
review_consent.agree(person)
ReviewCase.objects.update(wanted=2)
for name in ("jo", "kim"):
    reviewer = User.objects.create_user(name, is_staff=True)
    for place in range(6):
        case = verdicts.next_case(reviewer)
        verdict = "sad" if (name, place) == ("kim", 2) else case.face.emotion
        verdicts.give_verdict(case.pk, reviewer, verdict, seconds=2.0 + place)
staff = User.objects.create_superuser("staff", "{staff}", "{password}")
preferences.give_consent(staff)
demo, model = ModelVersion.objects.get(name="demo"), portrait.analysis.model_version
def row(second):
    happy = (620 if second // 23 % 2 else 220) - second % 17 * 6
    return [5, 5, 5, happy, 70, 5, 910 - happy, int(second % 23 < 3)]
live = sessions.keep(
    person, name="Call with Kim", started_at=now, model="v7", seconds=120, felt_emotion="happy",
    faces=[
        {{"first": 0, "rows": [row(second) for second in range(120)]}},
        {{"first": 40, "rows": [row(s + 23) if s % 30 else None for s in range(1, 60)]}},
    ],
)
ids = {{"live": live, "demo": demo, "model": model, "person": person, "webhook": hook}}
print(json.dumps({{**photos, **{{name: str(thing.pk) for name, thing in ids.items()}}}}))
"""


def _take_all(browser: Browser, platform: Platform, target: Path) -> list[str]:
    ids = fill(platform, SHOWN, demo=DEMO)
    watcher = Watcher(browser, platform)
    taken: list[str] = []
    for (name, size), scheme in itertools.product(WIDTHS.items(), SCHEMES):
        for viewer in Viewer:
            page = watcher.open(
                viewport={"width": size[0], "height": size[1]},
                color_scheme=scheme,
                reduced_motion="reduce",
            )
            _become(page, viewer, f"{name}-{scheme}")
            sites = [site for site in PAGES if site.viewer == viewer and site.ours]
            taken += _take(page, sites, ids, target, f"{name}-{scheme}")
            page.context.close()
    return taken


def _become(page: Page, viewer: Viewer, suffix: str) -> None:
    if viewer == Viewer.NEWCOMER:
        sign_up(page, f"newcomer-{suffix}@example.com")
    elif viewer == Viewer.PERSON:
        log_in(page, SHOWN)
    elif viewer == Viewer.STAFF:
        log_in(page, STAFF_EMAIL)
    elif viewer == Viewer.TWO_STEPS:
        sign_up(page, f"two-steps-{suffix}@example.com")
        turn_on_two_steps(page)


def _take(
    page: Page, sites: Iterable[Site], ids: dict[str, str], target: Path, suffix: str
) -> Iterable[str]:
    for site in sites:
        page.goto(site.path.format(**ids))
        # Only those pages have photos that are loaded when they are seen.
        if site.viewer in (Viewer.PERSON, Viewer.STAFF):
            page.wait_for_load_state("networkidle")
        name = f"{site.name}-{suffix}"
        _save(_shot(page), target / f"{name}.png")
        yield name


def _shot(page: Page) -> bytes:
    """Return the whole page up to a largest height, with the bar of a phone at its bottom."""
    size = page.viewport_size
    assert size is not None
    wanted = int(page.evaluate("document.documentElement.scrollHeight"))
    height = min(max(wanted, size["height"]), TALLEST[size["width"]])
    page.set_viewport_size({"width": size["width"], "height": height})
    picture = page.screenshot()
    page.set_viewport_size(size)
    return picture


def _save(picture: bytes, path: Path) -> None:
    """Save with 256 colours, a third of the bytes: colours of surfaces and emotions stay exact."""
    with Image.open(io.BytesIO(picture)) as opened:
        image = opened.convert("RGB")
    counted = cast("list[tuple[int, tuple[int, ...]]]", image.getcolors(image.width * image.height))
    exact = [colour for _, colour in sorted(counted, reverse=True)[:EXACT]]
    exact += [ImageColor.getrgb(colour) for colour in EMOTIONS]
    rest = image.quantize(256 - len(exact), dither=Image.Dither.NONE)
    indices = np.asarray(rest) + len(exact)
    # A colour as one number: each pixel is looked up once, not compared with every colour.
    pixels = np.asarray(image).astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    known = np.array([red << 16 | green << 8 | blue for red, green, blue in exact], np.uint32)
    order = known.argsort()
    place = order[np.searchsorted(known, pixels, sorter=order).clip(max=len(known) - 1)]
    indices = np.where(known[place] == pixels, place, indices)
    few = Image.fromarray(indices.astype(np.uint8)).convert("P")
    few.putpalette([*itertools.chain.from_iterable(exact), *(rest.getpalette() or [])])
    few.save(path, optimize=True)


if __name__ == "__main__":
    main()
