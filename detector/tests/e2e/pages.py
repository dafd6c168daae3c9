"""Every page of the site, for the walk of the browser tests and for the screenshots."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Viewer(StrEnum):
    """Accounts that look at pages."""

    ANYONE = "anyone"
    NEWCOMER = "newcomer"
    PERSON = "person"
    TWO_STEPS = "two steps"
    STAFF = "staff"


@dataclass(frozen=True)
class Site:
    """One page: who looks at it, and in which state; `path` is filled with ids of photos."""

    name: str
    path: str
    viewer: Viewer = Viewer.PERSON
    status: int = 200
    ours: bool = True  # pages of packages are not judged by axe


PAGES: Final = (
    Site("landing", "/", Viewer.ANYONE),
    Site("signup", "/accounts/signup/", Viewer.ANYONE),
    Site("login", "/accounts/login/", Viewer.ANYONE),
    Site("password-reset", "/accounts/password/reset/", Viewer.ANYONE),
    Site("password-reset-done", "/accounts/password/reset/done/", Viewer.ANYONE),
    Site("password-reset-key", "/accounts/password/reset/key/x-y/", Viewer.ANYONE),
    Site("email-confirm", "/accounts/confirm-email/nothing/", Viewer.ANYONE),
    Site("verification-sent", "/accounts/confirm-email/", Viewer.ANYONE),
    Site("inactive", "/accounts/inactive/", Viewer.ANYONE),
    Site("consent", "/consent/", Viewer.ANYONE),
    Site("receipt", "/receipt/", Viewer.ANYONE),
    Site("error", "/nothing/", Viewer.ANYONE, status=404),
    Site("api-docs", "/api/docs/", Viewer.ANYONE, ours=False),
    Site("api-redoc", "/api/redoc/", Viewer.ANYONE, ours=False),
    Site("history-empty", "/history/", Viewer.NEWCOMER),
    Site("insights-empty", "/insights/", Viewer.NEWCOMER),
    Site("live-sessions-empty", "/live/sessions/", Viewer.NEWCOMER),
    Site("bin-empty", "/bin/", Viewer.NEWCOMER),
    Site("upload", "/upload/"),
    Site("history", "/history/"),
    Site("history-filtered", "/history/?emotion=happy"),
    Site("history-no-match", "/history/?from=2001-01-01&to=2001-01-02"),
    Site("live", "/live/"),
    Site("live-sessions", "/live/sessions/"),
    Site("live-session", "/live/sessions/{live}/"),
    Site("photo", "/photos/{portrait}/"),
    Site("photo-group", "/photos/{group}/"),
    Site("photo-no-face", "/photos/{coffee}/"),
    Site("explanation", "/photos/{portrait}/faces/0/explanation/"),
    Site("videos-empty", "/videos/", Viewer.NEWCOMER),
    Site("videos", "/videos/"),
    Site("video", "/videos/{video}/"),
    Site("bin", "/bin/"),
    Site("insights", "/insights/?model={demo}"),
    Site("insights-models", "/insights/"),
    Site("settings", "/settings/"),
    Site("webhooks", "/settings/webhooks/"),
    Site("webhook", "/settings/webhooks/{webhook}/"),
    Site("password", "/accounts/password/change/"),
    Site("email", "/accounts/email/"),
    Site("sessions", "/accounts/sessions/"),
    Site("two-steps-off", "/accounts/2fa/"),
    Site("reauthenticate", "/accounts/reauthenticate/"),
    Site("logout", "/accounts/logout/"),
    Site("two-steps", "/accounts/2fa/", Viewer.TWO_STEPS),
    Site("recovery-codes", "/accounts/2fa/recovery-codes/", Viewer.TWO_STEPS),
    Site("recovery-codes-new", "/accounts/2fa/recovery-codes/generate/", Viewer.TWO_STEPS),
    Site("two-steps-turn-off", "/accounts/2fa/totp/deactivate/", Viewer.TWO_STEPS),
    Site("account-erase", "/settings/erase/", Viewer.TWO_STEPS),
    Site("review", "/admin/review/", Viewer.STAFF),
    Site("review-agreement", "/admin/review/agreement/", Viewer.STAFF),
    Site("admin", "/admin/", Viewer.STAFF),
    Site("admin-photos", "/admin/detector/photo/?is_demo__exact=0", Viewer.STAFF),
    Site("admin-photo", "/admin/detector/photo/{portrait}/change/", Viewer.STAFF),
    Site(
        "admin-analyses", "/admin/detector/analysis/?model_version__id__exact={model}", Viewer.STAFF
    ),
    Site("admin-accounts", "/admin/detector/user/", Viewer.STAFF),
    Site("admin-account", "/admin/detector/user/{person}/change/", Viewer.STAFF),
    Site("admin-audit-log", "/admin/detector/auditentry/", Viewer.STAFF),
)
