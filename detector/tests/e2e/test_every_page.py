"""Every page: for everyone, on every screen, in both schemes, and without a word to other hosts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, Response

from detector.tests.e2e.browsing import (
    Watcher,
    log_in,
    overflow,
    sign_up,
    turn_on_two_steps,
    violations,
)
from detector.tests.e2e.pages import ANYONE, NEWCOMER, PAGES, PERSON, TWO_STEPS, Site
from detector.tests.e2e.platform import Platform
from detector.tests.e2e.screenshots import fill

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

# Colours move to those of the other scheme in the blink of an eye, but not at once.
SETTLED = """async () => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  await Promise.all(document.getAnimations().map((animation) => animation.finished));
}"""

# One platform is enough: pages do not know what stores them.
one_platform = pytest.mark.parametrize("platform", ["embedded"], indirect=True)


def walk(page: Page, site: Site, path: str, problems: list[str]) -> None:
    """Look at one page in both schemes and at three widths."""
    response: Response | None = page.goto(path)
    assert response is not None
    assert response.status == site.status, path
    assert page.url.endswith(path), f"{path} led to {page.url}"
    if not site.ours:
        return
    problems += [f"{path}: {violation}" for violation in violations(page)]
    page.emulate_media(color_scheme="dark")
    page.evaluate(SETTLED)
    problems += [f"{path} dark: {violation}" for violation in violations(page, "color-contrast")]
    page.emulate_media(color_scheme="light")
    for width in (390, 360):
        wider = overflow(page, width)
        if wider > 0:
            problems.append(f"{path}: {wider} px wider than {width}")
    page.set_viewport_size({"width": 1440, "height": 900})


@one_platform
def test_every_page(browser: Browser, platform: Platform) -> None:
    person = "walker@example.com"
    ids = fill(platform, person)
    watcher = Watcher(browser, platform)
    prepare: dict[str, Callable[[Page], None]] = {
        ANYONE: lambda page: None,
        NEWCOMER: lambda page: sign_up(page, "newcomer@example.com"),
        PERSON: lambda page: log_in(page, person),
        TWO_STEPS: two_steps_of_another,
    }
    problems: list[str] = []
    for viewer, begin in prepare.items():
        page = watcher.open(reduced_motion="reduce", viewport={"width": 1440, "height": 900})
        begin(page)
        for site in PAGES:
            if site.viewer == viewer:
                walk(page, site, site.path.format(**ids), problems)
        page.context.close()
    problems += [problem for problem in watcher.problems if "/nothing/" not in problem]
    assert problems == [], "\n".join(problems)


def two_steps_of_another(page: Page) -> None:
    sign_up(page, "twosteps@example.com")
    turn_on_two_steps(page)
