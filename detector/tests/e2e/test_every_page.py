"""Every page: for everyone, on every screen, in both schemes, and without a word to other hosts."""

from collections.abc import Callable
from typing import Final, Literal

import pytest
from playwright.sync_api import Browser, Page, Response, ViewportSize

from detector.tests.e2e.browsing import (
    Watcher,
    log_in,
    log_out,
    overflow,
    sign_up,
    turn_on_two_steps,
    violations,
)
from detector.tests.e2e.pages import PAGES, Site, Viewer
from detector.tests.e2e.platform import Platform
from detector.tests.e2e.screenshots import STAFF_EMAIL, fill

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

# Colours move to those of the other scheme in the blink of an eye, but not at once.
SETTLED = """async () => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  await Promise.all(document.getAnimations().map((animation) => animation.finished));
}"""

DEMO: Final = 100  # made-up photos: enough for every chart to say something
PHONES: Final = (390, 360)
DESKTOP: Final[ViewportSize] = {"width": 1440, "height": 900}

# One platform is enough: pages do not know what stores them.
one_platform = pytest.mark.parametrize("platform", ["embedded"], indirect=True)


class Walk:
    """Looks at pages in both schemes and at three widths, and notes what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.schemes: list[Literal["light", "dark"]] = ["light", "dark"]

    def visit(self, page: Page, site: Site, path: str) -> None:
        response: Response | None = page.goto(path)
        assert response is not None
        assert response.status == site.status, path
        assert page.url.endswith(path), f"{path} led to {page.url}"
        if site.ours:
            self.look(page)

    def look(self, page: Page) -> None:
        """Ask all rules in the scheme of the page, and those of colours in the other one.

        The next page begins with that, so no page is drawn once more only to go back.
        """
        self._note(page, violations(page))
        self.schemes.reverse()
        page.emulate_media(color_scheme=self.schemes[0])
        page.evaluate(SETTLED)
        self._note(page, violations(page, "color-contrast"))
        for width in PHONES:
            wider = overflow(page, width)
            if wider > 0:
                self._note(page, [f"{wider} px wider than {width}"])
        page.set_viewport_size(DESKTOP)

    def _note(self, page: Page, found: list[str]) -> None:
        self.problems += [f"{page.url}: {self.schemes[0]} {problem}" for problem in found]


@one_platform
def test_every_page(browser: Browser, platform: Platform) -> None:
    person, careful = "walker@example.com", "careful@example.com"
    ids = fill(platform, person, demo=DEMO)
    watcher, walk = Watcher(browser, platform), Walk()

    def become_careful(page: Page) -> None:
        sign_up(page, careful)
        turn_on_two_steps(page, walk.look)

    become: dict[Viewer, Callable[[Page], None]] = {
        Viewer.ANYONE: lambda page: None,
        Viewer.NEWCOMER: lambda page: sign_up(page, "newcomer@example.com"),
        Viewer.PERSON: lambda page: log_in(page, person),
        Viewer.STAFF: lambda page: log_in(page, STAFF_EMAIL),
        Viewer.TWO_STEPS: become_careful,
    }
    for viewer, begin in become.items():
        page = watcher.open(reduced_motion="reduce", viewport=DESKTOP, color_scheme=walk.schemes[0])
        begin(page)
        for site in PAGES:
            if site.viewer == viewer:
                walk.visit(page, site, site.path.format(**ids))
        if viewer == Viewer.TWO_STEPS:
            log_out(page)
            log_in(page, careful, leads_to="**/2fa/authenticate/")
            walk.look(page)
        page.context.close()
    problems = walk.problems + [text for text in watcher.problems if "/nothing/" not in text]
    assert problems == [], "\n".join(problems)
