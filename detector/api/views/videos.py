"""Videos and their timelines."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from detector.api import idempotency
from detector.api.codes import OF_VIDEOS, can_fail
from detector.api.idempotency import Outcome
from detector.api.negotiation import CsvRenderer, SubtitleRenderer, TextRenderer, VideoRenderer
from detector.api.parsers import StrictJsonParser
from detector.api.serializers.videos import (
    CorrectionSerializer,
    LaneSerializer,
    VideoExportQuerySerializer,
    VideoFileQuerySerializer,
    VideoSerializer,
    VideoTimelineSerializer,
    VideoUploadQuerySerializer,
    VideoUploadSerializer,
    receipt,
)
from detector.api.views.base import ApiMixin, caller, checked, list_schema, may_read
from detector.api.views.pictures import PICTURE, PICTURE_RENDERERS
from detector.api.views.uploads import IDEMPOTENCY_KEY, INGEST_SECONDS, digest_of, idempotency_key
from detector.common import files, locks, ranges
from detector.enums import Scope, Status
from detector.exceptions import DetectorError
from detector.models import Video
from detector.videos import corrections, erasure, export, queueing, selectors, submission, timeline
from detector.videos.files import MEDIA_TYPES

GONE = DetectorError(
    "gone", "The video of this call has been deleted. Use another key to upload it again."
)
NOT_FAILED = DetectorError(
    "not_failed", "Only a failed video whose file is still there can be tried again."
)
TRACK = OpenApiParameter("index", OpenApiTypes.INT32, "path", description="As in `tracks`.")
STILL = OpenApiParameter("still", OpenApiTypes.INT32, "path", description="As in its `url`.")
EXPORT_RENDERERS = (CsvRenderer, JSONRenderer, TextRenderer, SubtitleRenderer)


@list_schema("Your videos, newest first", VideoSerializer)
class VideoViewSet(ApiMixin, ListModelMixin, GenericViewSet[Video]):
    """Videos and their timelines."""

    serializer_class = VideoSerializer
    filter_backends = ()
    lookup_value_converter = "uuid"
    volatile_fields = ("progress",)
    also_needed: Mapping[str, Scope] = {}
    queries = {
        "create": VideoUploadQuerySerializer,
        "export": VideoExportQuerySerializer,
        "delete_file": VideoFileQuerySerializer,
    }
    queryset = Video.objects.none()

    def get_queryset(self) -> Any:
        """Return the caller's own videos."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return selectors.videos_of(caller(self.request))

    def get_parsers(self) -> list[BaseParser]:
        """Return the parser of forms for uploads, of JSON for anything else."""
        return [MultiPartParser()] if self._is_upload() else [StrictJsonParser()]

    def get_throttles(self) -> list[Any]:
        """Return the throttles: uploads have a limit of their own."""
        self.throttle_scope = "uploads" if self._is_upload() else None
        return super().get_throttles()

    def _is_upload(self) -> bool:
        return getattr(self, "action_map", {}).get("post") == "create" and (
            getattr(self.request, "method", "") == "POST"
        )

    def get_object(self) -> Video:
        """Return the caller's own video of this id, or raise Http404."""
        video = selectors.video_of(caller(self.request), self.kwargs["pk"])
        if video is None:
            raise Http404
        return video

    def lock_object(self) -> None:
        """Lock the video."""
        locks.lock_video(self.get_object())

    def _current_tag(self) -> str | None:
        """Return the entity tag of the file where that is what changes, else of the video."""
        if self.action == "delete_file":
            return files.entity_tag(self.get_object().file)
        return super()._current_tag()

    def shown(self, video: Video) -> dict[str, Any]:
        """Return a video, without the data that the caller may not read."""
        data: dict[str, Any] = self.get_serializer(video).data
        return data if may_read(self.request) else receipt(data)

    @extend_schema(
        summary="Upload a video",
        description="As a form with one `video`. It is checked before the answer; its analysis "
        "runs in the background. A file that you have already leads to its known video. With an "
        "`Idempotency-Key` the call can be sent again for 24 hours.",
        request={"multipart/form-data": VideoUploadSerializer},
        parameters=[VideoUploadQuerySerializer, IDEMPOTENCY_KEY],
        filters=False,
        responses={202: OpenApiResponse(VideoSerializer, description="It will be analysed.")},
        extensions=can_fail(*OF_VIDEOS, "idempotency_key_reused", "call_in_progress", "gone"),
    )
    def create(self, request: Request) -> Response:
        """Submit the video."""
        forget = self.checked_query()["forget"]
        file = checked(VideoUploadSerializer(data=request.data))["video"]
        try:
            key = idempotency_key(request)
            outcome = self._take(file, forget) if key is None else self._once(file, key, forget)
        finally:
            file.close()
        video = selectors.video_of(caller(request), outcome.accepted[0])
        if video is None:
            raise GONE
        path = reverse("api:v1:video-detail", args=[video.pk])
        headers = {"Location": request.build_absolute_uri(path), "Retry-After": "1"}
        if outcome.is_replay:
            headers["Idempotency-Replayed"] = "true"
        return Response(self.shown(video), status.HTTP_202_ACCEPTED, headers=headers)

    def _once(self, file: Any, key: str, forget: bool | None) -> Outcome:
        return idempotency.once(
            caller(self.request),
            key=key,
            request_sha256=digest_of([file], kind="video", forget=forget),
            make=lambda: self._take(file, forget),
            patience=INGEST_SECONDS,
        )

    def _take(self, file: Any, forget: bool | None) -> Outcome:
        video, _ = submission.submit(caller(self.request), file, forget=forget)
        return Outcome([video.pk])

    @extend_schema(summary="One video", responses={200: VideoSerializer})
    def retrieve(self, request: Request, pk: UUID, **_: Any) -> Response:
        """Return the video with its tracks."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="Delete the video with its timeline and all pictures", responses={204: None}
    )
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete the video."""
        video = self.get_object()
        with self.if_unchanged():
            erasure.delete_video(video)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="The timeline",
        description="Every sighting of every track. 409 until the video is done.",
        responses={200: VideoTimelineSerializer},
        extensions=can_fail("not_finished"),
    )
    @action(detail=True)
    def timeline(self, request: Request, pk: UUID) -> Response:
        """Return the timeline."""
        return Response(timeline.as_dict(self._done()))

    @extend_schema(
        summary="The timeline as a file",
        description="`csv`: one row for each face of each frame, or for each second. `json`: the "
        "timeline. `vtt` and `srt`: the labels, to show with the video.",
        parameters=[VideoExportQuerySerializer],
        responses={
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "text/vtt"): OpenApiTypes.STR,
            (200, "application/x-subrip"): OpenApiTypes.STR,
        },
        extensions=can_fail("not_finished"),
    )
    @action(detail=True, renderer_classes=EXPORT_RENDERERS)
    def export(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Return the file."""
        query = self.checked_query()
        kind = "seconds" if query == {"format": "csv", "per": "second"} else query["format"]
        return export.as_response(self._done(), kind)

    @extend_schema(
        summary="Try a failed video again",
        description="Only what was not done is done again.",
        request=None,
        responses={202: VideoSerializer},
        extensions=can_fail("not_failed"),
    )
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: UUID) -> Response:
        """Queue what failed again."""
        video = self.get_object()
        with self.if_unchanged():
            if not queueing.retry(video):
                raise NOT_FAILED
        return Response(self.shown(self.get_object()), status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        summary="The video as it was uploaded",
        description="`Range` asks for a part of it; an answer holds 2 MB of that at most.",
        responses={
            (200, "video/*"): OpenApiTypes.BINARY,
            (206, "video/*"): OpenApiTypes.BINARY,
        },
        extensions=can_fail("range_not_satisfiable", "storage_unavailable"),
    )
    @action(detail=True, renderer_classes=(VideoRenderer, JSONRenderer))
    def file(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Return the file or a part of it."""
        video = self.get_object()
        response = ranges.file_response(request._request, video.file, MEDIA_TYPES[video.format])
        if response is None:
            raise Http404
        return response

    @extend_schema(
        summary="Delete the file and keep the timeline",
        parameters=[VideoFileQuerySerializer],
        responses={204: None},
        extensions=can_fail("not_finished"),
    )
    @file.mapping.delete
    def delete_file(self, request: Request, pk: UUID) -> Response:
        """Delete the file."""
        video, query = self.get_object(), self.checked_query()
        with self.if_unchanged():
            erasure.delete_file(video, stills=query["stills"])
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="A picture out of the video",
        parameters=[STILL],
        responses=PICTURE,
        extensions=can_fail("storage_unavailable"),
    )
    @action(
        detail=True, url_path="stills/<int:still>", url_name="still",
        renderer_classes=PICTURE_RENDERERS,
    )  # fmt: skip
    def still(self, request: Request, pk: UUID, still: int) -> HttpResponseBase:
        """Return the picture."""
        found = selectors.still_of(caller(request), pk, still)
        response = files.image_response(request, found.picture) if found else None
        if response is None:
            raise Http404
        return response

    @extend_schema(
        summary="Say what a span of a track is",
        description="The latest word counts; it replaces those that lie within its span. Summary "
        "and exports change at once.",
        request={"application/json": CorrectionSerializer},
        parameters=[TRACK],
        responses={200: LaneSerializer},
        extensions=can_fail("invalid_span", "too_many_corrections"),
    )
    @action(
        detail=True, methods=["post"], url_path="tracks/<int:index>/corrections",
        url_name="correction",
        # The answer tells what was there before.
        also_needed={"POST": Scope.READ},
    )  # fmt: skip
    def correct(self, request: Request, pk: UUID, index: int) -> Response:
        """Store the correction; return the track."""
        track = selectors.track_of(caller(request), pk, index)
        if track is None:
            raise Http404
        said = checked(CorrectionSerializer(data=request.data))
        with self.if_unchanged():
            corrections.correct(track, **{**said, "emotion": said["emotion"] or ""})
        lanes = timeline.lanes_of(track.video)
        return Response(next(lane.as_dict() for lane in lanes if lane.track.index == index))

    def _done(self) -> Video:
        video = self.get_object()
        if video.status != Status.DONE:
            raise erasure.STILL_NEEDED
        return video
