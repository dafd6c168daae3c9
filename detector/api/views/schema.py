"""The OpenAPI schema."""

from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request


class SchemaView(SpectacularAPIView):
    """The schema as YAML or JSON, the same for everybody.

    To make and write it takes half a second, so each process does so once for each media type.
    Parameters that the library knows, such as `version`, change nothing.
    """

    # It only reads, and cannot render what OPTIONS answers.
    http_method_names = ["get", "head"]
    made: ClassVar[dict[str, bytes]] = {}

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the schema."""
        renderer: Any = request.accepted_renderer
        if renderer.media_type not in self.made:
            generator: Any = self.generator_class()
            schema = generator.get_schema(request=request, public=True)
            context = self.get_renderer_context()
            self.made[renderer.media_type] = renderer.render(schema, renderer.media_type, context)
        charset = f"; charset={renderer.charset}" if renderer.charset else ""
        name = f'inline; filename="EmotionSite API.{renderer.format}"'
        return HttpResponse(
            self.made[renderer.media_type],
            content_type=renderer.media_type + charset,
            headers={"Content-Disposition": name},
        )
