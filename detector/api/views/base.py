"""What all views of the API share."""

import hashlib
from http import HTTPStatus
from typing import Any, ClassVar, NoReturn, cast

from django.http import HttpResponseBase
from django.utils.cache import get_conditional_response
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from detector.api import failed_logins
from detector.api.pagination import PageSerializer
from detector.api.throttles import tightest
from detector.models import User

KEPT_BUT_ASKED_FOR = "private, no-cache"


def caller(request: Request) -> User:
    """The owner in whose name this request is made; permissions have seen to that."""
    return cast(User, request.user)


def unless_known(request: Request, answer: Response) -> HttpResponseBase:
    """The answer with an entity tag made of its content; 304 for who has it already."""
    content = answer.render().content
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    response: HttpResponseBase = get_conditional_response(request._request, etag=etag) or answer
    response["ETag"] = etag
    response["Cache-Control"] = KEPT_BUT_ASKED_FOR
    return response


def created(data: Any, url: str) -> Response:
    """What was made, and where it is from now on."""
    return Response(data, status=HTTPStatus.CREATED, headers={"Location": url})


class ApiMixin(APIView):
    """Strict parameters, entity tags, and headers that tell what is left of the limits.

    A parameter that a call does not know is an error: it would have been ignored otherwise.
    `queries` names the serializer of a call's parameters by its action, or its method; lists know
    those of their filters and pages as well.
    """

    queries: ClassVar[dict[str, type[serializers.Serializer[Any]]]] = {}

    def get_throttles(self) -> list[BaseThrottle]:
        """Kept, to be asked what they counted."""
        self.throttles = super().get_throttles()
        return self.throttles

    def permission_denied(
        self, request: Request, message: str | None = None, code: str | None = None
    ) -> NoReturn:
        """Count whoever calls without a right to, as those with a wrong token; then refuse."""
        if request.authenticators and not request.successful_authenticator:
            failed_logins.check(request)
            failed_logins.count(request)
        super().permission_denied(request, message, code)

    def finalize_response(self, *args: Any, **kwargs: Any) -> Any:
        """What was found carries an `ETag`; every answer says how many calls are left."""
        response: Any = super().finalize_response(*args, **kwargs)
        was_read = self.request.method in ("GET", "HEAD") and response.status_code == HTTPStatus.OK
        if was_read and isinstance(response, Response):
            response = unless_known(self.request, response)
        counted = [*getattr(self, "throttles", []), *failed_logins.counted(self.request)]
        allowance = tightest(counted)
        for name, value in allowance.headers().items() if allowance else ():
            response[name] = value
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After login and throttles, before the call itself."""
        super().initial(request, *args, **kwargs)
        if (request.method or "").lower() not in self._methods():
            # 405 says it better than any word on parameters.
            return
        known = self._known_parameters()
        wrong = {name: ["Not known here."] for name in request.query_params if name not in known}
        for name, value in request.query_params.items():
            if not value:
                wrong.setdefault(name, ["Must not be empty."])
        if wrong:
            raise serializers.ValidationError(wrong)

    def asked(self) -> dict[str, Any]:
        """The parameters of this call, checked as `queries` says."""
        query = self.queries[self._call](data=self.request.query_params)
        query.is_valid(raise_exception=True)
        asked: dict[str, Any] = query.validated_data
        return asked

    @property
    def _call(self) -> str:
        return getattr(self, "action", None) or (self.request.method or "").lower()

    def _methods(self) -> set[str]:
        actions = getattr(self, "action_map", None)
        return set(actions or (name for name in self.http_method_names if hasattr(self, name)))

    def _known_parameters(self) -> set[str]:
        name = self._call
        known: set[str] = set()
        if name in self.queries:
            known |= set(self.queries[name]().fields)
        if name == "list":
            known |= {*PageSerializer().fields, "ordering"}
            filters = getattr(self, "filterset_class", None)
            known |= set(filters.base_filters) if filters else set()
        return known
