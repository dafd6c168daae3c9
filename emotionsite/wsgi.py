"""The WSGI application that `emotionsite.web` serves."""

from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application


class TextRequest(WSGIRequest):
    """A request that ignores an unknown `charset`, for which Django would raise before any view."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]  # not in its types
            b"text".decode(self.encoding or "utf-8", "replace")
        except (LookupError, UnicodeError):
            self._encoding = None


application = get_wsgi_application()
application.request_class = TextRequest
