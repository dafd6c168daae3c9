"""Do what browser tests do again and again, and watch the browser meanwhile."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from detector.tests.e2e.platform import ROOT, Platform

SECOND: Final = 1000
PASSWORD: Final = "correct horse battery"
AXE: Final = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS: Final = ("serious", "critical")


SESSION: Final = """
from django.test import Client
from django.utils import timezone
from detector import consent
from detector.models import User
agreed = {{"consent_version": consent.VERSION, "consented_at": timezone.now()}}
person, _ = User.objects.get_or_create(
    email="{email}", defaults={{"username": "{email}".partition("@")[0], **agreed}}
)
client = Client()
client.force_login(person)
print(client.cookies["sessionid"].value)
"""


class Watcher:
    """Opens pages and notes what must not be: console errors, and requests to other hosts."""

    def __init__(self, browser: Browser, platform: Platform) -> None:
        self.browser = browser
        self.platform = platform
        self.problems: list[str] = []
        self.contexts: list[BrowserContext] = []

    def open(self, **context: Any) -> Page:
        """Open a page in its own context: nobody is logged in."""
        page = self.browser.new_context(base_url=self.platform.url, **context).new_page()
        self.contexts.append(page.context)
        page.on("console", lambda message: self._note_message(message, page))
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        page.on("request", lambda request: self._note_request(request, page))
        return page

    def let_in(self, page: Page, email: str) -> None:
        """Log a person in who need not say a password; makes the account where there is none.

        To check a password takes half a second by design, and few tests are about that.
        """
        program = SESSION.format(email=email)
        session = self.platform.manage("shell", "--no-imports", "--command", program)
        url = self.platform.url
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": url}])

    def close(self) -> None:
        """Close every page that it opened."""
        for context in self.contexts:
            context.close()

    def _note_message(self, message: ConsoleMessage, page: Page) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"{page.url}: {message.text}")

    def _note_request(self, request: Request, page: Page) -> None:
        url = urlsplit(request.url)
        if url.scheme in ("http", "https", "ws", "wss") and url.netloc != self.platform.host:
            self.problems.append(f"{page.url} asked {request.url}")


def sign_up(page: Page, email: str) -> None:
    page.goto("/accounts/signup/")
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password1]").fill(PASSWORD)
    page.locator("input[name=password2]").fill(PASSWORD)
    page.locator("input[name=consent]").check()
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/upload/")


def log_in(page: Page, email: str, *, leads_to: str = "**/history/") -> None:
    page.goto("/accounts/login/")
    send_login(page, email, leads_to=leads_to)


def send_login(page: Page, email: str, *, leads_to: str) -> None:
    """Fill in and send the open form for logging in."""
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(leads_to)


def log_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/")


def turn_on_two_steps(page: Page, look: Callable[[Page], None] = lambda page: None) -> None:
    """Turn two-step login on; `look` sees the page with the QR code, the last has the codes."""
    page.goto("/accounts/2fa/totp/activate/")
    if "reauthenticate" in page.url:
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("main button[type=submit]").click()
        page.wait_for_url("**/activate/")
    look(page)
    secret = page.locator("#totp-key").inner_text()
    page.locator("input[name=code]").fill(app_code(secret))
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/recovery-codes/")


def app_code(secret: str) -> str:
    """Return the six digits that an authenticator app shows now (RFC 6238)."""
    counter = int(time.time() // 30).to_bytes(8)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def violations(page: Page, *rules: str) -> list[str]:
    """Return serious and critical violations that axe-core finds, of all rules or of these."""
    if not page.evaluate("() => Boolean(window.axe)"):
        # Through the debugger: the content policy of the page lets no script of ours in.
        page.evaluate(AXE.read_text(encoding="utf-8"))
    # What passes is not asked for: it takes most of the time to describe. Nor are style sheets
    # loaded once more: the policy forbids it, and no rule that is turned on would read them.
    options: dict[str, Any] = {"resultTypes": ["violations"], "iframes": False, "preload": False}
    if rules:
        options["runOnly"] = {"type": "rule", "values": rules}
    found = page.evaluate(f"() => axe.run(document, {json.dumps(options)})")
    return [
        f"{violation['id']}: {node['html'][:200]} ({node['failureSummary'][-200:]})"
        for violation in found["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]


def overflow(page: Page, width: int) -> int:
    """Return by how many pixels a page is wider than a screen of this width."""
    page.set_viewport_size({"width": width, "height": 800})
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))
