"""Live sessions: numbers that a browser read of a camera."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from detector.api.codes import can_fail
from detector.api.serializers.live import (
    LiveSessionChangeSerializer,
    LiveSessionDetailSerializer,
    LiveSessionSerializer,
    LiveSessionWishSerializer,
)
from detector.api.views.base import ApiMixin, caller, checked, created, list_schema
from detector.common import locks
from detector.enums import Scope
from detector.live import selectors as live_selectors
from detector.live import sessions
from detector.models import LiveSession

WORDS = ("invalid_name", "invalid_note")


@list_schema("Your live sessions, newest first", LiveSessionSerializer)
class LiveSessionViewSet(ApiMixin, ListModelMixin, GenericViewSet[LiveSession]):
    """The caller's live sessions."""

    serializer_class = LiveSessionSerializer
    filter_backends = ()
    lookup_field = "id"
    lookup_value_converter = "uuid"
    # A change answers with all that was kept.
    also_needed = {"PATCH": Scope.READ}
    queryset = LiveSession.objects.none()

    def get_queryset(self) -> Any:
        """Return the caller's own sessions."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return live_selectors.sessions_of(caller(self.request))

    def filter_queryset(self, queryset: Any) -> Any:
        """Leave out the series, which a list does not show."""
        return queryset.defer("faces", "corrections")

    def lock_object(self) -> None:
        """Lock the session."""
        locks.lock_live_session(self._session(self.kwargs["id"]))

    @extend_schema(
        summary="Keep a live session",
        description="The numbers of a session, a row a second for each face. No pictures.",
        request=LiveSessionWishSerializer,
        responses={201: LiveSessionDetailSerializer},
        extensions=can_fail("invalid_series", "too_many_live_sessions", *WORDS),
    )
    def create(self, request: Request) -> Response:
        """Keep a session and return it."""
        wish = checked(LiveSessionWishSerializer(data=request.data))
        kept = sessions.keep(caller(request), **_plain(wish))
        url = reverse("api:v1:live-session-detail", args=[kept.pk])
        return created(request, LiveSessionDetailSerializer(kept).data, url)

    @extend_schema(
        summary="One live session, with its series", responses={200: LiveSessionDetailSerializer}
    )
    def retrieve(self, request: Request, id: UUID) -> Response:
        """Return the session."""
        return Response(LiveSessionDetailSerializer(self._session(id)).data)

    @extend_schema(
        summary="Change name, note, felt emotion or corrections of a live session",
        description="A token also needs `read`.",
        request=LiveSessionChangeSerializer,
        responses={200: LiveSessionDetailSerializer},
        extensions=can_fail("invalid_correction", *WORDS),
    )
    def partial_update(self, request: Request, id: UUID) -> Response:
        """Change the given fields."""
        session = self._session(id)
        changes = _plain(checked(LiveSessionChangeSerializer(data=request.data)))
        sessions.change(session, guard=self.if_unchanged(), **changes)
        return Response(LiveSessionDetailSerializer(self._session(id)).data)

    @extend_schema(summary="Erase a live session for good", responses={204: None})
    def destroy(self, request: Request, id: UUID) -> Response:
        """Erase the session."""
        session = self._session(id)
        with self.if_unchanged():
            sessions.erase(session)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _session(self, session_id: UUID) -> LiveSession:
        session: LiveSession = get_object_or_404(self.get_queryset(), id=session_id)
        return session


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with an empty text where no emotion was felt."""
    plain = dict(values)
    if "felt_emotion" in plain:
        plain["felt_emotion"] = plain["felt_emotion"] or ""
    if "corrections" in plain:
        plain["corrections"] = [dict(correction) for correction in plain["corrections"]]
    return plain
