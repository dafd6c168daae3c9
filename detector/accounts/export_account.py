"""The account itself in the export of a user: what is kept besides photos and videos."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from allauth.account.models import EmailAddress
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession

from detector.common.calendar import utc_text
from detector.models import ApiToken, Review, User, WebhookEndpoint

PAGE: Final = 1000


def pieces(owner: User) -> Iterator[bytes]:
    """Yield a JSON object: settings, consents, logins, tokens, webhooks, and verdicts on faces.

    Secrets, and whose faces a reviewer judged, are left out.
    """
    yield json.dumps(_facts(owner)).removesuffix("}").encode() + b', "verdicts": ['
    separator = "\n"
    for review in Review.objects.filter(reviewer=owner).order_by("id").iterator(chunk_size=PAGE):
        yield (separator + json.dumps(_verdict(review))).encode()
        separator = ",\n"
    yield b"]}"


def _facts(owner: User) -> dict[str, Any]:
    return {
        "username": owner.get_username(),
        "name": owner.get_full_name(),
        "email": owner.email,
        "addresses": [
            {"email": known.email, "verified": known.verified, "primary": known.primary}
            for known in EmailAddress.objects.filter(user=owner).order_by("pk")
        ],
        "joined_at": _moment(owner.date_joined),
        "last_login": _moment(owner.last_login),
        "two_step_login": is_mfa_enabled(owner),
        "time_zone": owner.time_zone,
        "theme": owner.theme,
        "date_language": owner.date_language,
        "keep_photos_days": owner.keep_photos_days,
        "forget_pictures": owner.forget_pictures,
        "consent": _consent(owner.consent_version, owner.consented_at),
        "review_consent": _consent(owner.review_consent_version, owner.review_consented_at),
        "logins": [
            {
                "address": str(login.ip),
                "browser": login.user_agent,
                "began_at": _moment(login.created_at),
                "last_seen_at": _moment(login.last_seen_at),
            }
            for login in UserSession.objects.filter(user=owner).order_by("pk")
        ],
        "tokens": [
            {
                "name": token.name,
                "scopes": [scope.value for scope in token.scopes],
                "created_at": _moment(token.created),
                "expires_at": _moment(token.expiry),
                "last_used_at": _moment(token.last_used_at),
            }
            for token in ApiToken.objects.filter(user=owner).order_by("created")
        ],
        "webhooks": [
            {
                "url": endpoint.url,
                "description": endpoint.description,
                "events": endpoint.events,
                "created_at": _moment(endpoint.created_at),
                "disabled_at": _moment(endpoint.disabled_at),
            }
            for endpoint in WebhookEndpoint.objects.filter(owner=owner).order_by("id")
        ],
    }


def _verdict(review: Review) -> dict[str, Any]:
    return {
        "kind": review.kind,
        "verdict": review.verdict,
        "comment": review.comment,
        "created_at": _moment(review.created_at),
    }


def _consent(version: str, moment: datetime | None) -> dict[str, str | None] | None:
    return {"version": version, "given_at": _moment(moment)} if version else None


def _moment(moment: datetime | None) -> str | None:
    return utc_text(moment) if moment else None
