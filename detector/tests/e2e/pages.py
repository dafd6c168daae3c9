"""Every page of the site, for the walk of the browser tests and for the screenshots."""

from dataclasses import dataclass
from typing import Final

ANYONE, NEWCOMER, PERSON, TWO_STEPS = "anyone", "newcomer", "person", "two steps"
STAFF = "staff"


@dataclass(frozen=True)
class Site:
    """One page: who looks at it, and in which state; `path` is filled with ids of photos."""

    name: str
    path: str
    viewer: str = PERSON
    status: int = 200
    ours: bool = True  # pages of packages are not judged by axe


PAGES: Final = (
    Site("landing", "/", ANYONE),
    Site("signup", "/accounts/signup/", ANYONE),
    Site("login", "/accounts/login/", ANYONE),
    Site("password-reset", "/accounts/password/reset/", ANYONE),
    Site("password-reset-done", "/accounts/password/reset/done/", ANYONE),
    Site("password-reset-key", "/accounts/password/reset/key/x-y/", ANYONE),
    Site("email-confirm", "/accounts/confirm-email/nothing/", ANYONE),
    Site("verification-sent", "/accounts/confirm-email/", ANYONE),
    Site("inactive", "/accounts/inactive/", ANYONE),
    Site("consent", "/consent/", ANYONE),
    Site("error", "/nothing/", ANYONE, status=404),
    Site("api-docs", "/api/docs/", ANYONE, ours=False),
    Site("api-redoc", "/api/redoc/", ANYONE, ours=False),
    Site("history-empty", "/history/", NEWCOMER),
    Site("insights-empty", "/insights/", NEWCOMER),
    Site("bin-empty", "/bin/", NEWCOMER),
    Site("upload", "/upload/"),
    Site("history", "/history/"),
    Site("history-filtered", "/history/?emotion=happy"),
    Site("history-no-match", "/history/?from=2001-01-01&to=2001-01-02"),
    Site("photo", "/photos/{portrait}/"),
    Site("photo-group", "/photos/{group}/"),
    Site("photo-no-face", "/photos/{coffee}/"),
    Site("explanation", "/photos/{portrait}/faces/0/explanation/"),
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
    Site("two-steps", "/accounts/2fa/", TWO_STEPS),
    Site("recovery-codes", "/accounts/2fa/recovery-codes/", TWO_STEPS),
    Site("recovery-codes-new", "/accounts/2fa/recovery-codes/generate/", TWO_STEPS),
    Site("two-steps-turn-off", "/accounts/2fa/totp/deactivate/", TWO_STEPS),
    Site("account-erase", "/settings/erase/", TWO_STEPS),
    Site("review", "/admin/review/", STAFF),
    Site("review-agreement", "/admin/review/agreement/", STAFF),
    Site("admin", "/admin/", STAFF),
    Site("admin-photos", "/admin/detector/photo/?is_demo__exact=0", STAFF),
    Site("admin-photo", "/admin/detector/photo/{portrait}/change/", STAFF),
    Site("admin-analyses", "/admin/detector/analysis/?model_version__id__exact={model}", STAFF),
    Site("admin-accounts", "/admin/detector/user/", STAFF),
    Site("admin-account", "/admin/detector/user/{person}/change/", STAFF),
    Site("admin-audit-log", "/admin/detector/auditentry/", STAFF),
)
