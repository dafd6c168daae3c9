"""Takes the pictures of the documentation: `make screenshots`.

A real server with a real worker analyses public-domain photos; the pages are shown at desktop and
phone width, in the light and the dark scheme.
"""

import itertools
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from detector.tests.e2e import pictures
from detector.tests.e2e.platform import Platform
from detector.tests.services_needed import need_program

WIDTHS = {"desktop": (1280, 860), "phone": (390, 844)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
EMAIL, PASSWORD = "someone@example.com", "correct horse battery"


def main() -> None:
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        platform = Platform(Path(folder))
        platform.start()
        browser = playwright.chromium.launch(
            executable_path=need_program("chromium", "chromium-browser", "google-chrome"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        try:
            _fill(platform)
            for (name, size), scheme in itertools.product(WIDTHS.items(), SCHEMES):
                _take(browser, platform, target, f"{name}-{scheme}", size, scheme)
        finally:
            browser.close()
            platform.stop()


def _fill(platform: Platform) -> None:
    token = platform.token("someone")
    astronaut, hopper = pictures.astronaut(), pictures.hopper()
    photos = {
        "astronaut.jpg": astronaut,
        "hopper.jpg": hopper,
        "coffee.jpg": pictures.coffee(),
        "two.jpg": pictures.beside([hopper, astronaut]),
        "three.jpg": pictures.beside([astronaut[:, ::-1], hopper, astronaut]),
        "group.jpg": pictures.group(),
    }
    with platform.client(token) as client:
        for name, pixels in photos.items():
            files = {"images": (name, pictures.jpeg(pixels))}
            client.post("analyses/?wait=30", files=files).raise_for_status()


def _take(
    browser: Browser,
    platform: Platform,
    target: Path,
    suffix: str,
    size: tuple[int, int],
    scheme: Literal["light", "dark"],
) -> None:
    width, height = size
    context = browser.new_context(
        base_url=platform.url, viewport={"width": width, "height": height}, color_scheme=scheme
    )
    page = context.new_page()

    def shoot(name: str, path: str) -> None:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=target / f"{name}-{suffix}.png")

    shoot("landing", "/")
    shoot("signup", "/accounts/signup/")
    _log_in(page)
    shoot("upload", "/upload/")
    shoot("history", "/history/")
    shoot("insights", "/insights/")
    shoot("photo", str(page.evaluate(_FIRST_PHOTO)))
    context.close()


_FIRST_PHOTO = """async () => {
  const page = new DOMParser().parseFromString(
    await (await fetch("/history/")).text(), "text/html");
  return page.querySelector("a[href^='/photos/']").getAttribute("href");
}"""


def _log_in(page: Page) -> None:
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/history/")


if __name__ == "__main__":
    main()
