"""The landing page and a person's settings."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from detector import selectors
from detector.services import statistics, tokens
from detector.web.forms import PreferencesForm, TokenForm
from detector.web.requests import OwnerRequest


@login_not_required
@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What the product does, and what it does not."""
    return render(request, "detector/landing.html")


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: OwnerRequest) -> HttpResponse:
    """Time zone and API tokens."""
    form = PreferencesForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        # The days of all photos may have changed.
        statistics.rebuild(request.user)
        messages.success(request, "Your settings were saved.")
        return redirect("settings")
    return _settings_page(request, form=form)


@require_POST
def create_token(request: OwnerRequest) -> HttpResponse:
    """Make a token; its secret stands on the page that answers and nowhere else."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _settings_page(request, token_form=form)
    _, secret = tokens.create_token(request.user, name=form.cleaned_data["name"])
    response = _settings_page(request, secret=secret)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def revoke_token(request: OwnerRequest, token_id: UUID) -> HttpResponse:
    """Make a token worthless."""
    get_object_or_404(selectors.tokens_of(request.user), id=token_id).delete()
    messages.success(request, "The token was revoked.")
    return redirect("settings")


def _settings_page(request: OwnerRequest, **context: object) -> HttpResponse:
    context = {
        "form": PreferencesForm(instance=request.user),
        "token_form": TokenForm(),
        "tokens": selectors.tokens_of(request.user),
        **context,
    }
    return render(request, "detector/settings.html", context)
