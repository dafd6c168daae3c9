"""The pages of reviewers: faces to judge, one after another, and the agreement of reviewers."""

import math
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from detector.enums import Emotion, Verdict
from detector.exceptions import DetectorError
from detector.models import ReviewCase, User
from detector.models.review import COMMENT_LENGTH
from detector.reviews import figures, verdicts
from detector.reviews import queue as review_queue
from detector.reviews.filters import ReviewFilter
from detector.web.pictures import picture
from detector.web.requests import OwnerRequest

KEYS: Final = {
    **{Verdict(emotion): str(place) for place, emotion in enumerate(Emotion, 1)},
    Verdict.NOT_A_FACE: "N",
    Verdict.CANNOT_TELL: "U",
}
FILTERS: Final = tuple(ReviewFilter.base_filters)
CASES_ON_PAGE: Final = 2
"""Cases on the page: the one that is shown, and the next."""
MAX_HELD: Final = 20

Given = ParamSpec("Given")
View = Callable[Concatenate[OwnerRequest, Given], HttpResponseBase]


def for_reviewers(view: View[Given]) -> View[Given]:
    """Restrict a view to staff who may review; anyone else gets 404."""

    @wraps(view)
    def guarded(
        request: OwnerRequest, /, *args: Given.args, **kwargs: Given.kwargs
    ) -> HttpResponseBase:
        if not review_queue.may_review(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@require_safe
@for_reviewers
def review(request: OwnerRequest) -> HttpResponse:
    """Show the most useful face that matches the filters; the page also holds the next one."""
    chosen, cases = _chosen(request, request.GET)
    context = {
        **_progress(request.user, cases),
        "cases": _held(request.user, cases),
        "filter": chosen,
        "is_filtered": any(request.GET.get(name) for name in FILTERS),
        "batches": review_queue.batches_waiting(request.user),
        "keys": KEYS,
        "query": request.GET.urlencode(),
        "skipped": request.user.skipped_cases.count(),
        "comment_length": COMMENT_LENGTH,
    }
    return render(request, "detector/review.html", context)


@require_POST
@for_reviewers
def judge(request: OwnerRequest, case_id: UUID) -> HttpResponse:
    """Store a verdict; the answer is the face after the next."""
    verdict = request.POST.get("verdict", "")
    if verdict not in Verdict.values:
        raise Http404
    try:
        verdicts.give_verdict(
            case_id,
            request.user,
            verdict,
            # PostgreSQL stores no NUL.
            comment=request.POST.get("comment", "").replace("\0", "").strip()[:COMMENT_LENGTH],
            seconds=_seconds(request.POST.get("seconds", "")),
        )
    except DetectorError as error:
        if not request.htmx:
            messages.error(request, error.message)
            return _back(request)
        return _following(request, error)
    return _following(request)


@require_POST
@for_reviewers
def skip(request: OwnerRequest, case_id: UUID) -> HttpResponse:
    """Skip a face: it is left to other reviewers."""
    case = review_queue.claimed_case(request.user, case_id)
    if case is not None:
        verdicts.skip(case, request.user)
    return _following(request)


@require_POST
@for_reviewers
def undo(request: OwnerRequest) -> HttpResponse:
    """Withdraw the last verdict; the answer is its face, to be judged again."""
    case = verdicts.undo(request.user)
    return _answer(request, case) if request.htmx else _back(request)


@require_POST
@for_reviewers
def bring_back(request: OwnerRequest) -> HttpResponse:
    """Put the faces that the reviewer skipped back into the queue."""
    verdicts.bring_back_skipped(request.user)
    return _back(request)


@require_safe
@for_reviewers
def image(request: OwnerRequest, case_id: UUID) -> HttpResponseBase:
    """Return the photo of a face that the reviewer has claimed."""
    case = review_queue.claimed_case(request.user, case_id)
    if case is None:
        raise Http404
    return picture(request, case.face.analysis.photo.image, is_own=False)


@require_safe
@for_reviewers
def agreement(request: OwnerRequest) -> HttpResponse:
    """Show how far reviewers agree with each other and with the model."""
    models = list(review_queue.models_reviewed())
    model = next((m for m in models if str(m.pk) == request.GET.get("model")), None)
    context = {
        "agreement": figures.agreement(),
        "figures": figures.of_model(model.pk if model else None),
        "models": models,
        "model": model,
        "emotions": Emotion,
        "latest": figures.LATEST,
    }
    return render(request, "detector/review_agreement.html", context)


def _following(request: OwnerRequest, error: DetectorError | None = None) -> HttpResponse:
    """Return the next face that the page does not hold yet; without HTMX redirect to the page."""
    if not request.htmx:
        return _back(request)
    here = _ids(request.POST.getlist("have"))
    verdicts.keep(request.user, here)
    _, cases = _chosen(request, QueryDict(request.POST.get("query", "")))
    return _answer(request, verdicts.next_case(request.user, cases, besides=here), error)


def _answer(
    request: OwnerRequest, case: ReviewCase | None, error: DetectorError | None = None
) -> HttpResponse:
    query = request.POST.get("query", "")
    _, cases = _chosen(request, QueryDict(query))
    context = {
        **_progress(request.user, cases),
        "case": case,
        "error": error,
        "keys": KEYS,
        "query": query,
        "comment_length": COMMENT_LENGTH,
    }
    return render(request, "detector/partials/review_answer.html", context)


def _chosen(request: OwnerRequest, query: QueryDict) -> tuple[ReviewFilter, QuerySet[ReviewCase]]:
    queue = review_queue.queue_of(request.user)
    chosen = ReviewFilter(query, queryset=queue, request=request)
    return chosen, chosen.qs if chosen.is_valid() else queue.none()


def _held(reviewer: User, cases: QuerySet[ReviewCase]) -> list[ReviewCase]:
    found: list[ReviewCase] = []
    while len(found) < CASES_ON_PAGE:
        case = verdicts.next_case(reviewer, cases, besides=[case.pk for case in found])
        if case is None:
            break
        found.append(case)
    return found


def _progress(reviewer: User, cases: QuerySet[ReviewCase]) -> dict[str, int | bool]:
    left, today = review_queue.left(cases), review_queue.judged_today(reviewer)
    return {
        "left": min(left, review_queue.COUNTED),
        "more": left > review_queue.COUNTED,
        "today": today,
        "all": left + today,
    }


def _back(request: OwnerRequest) -> HttpResponse:
    """Redirect to the page with the filters that it had, without any other parameter."""
    given = QueryDict(request.POST.get("query", ""), mutable=True)
    for name in set(given) - set(FILTERS):
        del given[name]
    return redirect(f"{reverse('review')}?{given.urlencode()}")


def _ids(texts: list[str]) -> list[UUID]:
    found = []
    for text in texts[:MAX_HELD]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None
