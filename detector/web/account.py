"""The landing page and a person's settings."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.crypto import constant_time_compare, get_random_string
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from detector import selectors
from detector.services import accounts, tokens
from detector.web.forms import PreferencesForm, TokenForm
from detector.web.requests import OwnerRequest

FORM_NUMBER = "token_form_number"


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
    """Make a token; its secret stands on the page that answers and is kept nowhere."""
    if not _is_first_time(request):
        messages.info(request, "That token was made already; its secret is not shown again.")
        return redirect("settings")
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _settings_page(request, token_form=form)
    _, secret = tokens.create_token(request.user, name=form.cleaned_data["name"])
    del request.session[FORM_NUMBER]
    return _settings_page(request, secret=secret)


def _is_first_time(request: OwnerRequest) -> bool:
    """Whether a form comes in that was not used yet: reloading the answer sends it again."""
    expected = request.session.get(FORM_NUMBER, "")
    return bool(expected) and constant_time_compare(request.POST.get("number", ""), expected)


@require_POST
def revoke_token(request: OwnerRequest, token_id: UUID) -> HttpResponse:
    """Make a token worthless."""
    tokens.revoke_token(get_object_or_404(selectors.tokens_of(request.user), id=token_id))
    messages.success(request, "The token was revoked.")
    return redirect("settings")


def _settings_page(request: OwnerRequest, **context: object) -> HttpResponse:
    context = {
        "form": PreferencesForm(initial={"time_zone": request.user.time_zone}),
        "form_number": request.session.setdefault(FORM_NUMBER, get_random_string(16)),
        "token_form": TokenForm(),
        "tokens": selectors.tokens_of(request.user),
        "disabled_webhooks": selectors.disabled_webhooks_of(request.user),
        **context,
    }
    return render(request, "detector/settings.html", context)
