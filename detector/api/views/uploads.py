"""Upload of photos."""

import hashlib
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
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from detector.analyses import selectors as analysis_selectors
from detector.analyses import submission
from detector.api import idempotency
from detector.api.codes import OF_FILES, can_fail
from detector.api.idempotency import Outcome
from detector.api.serializers.analyses import (
    IdempotencySerializer,
    SubmissionSerializer,
    UploadQuerySerializer,
    UploadSerializer,
    receipt,
)
from detector.api.views.base import ApiMixin, caller, checked, may_read
from detector.enums import Source
from detector.exceptions import DetectorError
from detector.models import Analysis

POLL_SECONDS = 0.1
INGEST_SECONDS = 20
"""Seconds that a call waits for the first call with its key, in addition to its own `wait`."""

IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp", "image/heic", "image/*")
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="A name for this call that you choose, for example a UUID.",
)
GONE = DetectorError(
    "gone", "The photos of this call have been deleted. Use another key to upload them again."
)
NOTHING_USABLE = DetectorError("no_image_accepted", "None of the files could be used.")
WAITING = threading.BoundedSemaphore(settings.API_WAITING_CALLS)


class UploadMixin(ApiMixin, GenericViewSet[Analysis]):
    """The call that uploads images."""

    @extend_schema(
        summary="Upload one or more images",
        description="As a form with one or more `images`, each a photo or a ZIP of photos, or one "
        "image as the whole body. A file that cannot be read does not stop the others. With an "
        "`Idempotency-Key` the call can be sent again for 24 hours: it is done once, and the "
        "answer holds the present results, or is 410 `gone` if its photos have been deleted. "
        "Files that were rejected for a temporary reason are tried again.",
        request={
            "multipart/form-data": UploadSerializer,
            **dict.fromkeys(IMAGE_TYPES, OpenApiTypes.BINARY),
        },
        parameters=[UploadQuerySerializer, IDEMPOTENCY_KEY],
        filters=False,
        responses={
            200: OpenApiResponse(SubmissionSerializer, description="All analyses are finished."),
            202: OpenApiResponse(
                SubmissionSerializer, description="Some analyses are not finished."
            ),
        },
        extensions=can_fail(*OF_FILES, "idempotency_key_reused", "call_in_progress", "gone"),
    )
    def create(self, request: Request) -> Response:
        """Submit the images; return accepted and rejected ones apart."""
        query = self.checked_query()
        files = request.FILES.getlist("images")
        with ExitStack() as stack:
            for file in files:
                stack.callback(file.close)
            return self._create(request, files, query["wait"], query["forget"])

    def _create(
        self,
        request: Request,
        files: "Sequence[UploadedFile[Any]]",
        wait: float,
        forget: bool | None,
    ) -> Response:
        checked(UploadSerializer(data=request.data))
        key = idempotency_key(request)
        if key is None:
            return self._answer(self._take(files, forget), wait)
        outcome = idempotency.once(
            caller(request),
            key=key,
            request_sha256=digest_of(files, forget=forget),
            make=lambda: self._take(files, forget),
            patience=INGEST_SECONDS + wait,
        )
        return self._answer(outcome, wait)

    def _take(self, files: "Sequence[UploadedFile[Any]]", forget: bool | None) -> Outcome:
        """Submit the files and return the outcome.

        Raises DetectorError if none was accepted and one was rejected for a temporary reason.
        """
        result = submission.submit(caller(self.request), files, Source.API, forget=forget)
        may_change = any(not item.error.permanent for item in result.rejected)
        if may_change and not result.accepted:
            raise _nothing_accepted(result.rejected)
        ids = [analysis.pk for analysis in result.accepted]
        return Outcome(ids, _rejections(result.rejected), may_change=may_change)

    def _answer(self, outcome: Outcome, wait: float) -> Response:
        """Wait for the results and return them; of a deleted photo only that it is gone."""
        owner = caller(self.request)
        if not outcome.accepted:
            raise _nothing_accepted([_rejection(item) for item in outcome.rejected])
        finished = _wait(outcome.accepted, wait)
        found = analysis_selectors.analyses_by_id(owner, outcome.accepted)
        if not found:
            raise GONE
        left = {analysis.pk for analysis in found}
        gone = [_gone(pk) for pk in outcome.accepted if pk not in left]
        content = {"accepted": found, "rejected": outcome.rejected + gone}
        data = SubmissionSerializer(content, context=self.get_serializer_context()).data
        if not may_read(self.request):
            data["accepted"] = [receipt(item, is_upload=True) for item in data["accepted"]]
        return _response(self.request, data, finished, outcome.is_replay)


def idempotency_key(request: Request) -> str | None:
    """Return the `Idempotency-Key` of a call. Raises ValidationError where it is not valid."""
    given = {name: request.headers[name] for name in ["Idempotency-Key"] if name in request.headers}
    return checked(IdempotencySerializer(data=given)).get("Idempotency-Key")


def digest_of(
    files: "Sequence[UploadedFile[Any]]", kind: str = "", *, forget: bool | None = None
) -> str:
    """Return a checksum of names and contents: the bytes of a form differ from call to call.

    The same files as something else, another `kind`, or with another wish are another request.
    """
    wish = "" if forget is None else f" forget={forget}"
    digest = hashlib.sha256(f"{kind}{wish}".encode())
    for file in files:
        content = hashlib.sha256()
        for chunk in file.chunks():
            content.update(chunk)
        file.seek(0)
        name = hashlib.sha256((file.name or "").encode())
        digest.update(name.digest() + content.digest())
    return digest.hexdigest()


def _response(request: Request, data: Any, finished: bool, is_replay: bool) -> Response:
    """Return the response with its headers."""
    response = Response(data, status.HTTP_200_OK if finished else status.HTTP_202_ACCEPTED)
    if len(data["accepted"]) == 1:
        path = reverse("api:v1:analysis-detail", args=[data["accepted"][0]["id"]])
        response["Location"] = request.build_absolute_uri(path)
    if not finished:
        response["Retry-After"] = "1"
    if is_replay:
        response["Idempotency-Replayed"] = "true"
    return response


def _rejection(item: dict[str, Any]) -> submission.Rejection:
    """Return the rejection that was stored of a file."""
    return submission.Rejection(item["filename"], DetectorError(**item["error"]))


def _gone(analysis_id: UUID) -> dict[str, Any]:
    """Return the rejection that stands for a deleted photo, of which only the id is known."""
    error = DetectorError(GONE.code, GONE.message, details={"id": str(analysis_id)})
    return {"filename": "", "error": error.as_dict()}


def _rejections(rejected: Sequence[submission.Rejection]) -> list[dict[str, Any]]:
    return [{"filename": item.filename, "error": item.error.as_dict()} for item in rejected]


def _nothing_accepted(rejected: Sequence[submission.Rejection]) -> DetectorError:
    """Return one error for all files.

    A temporary error comes first, then the error that all files share, else `no_image_accepted`.
    """
    details = {"rejected": _rejections(rejected)}
    temporary = next((item.error for item in rejected if not item.error.permanent), None)
    codes = {item.error.code for item in rejected}
    error = temporary or (rejected[0].error if len(codes) == 1 else NOTHING_USABLE)
    return error.with_details(**details)


def _wait(ids: Sequence[UUID], seconds: float) -> bool:
    """Wait until all are finished, outside any transaction. Return whether they are.

    Does not wait if too many calls wait already: the caller asks again.
    """
    end = time.monotonic() + seconds
    may_wait = seconds > 0 and WAITING.acquire(blocking=False)
    try:
        while analysis_selectors.unfinished(ids):
            if not may_wait or time.monotonic() >= end:
                return False
            time.sleep(POLL_SECONDS)
        return True
    finally:
        if may_wait:
            WAITING.release()
