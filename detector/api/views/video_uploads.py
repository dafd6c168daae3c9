"""Uploads of videos in parts, by tus 1.0."""

from typing import Any, Final
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.http import Http404, HttpResponse, HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.mixins import ListModelMixin
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from detector.api import tus
from detector.api.codes import OF_VIDEOS, can_fail
from detector.api.parsers import PartParser
from detector.api.serializers.video_uploads import VideoUploadStateSerializer
from detector.api.views.base import ApiMixin, caller, created, list_schema, may_read
from detector.common import locks
from detector.enums import Scope
from detector.models import VideoUpload
from detector.videos import uploads


def _header(name: str, schema: Any, text: str, *, required: bool = True) -> OpenApiParameter:
    return OpenApiParameter(
        name, schema, OpenApiParameter.HEADER, required=required, description=text
    )


MOST: Final = 10**tus.MAX_DIGITS - 1
RESUMABLE: Final = _header(
    "Tus-Resumable", {"type": "string", "enum": [tus.VERSION]}, "The version of the protocol."
)
LENGTH: Final = _header(
    "Upload-Length", {"type": "integer", "minimum": 1, "maximum": MOST}, "Bytes of the whole file."
)
METADATA: Final = _header(
    "Upload-Metadata",
    {"type": "string", "maxLength": tus.MAX_METADATA, "pattern": tus.METADATA.pattern},
    "Keys with values in Base64, separated by commas; `filename` is kept with the video.",
    required=False,
)
OFFSET: Final = _header(
    "Upload-Offset",
    {"type": "integer", "minimum": 0, "maximum": MOST},
    "Bytes that are there already.",
)


@list_schema("Your uploads, newest first", VideoUploadStateSerializer)
class VideoUploadViewSet(ApiMixin, ListModelMixin, GenericViewSet[VideoUpload]):
    """Videos that come in parts, by tus 1.0.

    `HEAD` tells how far one is, as `Upload-Offset`, and `Upload-Video` once it is complete; a
    token needs `write` for it.
    """

    serializer_class = VideoUploadStateSerializer
    filter_backends = ()
    lookup_field = "id"
    lookup_value_converter = "uuid"
    queryset = VideoUpload.objects.none()

    @property
    def needed_scope(self) -> Scope | None:
        """Who may only write must be able to ask how far an upload is."""
        return Scope.WRITE if getattr(self.request, "method", "") == "HEAD" else None

    def get_queryset(self) -> Any:
        """Return the caller's own uploads."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return uploads.uploads_of(caller(self.request)).order_by("-id")

    def get_parsers(self) -> list[BaseParser]:
        """Return the parser of parts: no call has another body."""
        return [PartParser()]

    def get_throttles(self) -> list[Any]:
        """Return the throttles: to begin an upload counts as one, a part does not."""
        is_new = getattr(self.request, "method", "") == "POST"
        self.throttle_scope = "uploads" if is_new else None
        return super().get_throttles()

    def lock_object(self) -> None:
        """Lock the upload."""
        locks.lock_video_upload(self._upload(self.kwargs["id"]))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add the headers of the protocol."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["Tus-Resumable"] = tus.VERSION
        if request.method == "HEAD":
            answer["Cache-Control"] = "no-store"
        if request.method == "OPTIONS" or answer.status_code == status.HTTP_412_PRECONDITION_FAILED:
            for name, value in tus.headers_of_server().items():
                answer[name] = value
        return answer

    @extend_schema(
        summary="Begin an upload of a video in parts",
        description="Without a body. `Location` is where the parts go.",
        request=None,
        parameters=[RESUMABLE, LENGTH, METADATA],
        responses={201: VideoUploadStateSerializer},
        extensions=can_fail(
            "empty_file", "upload_too_large", "too_many_uploads", "quota_exceeded", "account_gone",
            "unsupported_tus_version",
        ),
    )  # fmt: skip
    def create(self, request: Request) -> Response:
        """Begin an upload and return it."""
        tus.check_version(request)
        sent = tus.metadata(request)
        upload = uploads.begin(
            caller(request),
            filename=tus.filename_of(sent),
            length=tus.number(request, "Upload-Length"),
            metadata=sent,
            forget=tus.forget_of(sent),
        )
        url = reverse("api:v1:video-upload-detail", args=[upload.pk])
        answer = created(request, self.get_serializer(upload).data, url)
        for name, value in tus.headers_of(upload).items():
            answer[name] = value
        return answer

    @extend_schema(
        summary="One upload, and how far it is", responses={200: VideoUploadStateSerializer}
    )
    def retrieve(self, request: Request, id: UUID) -> HttpResponseBase:
        """Return the upload. HEAD, which is of the protocol, adds the headers about it."""
        upload = self._upload(id)
        if request.method != "HEAD":
            return Response(self.get_serializer(upload).data)
        is_reader = may_read(request)
        headers = tus.headers_of(upload, may_read=is_reader)
        if not is_reader:
            return HttpResponse(content_type="application/json", headers=headers)
        return Response(self.get_serializer(upload).data, headers=headers)

    @extend_schema(
        summary="Send the next part",
        description="The body is the part. With the last one the video is checked and submitted; "
        "`Upload-Video` is its id. A video that is refused ends its upload.",
        request={tus.MEDIA_TYPE: OpenApiTypes.BINARY},
        parameters=[RESUMABLE, OFFSET],
        responses={204: OpenApiResponse(description="The part is stored.")},
        extensions=can_fail(
            "wrong_offset", "part_too_small", "part_too_long", "file_missing", *OF_VIDEOS,
            "unsupported_tus_version",
        ),
    )  # fmt: skip
    def partial_update(self, request: Request, id: UUID) -> HttpResponseBase:
        """Append a part."""
        upload = self._upload(id)
        # A condition is not held while the part is stored: the offset keeps parts apart.
        with self.if_unchanged():
            pass
        tus.check_version(request)
        offset = tus.number(request, "Upload-Offset")
        with _body(request) as content:
            upload = uploads.append(upload, offset, content)
        return HttpResponse(status=status.HTTP_204_NO_CONTENT, headers=tus.headers_of(upload))

    @extend_schema(summary="Discard an upload with its parts", responses={204: None})
    def destroy(self, request: Request, id: UUID) -> Response:
        """Discard the upload."""
        upload = self._upload(id)
        with self.if_unchanged():
            uploads.discard(upload)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _upload(self, upload_id: UUID) -> VideoUpload:
        upload = uploads.upload_of(caller(self.request), upload_id)
        if upload is None:
            raise Http404
        return upload


def _body(request: Request) -> "UploadedFile[Any]":
    """Return the part; an empty body is not parsed."""
    return request.FILES.get("part") or SimpleUploadedFile("part", b"")
