"""The table of pages forgets none: whoever adds an address says whether a page is behind it."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from django.urls import URLPattern, URLResolver, get_resolver, resolve

from detector.tests.e2e.pages import PAGES
from detector.tests.e2e.screenshots import KEPT, SCHEMES, WIDTHS

NOT_PAGES = {
    # parts of pages, pictures, and files
    "analysis-card", "photo-result", "photo-image", "photo-thumbnail", "bin-thumbnail",
    "face-explanation-image", "mfa_download_recovery_codes",
    "take-out",
    "live-network", "live-session-csv", "live-session-json",
    "history-item", "insights-numbers",
    "video-progress", "video-file", "video-timeline", "video-still", "video-export",
    # forms that are only sent
    "video-correction", "video-delete", "video-file-delete", "video-retry", "video-restore",
    "video-upload-discard",
    "retention", "token-create", "token-revoke", "photo-delete", "photo-retry",
    "photo-analyse-again", "bin-restore", "bin-empty", "history-several", "face-correction",
    "live-session-correction", "live-session-erase",
    "review-consent", "webhook-switch", "webhook-delete", "webhook-send-again",
    # looked at on the way, when the walk turns on two steps and logs in with them
    "mfa_activate_totp", "mfa_authenticate", "mfa_reauthenticate",
    # not turned on
    "account_confirm_login_code",
    # answers only after a mail or without a password, in the looks of their neighbours
    "account_reset_password_from_key_done", "account_set_password",
    # the page of a photo with what was wrong about a note
    "photo-notes",
}  # fmt: skip


def names(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    """Yield every named address but those of the API and of Django's administration."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if not route.startswith(("api/", "admin/")):
                yield from names(pattern.url_patterns, route)
        elif pattern.name and not re.match(r"healthz|readyz|metrics", route):
            yield pattern.name


def test_every_page_is_in_the_table() -> None:
    anything = "00000000-0000-0000-0000-000000000000"
    paths = [re.sub(r"\{\w+\}", anything, site.path) for site in PAGES if site.status == 200]
    shown = {resolve(path.partition("?")[0]).url_name for path in paths}
    assert set(names(get_resolver().url_patterns)) - NOT_PAGES - shown == set()


def test_the_documentation_keeps_a_few_pictures() -> None:
    sites = [site.name for site in PAGES if site.ours]
    taken = {"-".join(parts) for parts in itertools.product(sites, WIDTHS, SCHEMES)}
    assert taken.issuperset(KEPT)
    assert {path.stem for path in Path("docs/screenshots").glob("*.png")} == set(KEPT)
    readme = Path("README.md").read_text()
    assert set(re.findall(r"docs/screenshots/([\w-]+)\.png", readme)) <= set(KEPT)
