"""Taking photos in."""

import hashlib
import json
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)
from rest_framework import status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from detector import selectors
from detector.api import errors
from detector.api.codes import OF_FILES, can_fail
from detector.api.serializers.analyses import (
    IdempotencySerializer,
    SubmissionSerializer,
    UploadSerializer,
    WaitSerializer,
    receipt,
)
from detector.api.views.base import ApiMixin, caller, may_read
from detector.enums import Source
from detector.exceptions import DetectorError
from detector.models import Analysis
from detector.services import idempotency, submission
from detector.services.idempotency import Answer

POLL_SECONDS = 0.1
INGEST_SECONDS = 20
"""How long a call waits, besides its own `wait`, for the first one with its key."""

IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp", "image/heic", "image/*")
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="A name for this call that you choose, for example a UUID.",
)
WAITING = threading.BoundedSemaphore(settings.API_WAITING_CALLS)


class UploadMixin(ApiMixin, GenericViewSet[Analysis]):
    """The call that takes images."""

    @extend_schema(
        summary="Upload one or more images",
        description="As a form with one or more `images`, each a photo or a ZIP of photos, or one "
        "image as the whole body. A file that cannot be read never stops the others. With an "
        "`Idempotency-Key` the call can be sent again for 24 hours: it is done once and answered "
        "alike.",
        request={
            "multipart/form-data": UploadSerializer,
            **dict.fromkeys(IMAGE_TYPES, OpenApiTypes.BINARY),
        },
        parameters=[WaitSerializer, IDEMPOTENCY_KEY],
        filters=False,
        responses={
            200: OpenApiResponse(SubmissionSerializer, description="All are finished."),
            202: OpenApiResponse(SubmissionSerializer, description="Some are still to do."),
        },
        extensions=can_fail(*OF_FILES, "idempotency_key_reused", "call_in_progress"),
    )
    def create(self, request: Request) -> Response:
        """Take the images; those that cannot be read are told apart from those that can."""
        wait = self.asked()["wait"]
        files = request.FILES.getlist("images")
        with ExitStack() as closed_at_the_end:
            for file in files:
                closed_at_the_end.callback(file.close)
            return self._create(request, files, wait)

    def _create(
        self, request: Request, files: "Sequence[UploadedFile[Any]]", wait: float
    ) -> Response:
        upload = UploadSerializer(data=request.data)
        upload.is_valid(raise_exception=True)
        key = _idempotency_key(request)
        if key is None:
            return self._response(self._take(files, wait))
        answer = idempotency.once(
            caller(request),
            key=key,
            request_sha256=_digest(files),
            make=lambda: self._take(files, wait),
            patience=INGEST_SECONDS + wait,
        )
        return self._response(answer)

    def _take(self, files: "Sequence[UploadedFile[Any]]", wait: float) -> Answer:
        """Submit the files, wait, and say what became of them; as an answer, refused or not."""
        owner = caller(self.request)
        result = submission.submit(owner, files, Source.API)
        if not result.accepted:
            error = _nothing_accepted(result.rejected)
            if not error.permanent:
                raise error
            return _answer(errors.status_of(error), {"error": error.as_dict()})
        ids = [analysis.pk for analysis in result.accepted]
        finished = _wait(ids, wait)
        content = {
            "accepted": selectors.analyses_by_id(owner, ids),
            "rejected": _rejections(result.rejected),
        }
        data = SubmissionSerializer(content, context=self.get_serializer_context()).data
        return _answer(status.HTTP_200_OK if finished else status.HTTP_202_ACCEPTED, data)

    def _response(self, answer: Answer) -> Response:
        """The answer, as far as the caller may know it, with what can be said in headers."""
        data = json.loads(answer.text)
        accepted = data.get("accepted", [])
        if accepted and not may_read(self.request):
            data["accepted"] = [receipt(item, is_upload=True) for item in accepted]
        response = Response(data, status=answer.status)
        if len(accepted) == 1:
            path = reverse("api:v1:analysis-detail", args=[accepted[0]["id"]])
            response["Location"] = self.request.build_absolute_uri(path)
        if answer.status == status.HTTP_202_ACCEPTED:
            response["Retry-After"] = "1"
        if answer.is_replay:
            response["Idempotency-Replayed"] = "true"
        return response


def _idempotency_key(request: Request) -> str | None:
    given = {name: request.headers[name] for name in ["Idempotency-Key"] if name in request.headers}
    header = IdempotencySerializer(data=given)
    header.is_valid(raise_exception=True)
    key: str | None = header.validated_data.get("Idempotency-Key")
    return key


def _digest(files: "Sequence[UploadedFile[Any]]") -> str:
    """Of names and contents: the bytes of a form differ from call to call."""
    digest = hashlib.sha256()
    for file in files:
        content = hashlib.sha256()
        for chunk in file.chunks():
            content.update(chunk)
        file.seek(0)
        name = hashlib.sha256((file.name or "").encode())
        digest.update(name.digest() + content.digest())
    return digest.hexdigest()


def _answer(status_code: int, data: Any) -> Answer:
    return Answer(status_code, JSONRenderer().render(data).decode())


def _rejections(rejected: Sequence[submission.Rejection]) -> list[dict[str, Any]]:
    return [{"filename": item.filename, "error": item.error.as_dict()} for item in rejected]


def _nothing_accepted(rejected: Sequence[submission.Rejection]) -> DetectorError:
    """One error for all: the file's own where there is just one reason."""
    details = {"rejected": _rejections(rejected)}
    permanent = all(item.error.permanent for item in rejected)
    first = rejected[0].error
    if len({item.error.code for item in rejected}) == 1:
        return DetectorError(
            first.code,
            first.message,
            permanent=permanent,
            details={**first.details, **details},
        )
    return DetectorError(
        "no_image_accepted",
        "None of the files could be used.",
        permanent=permanent,
        details=details,
    )


def _wait(ids: Sequence[UUID], seconds: float) -> bool:
    """Wait until all are finished, outside any transaction; whether they are.

    Where too many wait already, nobody waits: the caller asks again.
    """
    end = time.monotonic() + seconds
    may_wait = seconds > 0 and WAITING.acquire(blocking=False)
    try:
        while selectors.unfinished(ids):
            if not may_wait or time.monotonic() >= end:
                return False
            time.sleep(POLL_SECONDS)
        return True
    finally:
        if may_wait:
            WAITING.release()
