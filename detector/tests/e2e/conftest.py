"""Platforms to try, and photos to try them with."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from detector.tests.conftest import Broker
from detector.tests.e2e import chaos, pictures
from detector.tests.e2e.browsing import SECOND, Watcher
from detector.tests.e2e.platform import Platform
from detector.tests.e2e.stack import Stack
from detector.tests.services_needed import need_program, own_services

FOLDER = Path(__file__).parent

# A busy machine may need more than the usual five seconds. Tests that pass lose no time by it.
expect.set_options(timeout=20 * SECOND)


@pytest.fixture(autouse=True)
def _private_files() -> None:
    """Replace nothing: these tests run the platform in its own processes."""


@pytest.fixture(autouse=True)
def broker() -> Broker:
    """Replace nothing: messages of the platform go to its own broker."""
    return {}


@pytest.fixture(autouse=True)
def analyser() -> None:
    """Replace nothing: the real network runs."""


@pytest.fixture(scope="session")
def services(worker_id: str) -> Iterator[dict[str, str]]:
    """Create a PostgreSQL database and an empty Redis database for each test process."""
    with own_services(8 if worker_id == "gw1" else 9) as addresses:
        yield addresses


UNLIMITED = "unlimited"
SELDOM = "5"
PLATFORMS = ("embedded", "stack")
LEARNING = {
    # So little training does not make a network better; the loop is what is tried.
    "PROMOTION_LARGEST_LOSS": "0.9",
    "REVIEW_DOUBLE_SHARE": "0",
    "FINE_TUNE_QUICK": "true",
    # Beside other tests, more would only wait for each other.
    "OMP_NUM_THREADS": "1",
}
"""Settings with which people teach the next model; no other test of the platform depends on them.
"""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start each platform once: tests of none first, then all tests of one after the other.

    Training begins on a new platform, since it takes all that was reviewed.
    """
    places = [number for number, item in enumerate(items) if FOLDER in item.path.parents]
    ours = [items[place] for place in places]
    ours.sort(
        key=lambda item: (
            [name in item.name for name in reversed((UNLIMITED, *PLATFORMS))],
            item.get_closest_marker("training") is None,
        )
    )
    for place, item in zip(places, ours, strict=True):
        items[place] = item


@pytest.fixture(scope="session", params=PLATFORMS)
def platform(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    """Start the platform on its embedded default, or in its production shape: `make stack`.

    The one without limits has two slots, for tests that make many calls or kill workers. The others
    sweep as seldom as in production.
    """
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == UNLIMITED:
        started = chaos.make_platform(folder, {}, VIDEO_SEGMENT_SECONDS="1")
    elif request.param == "stack":
        need_program("nginx")
        started = Stack(folder, **request.getfixturevalue("services"), SWEEP_INTERVAL=SELDOM)
    else:
        base = str(folder / "base.npz")
        started = Platform(folder, (), SWEEP_INTERVAL=SELDOM, TRAINING_DATA=base, **LEARNING)
    started.start()
    yield started
    assert started.stop() == 0, started.log.read_text()[-3000:]


@pytest.fixture
def watcher(browser: Browser, platform: Platform) -> Iterator[Watcher]:
    """Open pages of the platform; none of them may show a problem."""
    watching = Watcher(browser, platform)
    yield watching
    watching.close()
    assert watching.problems == []


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """Use Debian's Chromium: Playwright's own build is not downloaded.

    The headless shell draws no window around the page, which takes a third off its time.
    """
    programs = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return {
        "executable_path": need_program(*programs),
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            # A camera that shows a test picture, and a person who lets every page use it.
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
        ],
    }


@pytest.fixture(scope="session")
def group_photo() -> bytes:
    return pictures.jpeg(pictures.group())


@pytest.fixture(scope="session")
def portrait() -> bytes:
    return pictures.jpeg(pictures.astronaut())


@pytest.fixture(scope="session")
def coffee() -> bytes:
    return pictures.jpeg(pictures.coffee())
