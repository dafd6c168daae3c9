"""Changes to allauth's accounts: user names that reveal nothing, links to this site only."""

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from django.conf import settings
from django.http import HttpRequest

USERNAME_BASE_LENGTH = 30


@dataclass(frozen=True)
class Site:
    """Name and domain of this site in mails."""

    domain: str
    name: str = "EmotionSite"


class AccountAdapter(DefaultAccountAdapter):
    """The adapter that the setting `ACCOUNT_ADAPTER` names."""

    def generate_unique_username(self, txts: list[str | None], regex: str | None = None) -> str:
        """Return a name with a random suffix.

        Without it, the name would tell at sign-up whether somebody has the same one already.
        """
        name = str(super().generate_unique_username(txts, regex))[:USERNAME_BASE_LENGTH]
        return f"{name}-{secrets.token_hex(4)}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail with links to the address of this site.

        allauth makes links from the Host header, which may hold any port of an allowed host.
        """
        request = allauth_context.request
        requested, ours = request.build_absolute_uri("/"), site_address(request) + "/"
        safe = {
            name: ours + value.removeprefix(requested)
            if isinstance(value, str) and value.startswith(requested)
            else value
            for name, value in context.items()
        }
        site = Site(domain=urlsplit(ours).netloc)
        super().send_mail(template_prefix, email, {**safe, "current_site": site})


def site_address(request: HttpRequest) -> str:
    """Return the address of this site, without a trailing slash.

    It is `SITE_URL` of the environment, else the requested host, which must be in ALLOWED_HOSTS.
    The requested port is kept only if the site listens on it.
    """
    if settings.SITE_URL_SAID:
        return str(settings.SITE_URL_SAID)
    host, _, port = request.get_host().rpartition(":")
    if not port.isdecimal():
        host, port = request.get_host(), ""
    is_ours = bool(port) and int(port) == settings.SITE_PORT
    return f"{request.scheme}://{host}:{port}" if is_ours else f"{request.scheme}://{host}"
