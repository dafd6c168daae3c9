"""Accounts and mail."""

from urllib.parse import urlsplit

from emotionsite.environment import address, env, flag, one_of, positive_int
from emotionsite.settings.base import IN_PRODUCTION, SITE_URL

# --- Accounts: https://docs.allauth.org/en/latest/account/configuration.html
AUTH_USER_MODEL = "detector.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_FORMS = {"signup": "detector.web.forms.SignupForm"}
# The first is the default. Any other word would leave addresses unverified.
ACCOUNT_EMAIL_VERIFICATION = one_of(
    "ACCOUNT_EMAIL_VERIFICATION",
    ("mandatory", "optional", "none") if IN_PRODUCTION else ("none", "optional", "mandatory"),
)
# Signing up never tells whether an address is known. Where addresses are verified, a mail tells its
# owner alone. Where they are not, a second account may use the same address.
ACCOUNT_PREVENT_ENUMERATION = True if ACCOUNT_EMAIL_VERIFICATION == "mandatory" else "strict"
ACCOUNT_ADAPTER = "detector.web.account_adapter.AccountAdapter"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[EmotionSite] "
ACCOUNT_SESSION_REMEMBER = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "history"
ACCOUNT_SIGNUP_REDIRECT_URL = "upload"
ACCOUNT_LOGOUT_REDIRECT_URL = "landing"
# Second factor: an authenticator app, and recovery codes in case it is lost.
# Whether staff can do nothing as such before they have turned it on.
STAFF_MFA = flag("STAFF_MFA")
MFA_TOTP_ISSUER = "EmotionSite"
MFA_TOTP_TOLERANCE = 1  # clocks of phones run up to half a minute off
MFA_ALLOW_UNVERIFIED_EMAIL = ACCOUNT_EMAIL_VERIFICATION != "mandatory"

# No default in production: password reset links must not go to a log.
EMAIL_CONFIG = address(
    "EMAIL_URL",
    "smtp+tls://user:password@host:587",
    env.email_url,
    **({} if IN_PRODUCTION else {"default": "consolemail://"}),
)
# Seconds for which the mail server may be silent: without a limit, each mail would hold a thread.
EMAIL_TIMEOUT = positive_int("EMAIL_TIMEOUT", 10)
vars().update(EMAIL_CONFIG)
OWN_HOST = (urlsplit(SITE_URL).hostname if IN_PRODUCTION else None) or "localhost"
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"EmotionSite <no-reply@{OWN_HOST}>")
