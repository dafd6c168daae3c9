"""Receipts of erasures: shown once at the end of an account, and verified by anyone who has one."""

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from detector.accounts import receipts


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def receipt(request: HttpRequest) -> HttpResponse:
    """Verify a receipt that is pasted into the page."""
    if request.method != "POST":
        return _page(request)
    text = request.POST.get("receipt", "")
    try:
        return _page(request, text=text, verified=receipts.verify(text))
    except receipts.ReceiptError as error:
        return _page(request, text=text, error=str(error))


def after_erasure(request: HttpRequest, text: str) -> HttpResponse:
    """Return the page at the end of an account, with its receipt."""
    return _page(request, text=text, verified=receipts.verify(text), is_new=True)


def _page(
    request: HttpRequest, verified: dict[str, Any] | None = None, **context: Any
) -> HttpResponse:
    if verified:
        context["erased_at"] = datetime.fromisoformat(verified["erased_at"])
    response = render(request, "detector/receipt.html", {**context, "verified": verified})
    response["Cache-Control"] = "no-store"
    return response
