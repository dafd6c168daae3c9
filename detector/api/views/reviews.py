"""Faces to review, and verdicts on them; for staff with the permission to review."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from detector.api.codes import can_fail
from detector.api.permissions import HasScope, IsReviewer
from detector.api.serializers.reviews import (
    NewReviewSerializer,
    ReviewCaseSerializer,
    ReviewQuerySerializer,
    ReviewQueueSerializer,
    ReviewSerializer,
)
from detector.api.views.base import ApiMixin, caller, checked, list_schema
from detector.api.views.pictures import PICTURE, PICTURE_RENDERERS
from detector.common import files
from detector.enums import Scope
from detector.models import Review, ReviewCase
from detector.reviews import queue as review_queue
from detector.reviews import verdicts
from detector.reviews.filters import ReviewFilter


class ReviewerMixin(ApiMixin):
    """Scope and permissions of the calls of reviewers."""

    needed_scope = Scope.REVIEW
    permission_classes = (IsAuthenticated, HasScope, IsReviewer)


class QueueView(ReviewerMixin, GenericAPIView[Any]):
    """The next face to review."""

    queries = {"get": ReviewQuerySerializer}

    @extend_schema(
        summary="The next face to review",
        description="The most useful face that waits. It is claimed for you for some minutes: "
        "until you judge or skip it, you get the same one.",
        parameters=[ReviewQuerySerializer],
        responses={200: ReviewQueueSerializer},
    )
    def get(self, request: Request) -> Response:
        """Claim and return the next face; `case` is null if none is left for the caller."""
        cases = self._chosen(request)
        case = verdicts.next_case(caller(request), cases)
        shown = ReviewCaseSerializer(case, context={"request": request}).data if case else None
        return Response({"left": cases.count(), "case": shown})

    def _chosen(self, request: Request) -> QuerySet[ReviewCase]:
        self.checked_query()
        queue = review_queue.queue_of(caller(request))
        chosen = ReviewFilter(request.query_params, queryset=queue, request=request)
        if not chosen.is_valid():
            raise serializers.ValidationError(chosen.errors)
        return chosen.qs


class QueueImageView(ReviewerMixin, GenericAPIView[Any]):
    """The photo of a face that the caller has claimed."""

    renderer_classes = PICTURE_RENDERERS

    @extend_schema(summary="The photo of a face to review", responses=PICTURE)
    def get(self, request: Request, id: UUID) -> HttpResponseBase:
        """Return the photo; 404 once another reviewer has claimed the face."""
        case = _held(request, id)
        response = files.image_response(request, case.face.analysis.photo.image, is_own=False)
        if response is None:
            raise Http404
        return response


class QueueSkipView(ReviewerMixin):
    """Skip a face."""

    @extend_schema(summary="Skip a face", request=None, responses={204: None})
    def post(self, request: Request, id: UUID) -> Response:
        """Leave the face to other reviewers; you do not get it again."""
        case = _held(request, id)
        with self.if_unchanged():
            verdicts.skip(case, caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


@list_schema("Your verdicts, newest first", ReviewSerializer)
class ReviewViewSet(ReviewerMixin, ListModelMixin, GenericViewSet[Review]):
    """Verdicts on faces."""

    serializer_class = ReviewSerializer
    filter_backends = ()
    queryset = Review.objects.none()

    def get_queryset(self) -> Any:
        """Return the caller's own verdicts."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return review_queue.reviews_by(caller(self.request))

    @extend_schema(
        summary="Judge a face",
        description="A face that `reviews/queue/` gave you; 409 `review_not_held` once your claim "
        "on it has ended.",
        request=NewReviewSerializer,
        responses={201: ReviewSerializer},
        extensions=can_fail("review_not_held"),
    )
    def create(self, request: Request) -> Response:
        """Store the verdict and return it."""
        values = checked(NewReviewSerializer(data=request.data))
        review = verdicts.give_verdict(
            values["case"],
            caller(request),
            values["verdict"],
            comment=values["comment"],
            seconds=values.get("seconds"),
        )
        return Response(ReviewSerializer(review).data, status=status.HTTP_201_CREATED)


def _held(request: Request, case_id: UUID) -> ReviewCase:
    case = review_queue.claimed_case(caller(request), case_id)
    if case is None:
        raise Http404
    return case
