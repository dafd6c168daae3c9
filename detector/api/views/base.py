"""What all views of the API share."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, ClassVar, NoReturn, cast

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import get_conditional_response
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from detector.api import conditions, errors, failed_logins
from detector.api.pagination import PageSerializer
from detector.api.throttles import tightest
from detector.enums import Scope
from detector.models import ApiToken, User

KEPT_BUT_ASKED_FOR = "private, no-cache"


def caller(request: Request) -> User:
    """The owner in whose name this request is made; permissions have seen to that."""
    return cast(User, request.user)


def may_read(request: Request) -> bool:
    """Whether the caller may be told what was there before this call."""
    return not isinstance(request.auth, ApiToken) or Scope.READ in request.auth.scopes


def created(request: Request, data: Any, path: str) -> Response:
    """What was made, and where it is from now on."""
    location = request.build_absolute_uri(path)
    return Response(data, status=HTTPStatus.CREATED, headers={"Location": location})


class ApiMixin(APIView):
    """Strict parameters, entity tags, and headers that tell what is left of the limits.

    A parameter that a call does not know, or that is given twice, is an error: it would have been
    ignored otherwise.
    `queries` names the serializer of a call's parameters by its action, or its method; lists know
    those of their filters and pages as well. `restless` names fields that change by themselves:
    they do not stand in the way of `If-Match`.
    """

    queries: ClassVar[dict[str, type[serializers.Serializer[Any]]]] = {}
    restless: ClassVar[tuple[str, ...]] = ()

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

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Nothing here has a moment of its last change, so no call can depend on one."""
        request.META.pop("HTTP_IF_UNMODIFIED_SINCE", None)
        return super().initialize_request(request, *args, **kwargs)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """What was found carries an `ETag`; every answer says how many calls are left."""
        answer: Any = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(answer, Response):
            # Also where a picture or a file was asked for: what is said in words is JSON.
            answer.accepted_renderer = JSONRenderer()
            answer.accepted_media_type = JSONRenderer.media_type
            answer = self._tagged(answer)
        elif answer.status_code == HTTPStatus.PRECONDITION_FAILED and not answer.content:
            answer = errors.answer_to(conditions.PreconditionFailed())
        counted = [*getattr(self, "throttles", []), *failed_logins.counted(self.request)]
        allowance = tightest(counted)
        for name, value in allowance.headers().items() if allowance else ():
            answer[name] = value
        return answer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After login and throttles, before the call itself."""
        super().initial(request, *args, **kwargs)
        if (request.method or "").lower() not in self._methods():
            # 405 says it better than any word on parameters.
            return
        known = self._known_parameters()
        wrong = {name: ["Not known here."] for name in request.query_params if name not in known}
        for name, values in request.query_params.lists():
            if not all(values):
                wrong.setdefault(name, ["Must not be empty."])
            if len(values) > 1:
                wrong.setdefault(name, ["Given more than once."])
        if wrong:
            raise serializers.ValidationError(wrong)
        if (
            request.method not in SAFE_METHODS
            and not self._is_on_object
            and conditions.asked(request)
        ):
            conditions.check(request, self._tag_now())

    @contextmanager
    def if_unchanged(self) -> Iterator[None]:
        """Run the block only if the object meets `If-Match` and `If-None-Match` of the call.

        Every call that changes an object does so in this block. The object is locked meanwhile, so
        that nobody changes it between the comparison and the change. A call without conditions runs
        the block as it is. Raises PreconditionFailed where the object does not meet them.
        """
        if not conditions.asked(self.request):
            yield
            return
        with transaction.atomic():
            self.hold()
            conditions.check(self.request, self._tag_now())
            yield

    def hold(self) -> None:
        """Lock the rows of the object, where others may change it."""

    def asked(self) -> dict[str, Any]:
        """The parameters of this call, checked as `queries` says."""
        query = self.queries[self._call](data=self.request.query_params)
        query.is_valid(raise_exception=True)
        asked: dict[str, Any] = query.validated_data
        return asked

    @property
    def _call(self) -> str:
        method = (self.request.method or "").lower()
        return getattr(self, "action", None) or ("get" if method == "head" else method)

    @property
    def _is_on_object(self) -> bool:
        return bool({"pk", "id"} & set(self.kwargs))

    def _tag_now(self) -> str | None:
        """The entity tag of the object, or of the list, of this call; None if it has none."""
        read = getattr(self, "retrieve" if self._is_on_object else "list", None)
        return self._tag(read(self.request, **self.kwargs).data) if read else None

    def _tag(self, data: Any, content: bytes = b"") -> str:
        state = b""
        if self.restless and self._is_on_object:
            steady = {name: data[name] for name in data if name not in self.restless}
            state = JSONRenderer().render(steady)
        return conditions.tag_of(content or JSONRenderer().render(data), state)

    def _tagged(self, answer: Response) -> HttpResponseBase:
        """The answer with the entity tag of what it shows; 304 for who has it already."""
        shows = ("GET", "HEAD", *(["PATCH"] if may_read(self.request) else []))
        if self.request.method not in shows or answer.status_code != HTTPStatus.OK:
            return answer
        tag = self._tag(answer.data, answer.render().content)
        response: HttpResponseBase = answer
        if self.request.method != "PATCH":
            response = get_conditional_response(self.request._request, etag=tag) or answer
        if response.status_code == HTTPStatus.PRECONDITION_FAILED:
            return errors.answer_to(conditions.PreconditionFailed())
        response["ETag"] = tag
        response["Cache-Control"] = KEPT_BUT_ASKED_FOR
        return response

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
