"""Live sessions that were kept: the list, one session, and what its owner does with it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from detector.enums import Emotion
from detector.exceptions import DetectorError
from detector.live import exports, sessions
from detector.live import selectors as live_selectors
from detector.models import LiveSession
from detector.web import errors, live, live_charts
from detector.web.live_forms import CorrectionForm, KeepForm, WordsForm
from detector.web.requests import OwnerRequest, is_for_somebody_else


@require_http_methods(["GET", "HEAD", "POST"])
def live_sessions(request: OwnerRequest) -> HttpResponseBase:
    """List the sessions. POST keeps a new one, and shows it; with errors, the form once more."""
    if request.method == "POST":
        return _keep(request)
    found = live_selectors.heads_of(request.user)
    context = {"sessions": found, "summary": live_selectors.summary_of(request.user)}
    return render(request, "detector/live/sessions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def live_session(request: OwnerRequest, session_id: UUID) -> HttpResponse:
    """Show a session. POST changes its name, note and felt emotion."""
    session = _session(request, session_id)
    if request.method != "POST":
        return _page(request, session)
    form = WordsForm(request.POST)
    if not form.is_valid():
        return _page(request, session, form=form)
    try:
        sessions.change(session, **form.cleaned_data)
    except DetectorError as error:
        form.refuse(error)
        return _page(request, session, form=form)
    messages.success(request, "Your words were saved.")
    return redirect("live-session", session.pk)


@require_POST
def correct(request: OwnerRequest, session_id: UUID) -> HttpResponse:
    """Correct the expression of a face in a span; `clear` takes all corrections back."""
    session = _session(request, session_id)
    if "clear" in request.POST:
        sessions.change(session, corrections=[])
        messages.success(request, "Your corrections were taken back.")
        return redirect("live-session", session.pk)
    form = CorrectionForm(request.POST, session=session)
    if not form.is_valid():
        return _page(request, session, correction=form)
    try:
        sessions.correct(session, form.cleaned_data)
    except DetectorError as error:
        form.refuse(error)
        return _page(request, session, correction=form)
    messages.success(request, "Your correction was saved.")
    return redirect("live-session", session.pk)


@require_POST
def erase(request: OwnerRequest, session_id: UUID) -> HttpResponse:
    """Erase a session for good."""
    session = _session(request, session_id)
    sessions.erase(session)
    messages.success(request, f"“{session.name}” was erased.")
    return redirect("live-sessions")


@require_safe
def as_csv(request: OwnerRequest, session_id: UUID) -> HttpResponse:
    """Return a session as a CSV that spreadsheets open."""
    session = _session(request, session_id)
    text = exports.csv_text([session])
    # The byte order mark tells spreadsheets that it is UTF-8.
    response = HttpResponse(text.encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="live-{session.pk}.csv"'
    return response


@require_safe
def as_json(request: OwnerRequest, session_id: UUID) -> HttpResponse:
    """Return a session as JSON."""
    session = _session(request, session_id)
    response = JsonResponse(exports.plain(session))
    response["Content-Disposition"] = f'attachment; filename="live-{session.pk}.json"'
    return response


def _keep(request: OwnerRequest) -> HttpResponseBase:
    if is_for_somebody_else(request):
        return errors.refused(request, errors.OTHER_PERSON)
    form = KeepForm(request.POST)
    if not form.is_valid():
        return live.page(request, form)
    try:
        kept = sessions.keep(request.user, **form.session)
    except DetectorError as error:
        form.refuse(error)
        return live.page(request, form)
    messages.success(request, "The session was kept.")
    return redirect("live-session", kept.pk)


def _page(request: OwnerRequest, session: LiveSession, **forms: Any) -> HttpResponse:
    context = {
        "session": session,
        "faces": live_charts.faces_of(session),
        "summary": live_charts.shares_of(session),
        "emotions": Emotion,
        "form": WordsForm.of(session),
        "correction": CorrectionForm(
            session=session, initial={"first": 0, "until": session.seconds}
        ),
        **forms,
    }
    return render(request, "detector/live/session.html", context)


def _session(request: OwnerRequest, session_id: UUID) -> LiveSession:
    return get_object_or_404(live_selectors.sessions_of(request.user), pk=session_id)
