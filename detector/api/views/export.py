"""Export of all the caller's data in one file."""

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
    """Format of the export."""

    type = serializers.ChoiceField(
        choices=list(KINDS),
        required=False,
        help_text="Format of the file; without it `Accept` decides, else `csv`.",
    )
    bom = serializers.BooleanField(
        default=False,
        help_text="Whether the CSV begins with a byte order mark: spreadsheets recognise UTF-8 by "
        "it, and programs read it as `utf-8-sig`.",
    )


class ExportView(ApiMixin, GenericAPIView[Any]):
    """Export of all the caller's data in one file."""

    queries = {"get": ExportQuerySerializer}
    renderer_classes = (CsvRenderer, JSONRenderer, ZipRenderer)

    @extend_schema(
        summary="All your data in one file",
        description="`csv`: one row for each face. `json`: every analysis with its faces, and the "
        "live sessions. `zip`: both, the pictures, and a README of the columns; uploading it again "
        "restores notes, tags and felt emotions of the photos. The file is streamed while it is "
        "made.",
        parameters=[ExportQuerySerializer],
        responses={
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "application/zip"): OpenApiTypes.BINARY,
        },
        extensions=can_fail("busy"),
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Stream the file while it is made."""
        query = self.checked_query()
        kind = query.get("type") or cast(FileRenderer, request.accepted_renderer).format
        content_type, pieces = KINDS[kind]
        name = f'attachment; filename="emotionsite-{timezone.localdate().isoformat()}.{kind}"'
        content = pieces(caller(request), bom=query["bom"])
        return streamed(content, content_type, {"Content-Disposition": name})
