"""What accounts do otherwise than allauth would: names that tell nothing, links that stay here."""

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
    """What mails call this site."""

    domain: str
    name: str = "EmotionSite"


class AccountAdapter(DefaultAccountAdapter):
    """Named by `ACCOUNT_ADAPTER`."""

    def generate_unique_username(self, txts: list[str | None], regex: str | None = None) -> str:
        """Return a name with a random end.

        Without one, whoever signs up could read in the name whether somebody has it already.
        """
        name = str(super().generate_unique_username(txts, regex))[:USERNAME_BASE_LENGTH]
        return f"{name}-{secrets.token_hex(4)}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail whose links lead to the address of this site.

        The Host header, of which allauth makes them, may carry any port of an allowed host.
        """
        request = allauth_context.request
        asked, ours = request.build_absolute_uri("/"), site_address(request) + "/"
        safe = {
            name: ours + value.removeprefix(asked)
            if isinstance(value, str) and value.startswith(asked)
            else value
            for name, value in context.items()
        }
        site = Site(domain=urlsplit(ours).netloc)
        super().send_mail(template_prefix, email, {**safe, "current_site": site})


def site_address(request: HttpRequest) -> str:
    """Return the address under which people reach this site, without a slash at its end.

    It is `SITE_URL` of the environment. Without that it is the host that was asked for, which
    ALLOWED_HOSTS bounds, and locally the port on which the site listens.
    """
    if settings.SITE_URL_SAID:
        return str(settings.SITE_URL_SAID)
    host, _, port = request.get_host().rpartition(":")
    if not port.isdecimal():
        host, port = request.get_host(), ""
    is_ours = bool(port) and int(port) == settings.SITE_PORT
    return f"{request.scheme}://{host}:{port}" if is_ours else f"{request.scheme}://{host}"
