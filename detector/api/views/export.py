"""Everything of the caller in one file."""

from typing import Any, cast

from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from detector.accounts import export
from detector.api.codes import can_fail
from detector.api.negotiation import CsvRenderer, FileRenderer, ZipRenderer
from detector.api.views.base import ApiMixin, caller
from detector.common.streams import streamed

KINDS = {
    "csv": ("text/csv; charset=utf-8", export.csv_pieces),
    "json": ("application/json", export.json_pieces),
    "zip": ("application/zip", export.zip_pieces),
}


class ExportQuerySerializer(serializers.Serializer[Any]):
    """As what."""

    type = serializers.ChoiceField(
        choices=list(KINDS), required=False, help_text="Else as `Accept` says, or `csv`."
    )
    bom = serializers.BooleanField(
        default=False,
        help_text="Whether the CSV begins with a byte order mark: spreadsheets know UTF-8 by it, "
        "and programs read it as `utf-8-sig`.",
    )


class ExportView(ApiMixin, GenericAPIView[Any]):
    """Everything of the caller in one file."""

    queries = {"get": ExportQuerySerializer}
    renderer_classes = (CsvRenderer, JSONRenderer, ZipRenderer)

    @extend_schema(
        summary="Everything of yours in one file",
        description="`csv`: a row a face. `json`: every analysis with its faces. `zip`: both, the "
        "pictures, and a README of the columns; uploaded again, it brings back what "
        "is written on the photos. Sent while it is made.",
        parameters=[ExportQuerySerializer],
        responses={
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "application/zip"): OpenApiTypes.BINARY,
        },
        extensions=can_fail("busy"),
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Sent while it is made."""
        asked = self.asked()
        kind = asked.get("type") or cast(FileRenderer, request.accepted_renderer).format
        content_type, pieces = KINDS[kind]
        name = f'attachment; filename="emotionsite-{timezone.localdate().isoformat()}.{kind}"'
        content = pieces(caller(request), bom=asked["bom"])
        return streamed(content, content_type, {"Content-Disposition": name})
