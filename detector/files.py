"""How stored pictures are sent; whoever calls has checked whose they are."""

from django.db.models.fields.files import FieldFile
from django.http import FileResponse


def image_response(file: FieldFile) -> FileResponse | None:
    """A stored JPEG for its owner's browser alone; None where there is none (yet)."""
    if not file:
        return None
    try:
        response = FileResponse(file.open("rb"), content_type="image/jpeg")
    except FileNotFoundError:
        return None
    response["Cache-Control"] = "private, max-age=3600"
    return response
