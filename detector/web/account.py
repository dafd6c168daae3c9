"""The landing page and a person's settings."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from detector import selectors
from detector.services import accounts, tokens
from detector.web.forms import PreferencesForm, TokenForm
from detector.web.requests import OwnerRequest

NEW_SECRET = "new_token_secret"  # noqa: S105  the session's key, not a secret


@login_not_required
@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What the product does, and what it does not."""
    return render(request, "detector/landing.html")


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: OwnerRequest) -> HttpResponse:
    """Time zone and API tokens."""
    form = PreferencesForm(request.POST or None, initial={"time_zone": request.user.time_zone})
    if request.method == "POST" and form.is_valid():
        accounts.set_time_zone(request.user, form.cleaned_data["time_zone"])
        messages.success(request, "Your settings were saved.")
        return redirect("settings")
    return _settings_page(request, form=form)


@require_POST
def create_token(request: OwnerRequest) -> HttpResponse:
    """Make a token; its secret is shown once, on the page that follows."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _settings_page(request, token_form=form)
    _, secret = tokens.create_token(request.user, name=form.cleaned_data["name"])
    # Through the session, so that reloading the page repeats neither the secret nor the token.
    request.session[NEW_SECRET] = secret
    return redirect("settings")


@require_POST
def revoke_token(request: OwnerRequest, token_id: UUID) -> HttpResponse:
    """Make a token worthless."""
    tokens.revoke_token(get_object_or_404(selectors.tokens_of(request.user), id=token_id))
    messages.success(request, "The token was revoked.")
    return redirect("settings")


def _settings_page(request: OwnerRequest, **context: object) -> HttpResponse:
    context = {
        "form": PreferencesForm(initial={"time_zone": request.user.time_zone}),
        "secret": request.session.pop(NEW_SECRET, None),
        "token_form": TokenForm(),
        "tokens": selectors.tokens_of(request.user),
        **context,
    }
    return render(request, "detector/settings.html", context)
