"""Webhooks of the user, and their deliveries."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from detector.exceptions import DetectorError
from detector.models import WebhookEndpoint
from detector.web import once
from detector.web.forms import WebhookForm
from detector.web.requests import OwnerRequest
from detector.webhooks import endpoints, notify
from detector.webhooks import selectors as webhook_selectors

DELIVERIES_SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
def webhooks(request: OwnerRequest) -> HttpResponse:
    """Show all webhooks and a form for a new one, whose secret is on the page that answers."""
    if request.method != "POST":
        return _page(request)
    form = WebhookForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form)
    try:
        made = endpoints.create_endpoint(
            request.user, guard=once.used_up(request), **form.cleaned_data
        )
    except once.UsedError:
        return once.refuse(request, "webhook", "webhooks")
    except DetectorError as error:
        form.refuse(error)
        return _page(request, form=form)
    return _page(request, secret=made.secret)


@require_safe
def webhook(request: OwnerRequest, webhook_id: UUID) -> HttpResponse:
    """Show a webhook with its latest deliveries."""
    endpoint = _endpoint(request, webhook_id)
    deliveries = webhook_selectors.deliveries_of(request.user, endpoint.pk)[:DELIVERIES_SHOWN]
    context = {"webhook": endpoint, "deliveries": deliveries, "shown": DELIVERIES_SHOWN}
    return render(request, "detector/webhook.html", context)


@require_POST
def switch(request: OwnerRequest, webhook_id: UUID) -> HttpResponse:
    """Disable or enable a webhook."""
    endpoint = _endpoint(request, webhook_id)
    disabled = request.POST.get("disabled") == "true"
    endpoints.change_endpoint(endpoint, disabled=disabled)
    messages.success(request, f"The webhook was {'disabled' if disabled else 'enabled'}.")
    return redirect("webhook", endpoint.pk)


@require_POST
def delete(request: OwnerRequest, webhook_id: UUID) -> HttpResponse:
    """Delete a webhook with its deliveries."""
    endpoints.delete_endpoint(_endpoint(request, webhook_id))
    messages.success(request, "The webhook was deleted.")
    return redirect("webhooks")


@require_POST
def send_again(request: OwnerRequest, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    """Send a delivery again."""
    deliveries = webhook_selectors.deliveries_of(request.user, webhook_id)
    copy = notify.send_again(get_object_or_404(deliveries, pk=delivery_id))
    if copy.endpoint.disabled_at:
        messages.warning(request, "It waits, and is sent once the webhook is enabled.")
    else:
        messages.success(request, "It is sent again.")
    return redirect("webhook", webhook_id)


def _endpoint(request: OwnerRequest, webhook_id: UUID) -> WebhookEndpoint:
    return get_object_or_404(webhook_selectors.webhooks_of(request.user), pk=webhook_id)


def _page(request: OwnerRequest, **context: Any) -> HttpResponse:
    context = {
        "form": WebhookForm(),
        "form_number": once.form_number(request),
        "webhooks": webhook_selectors.webhooks_of(request.user),
        **context,
    }
    return render(request, "detector/webhooks.html", context)
