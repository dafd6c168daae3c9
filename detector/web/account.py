"""The landing page, consent, settings, and the deletion of an account."""

from collections.abc import Callable
from urllib.parse import urlencode
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from detector import consent as consent_text
from detector.accounts import erasure, export, preferences, tokens
from detector.accounts import selectors as account_selectors
from detector.common import clock
from detector.common.streams import streamed
from detector.exceptions import DetectorError
from detector.live import sessions
from detector.models import LiveSession, Photo, User, Video
from detector.photos import retention
from detector.reviews import consent as review_consent
from detector.videos import erasure as video_erasure
from detector.web import once, receipts
from detector.web.forms import PreferencesForm, RetentionForm, TokenForm
from detector.web.requests import OwnerRequest
from detector.webhooks import selectors as webhook_selectors

CHANGED = "The text has changed since this page was opened. Read it, and agree once more."

View = Callable[[OwnerRequest], HttpResponse]
# allauth's decorator has no types.
reauthenticated: Callable[[View], View] = reauthentication_required


@login_not_required
@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """Show what the product does, and what it does not."""
    return render(request, "detector/landing.html")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: OwnerRequest) -> HttpResponse:
    """Show the consent text. Users who have not agreed yet are asked to."""
    if request.method == "POST" and request.user.is_authenticated:
        following = request.POST.get("next", "")
        # A page that was open before pages named the version sends none.
        if request.POST.get("version", consent_text.VERSION) != consent_text.VERSION:
            messages.warning(request, CHANGED)
            return redirect(f"{reverse('consent')}?{urlencode({'next': following})}")
        preferences.give_consent(request.user)
        is_ours = url_has_allowed_host_and_scheme(following, allowed_hosts=None)
        # Anything but a path would be looked up as the name of a page.
        return redirect(following if is_ours and following.startswith("/") else "history")
    context = {
        "text": consent_text.TEMPLATE,
        "version": consent_text.VERSION,
        "review_text": consent_text.REVIEW_TEMPLATE,
        "next": request.GET.get("next", ""),
    }
    return render(request, "detector/consent.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: OwnerRequest) -> HttpResponse:
    """Show and save the settings."""
    form = PreferencesForm.of(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        preferences.set_preferences(request.user, **form.chosen())
        messages.success(request, "Your settings were saved.")
        return redirect("settings")
    return _settings_page(request, form=form)


@require_POST
def set_retention(request: OwnerRequest) -> HttpResponse:
    """Save how long photos, videos and live sessions are kept."""
    form = RetentionForm(request.POST)
    if not form.is_valid():
        return _settings_page(request, retention_form=form)
    preferences.set_retention(
        request.user,
        form.cleaned_data["days"],
        forget_pictures=form.cleaned_data["forget_pictures"],
    )
    messages.success(request, "Your settings were saved.")
    outlived = _outlived(request.user)
    if outlived:
        text = f"There is something older than that: {outlived}. It goes for good within the hour."
        messages.warning(request, text)
    return redirect("settings")


def _outlived(owner: User) -> str:
    """Return what the next run of the hourly jobs will erase, in words; empty for nothing."""
    now = clock.now()
    counts = {
        "photo": retention.count_outlived(owner, now),
        "video": video_erasure.count_outlived(owner, now),
        "live session": sessions.count_outlived(owner, now),
    }
    return ", ".join(f"{n:,} {name}{pluralize(n)}" for name, n in counts.items() if n)


@require_POST
def set_review_consent(request: OwnerRequest) -> HttpResponse:
    """Give or withdraw consent to reviews."""
    wish = request.POST.get("agree")
    shown = request.POST.get("version", consent_text.REVIEW_VERSION)
    if wish == "yes" and shown != consent_text.REVIEW_VERSION:
        messages.warning(request, CHANGED)
    elif wish == "yes":
        review_consent.agree(request.user)
        messages.success(request, "Thank you. Reviewers may look at your photos from now on.")
    else:
        review_consent.withdraw(request.user)
        messages.success(request, "No reviewer sees your photos any more.")
    return redirect("settings")


@require_safe
def take_out(request: OwnerRequest) -> HttpResponseBase:
    """Return all data as a ZIP. Raises DetectorError `busy`, for which there is a page."""
    name = f"emotionsite-{timezone.localdate().isoformat()}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return streamed(export.zip_pieces(request.user, bom=True), "application/zip", headers)


@require_http_methods(["GET", "HEAD", "POST"])
@reauthenticated
def erase_account(request: OwnerRequest) -> HttpResponse:
    """Delete the account with all its data, after a reauthentication. Show the receipt."""
    if request.method != "POST":
        context = {
            "photos": Photo.objects.filter(owner=request.user).count(),
            "videos": Video.objects.filter(owner=request.user).count(),
            "live_sessions": LiveSession.objects.filter(owner=request.user).count(),
        }
        return render(request, "detector/erase_account.html", context)
    person = request.user
    logout(request)
    return receipts.after_erasure(request, erasure.erase_account(person))


@require_POST
def create_token(request: OwnerRequest) -> HttpResponse:
    """Make a token. Its secret is shown on the page that answers, and is not stored."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _settings_page(request, token_form=form)
    try:
        with once.used_up(request):
            _, secret = tokens.create_token(request.user, **form.wish)
    except once.UsedError:
        return once.refuse(request, "token", "settings")
    except DetectorError as error:
        form.add_error(None, error.message)
        return _settings_page(request, token_form=form)
    return _settings_page(request, secret=secret)


@require_POST
def revoke_token(request: OwnerRequest, token_id: UUID) -> HttpResponse:
    """Revoke a token."""
    tokens.revoke_token(get_object_or_404(account_selectors.tokens_of(request.user), id=token_id))
    messages.success(request, "The token was revoked.")
    return redirect("settings")


def _settings_page(request: OwnerRequest, **context: object) -> HttpResponse:
    context = {
        "review_text": consent_text.REVIEW_TEMPLATE,
        "review_version": consent_text.REVIEW_VERSION,
        "form": PreferencesForm.of(request.user),
        "retention_form": RetentionForm.of(request.user),
        "has_two_steps": is_mfa_enabled(request.user),
        "form_number": once.form_number(request),
        "token_form": TokenForm(),
        "tokens": account_selectors.tokens_of(request.user),
        "now": clock.now(),
        "disabled_webhooks": webhook_selectors.disabled_webhooks_of(request.user),
        "page_address": reverse("settings"),
        **context,
    }
    return render(request, "detector/settings.html", context)
