"""Analyse one photo and store nothing."""

from contextlib import ExitStack
from typing import Any

from django.http import HttpRequest
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from detector.analyses import detection
from detector.api.codes import OF_ONE_FILE, can_fail
from detector.api.parsers import ImageInMemoryParser, InMemoryHandler
from detector.api.serializers.detect import DetectionSerializer, OneImageSerializer
from detector.api.views.base import ApiMixin, caller, checked
from detector.api.views.uploads import IMAGE_TYPES
from detector.exceptions import DetectorError

ONE_IMAGE = DetectorError("too_many_files", "Send one image in a call.", details={"max_files": 1})


class DetectView(ApiMixin, GenericAPIView[Any]):
    """Faces of one photo, without storing it."""

    parser_classes = (MultiPartParser, ImageInMemoryParser)
    throttle_scope = "detect"
    serializer_class = DetectionSerializer

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Have the files of a form kept in memory, also large ones."""
        request.upload_handlers = [InMemoryHandler(request)]
        return super().initialize_request(request, *args, **kwargs)

    @extend_schema(
        operation_id="detect",
        summary="Find the faces of one image and store nothing",
        description="As a form with one of `images`, or as the whole body. The answer has the "
        "faces as an analysis has them. Neither the image nor the result is stored: no row, no "
        "file, no idempotency key, and it counts in no statistics. The call waits for its result. "
        "A person has one call at a time.",
        request={
            "multipart/form-data": OneImageSerializer,
            **dict.fromkeys(IMAGE_TYPES, OpenApiTypes.BINARY),
        },
        responses={200: DetectionSerializer},
        extensions=can_fail(
            *OF_ONE_FILE,
            "too_many_files",
            "name_too_long",
            "image_too_costly",
            "detection_under_way",
            "model_unusable",
            "busy",
        ),
    )
    def post(self, request: Request) -> Response:
        """Return the faces of the photo."""
        with detection.places.taken_by(caller(request)), ExitStack() as stack:
            files = request.FILES.getlist("images")
            for file in files:
                stack.callback(file.close)
            checked(OneImageSerializer(data=request.data))
            if len(files) != 1:
                raise ONE_IMAGE
            found = detection.detect(files[0])
        return Response(DetectionSerializer(found).data, headers={"Cache-Control": "no-store"})
