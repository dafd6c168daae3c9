"""Photos as a table for spreadsheets (CSV, RFC 4180)."""

import csv
from collections.abc import Iterable

from django.http import HttpResponse

from detector.common.spreadsheet_text import escape_formulas
from detector.models import Analysis, User

COLUMNS = (
    "photo",
    "filename",
    "taken_at",
    "uploaded_at",
    "source",
    "made_up",
    "status",
    "model",
    "faces",
    "emotion",
    "confidence",
    "uncertain",
    "felt_emotion",
    "tags",
    "note",
)


def photos(analyses: Iterable[Analysis], owner: User) -> HttpResponse:
    """Return one line for each photo, with its largest face; times are in the owner's zone."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="photos.csv"'
    # Spreadsheets recognise UTF-8 by the byte order mark.
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(COLUMNS)
    for analysis in analyses:
        writer.writerow([escape_formulas(value) for value in _line(analysis, owner)])
    return response


def _line(analysis: Analysis, owner: User) -> list[object]:
    photo, face = analysis.photo, analysis.dominant_face
    return [
        photo.pk,
        photo.filename,
        photo.taken_at.astimezone(owner.zone).isoformat(timespec="seconds"),
        photo.uploaded_at.astimezone(owner.zone).isoformat(timespec="seconds"),
        photo.source,
        photo.is_demo,
        analysis.status,
        str(analysis.model_version or ""),
        len(analysis.faces.all()),
        face.effective_emotion if face else "",
        round(face.effective_confidence, 4) if face else "",
        face.is_uncertain if face else "",
        photo.felt_emotion,
        " | ".join(tag.name for tag in photo.tags.all()),
        photo.note,
    ]
