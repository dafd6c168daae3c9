"""The base of all views of the API."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, ClassVar, NoReturn, TypeVar, cast

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import get_conditional_response
from drf_spectacular.utils import extend_schema, extend_schema_view
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

CACHE_CONTROL = "private, no-cache"

ViewT = TypeVar("ViewT", bound=type[APIView])


def caller(request: Request) -> User:
    """Return the user who makes this request; permissions let no anonymous caller get here."""
    return cast(User, request.user)


def may_read(request: Request) -> bool:
    """Return whether the caller may read existing data."""
    return not isinstance(request.auth, ApiToken) or Scope.READ in request.auth.scopes


def list_schema(
    summary: str, shown: type[serializers.Serializer[Any]], **calls: Any
) -> Callable[[ViewT], ViewT]:
    """Describe the list of a viewset in the schema, and other `calls` of it."""
    described = extend_schema(summary=summary, responses={200: shown(many=True)})
    return extend_schema_view(list=described, **calls)


def checked(form: serializers.BaseSerializer[Any]) -> dict[str, Any]:
    """Return the validated data of a serializer. Raises ValidationError."""
    form.is_valid(raise_exception=True)
    values: dict[str, Any] = form.validated_data
    return values


def created(request: Request, data: Any, path: str) -> Response:
    """Return the response with a new object and its `Location`."""
    location = request.build_absolute_uri(path)
    return Response(data, status=HTTPStatus.CREATED, headers={"Location": location})


class ApiMixin(APIView):
    """Strict parameters, entity tags, and headers about rate limits.

    A parameter that is unknown, or given twice, is an error: otherwise it would be ignored without
    notice. `queries` maps an action or a method to the serializer of its parameters; lists also
    accept the parameters of their filter and of paging. `volatile_fields` are fields that change
    by themselves: `If-Match` does not compare them.
    """

    queries: ClassVar[dict[str, type[serializers.Serializer[Any]]]] = {}
    volatile_fields: ClassVar[tuple[str, ...]] = ()

    def get_throttles(self) -> list[BaseThrottle]:
        """Return the throttles, and keep them for the headers about rate limits."""
        self.throttles = super().get_throttles()
        return self.throttles

    def permission_denied(
        self, request: Request, message: str | None = None, code: str | None = None
    ) -> NoReturn:
        """Count a call without login like one with a wrong token, then refuse it."""
        if request.authenticators and not request.successful_authenticator:
            failed_logins.check(request)
            failed_logins.count(request)
        super().permission_denied(request, message, code)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Drop `If-Unmodified-Since`: no object here has a time of last change."""
        request.META.pop("HTTP_IF_UNMODIFIED_SINCE", None)
        return super().initialize_request(request, *args, **kwargs)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add the `ETag`, and the headers about rate limits."""
        answer: Any = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(answer, Response):
            # Data is sent as JSON, also if the call accepts a picture or a file.
            answer.accepted_renderer = JSONRenderer()
            answer.accepted_media_type = JSONRenderer.media_type
            answer = self._with_tag(answer)
        elif answer.status_code == HTTPStatus.PRECONDITION_FAILED and not answer.content:
            answer = errors.answer_to(conditions.PreconditionFailed())
        counted = [*getattr(self, "throttles", []), *failed_logins.counted(self.request)]
        allowance = tightest(counted)
        for name, value in allowance.headers().items() if allowance else ():
            answer[name] = value
        return answer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check login, throttles, parameters and conditions before the call itself."""
        super().initial(request, *args, **kwargs)
        if (request.method or "").lower() not in self._methods():
            # The answer will be 405, which says more than an error about parameters.
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
            and not self._is_detail
            and conditions.has_conditions(request)
        ):
            conditions.check(request, self._current_tag())

    @contextmanager
    def if_unchanged(self) -> Iterator[None]:
        """Run the block only if the object meets `If-Match` and `If-None-Match` of the call.

        Every call that changes an object does so in this block. The object is locked meanwhile, so
        that nobody changes it between the comparison and the change. Without conditions nothing is
        locked. Raises PreconditionFailed if the object does not meet them.
        """
        if not conditions.has_conditions(self.request):
            yield
            return
        with transaction.atomic():
            self.lock_object()
            conditions.check(self.request, self._current_tag())
            yield

    def lock_object(self) -> None:
        """Lock the rows of the object until the end of the transaction."""

    def checked_query(self) -> dict[str, Any]:
        """Return the parameters of this call, validated by its serializer in `queries`."""
        return checked(self.queries[self._call](data=self.request.query_params))

    @property
    def _call(self) -> str:
        method = (self.request.method or "").lower()
        return getattr(self, "action", None) or ("get" if method == "head" else method)

    @property
    def _is_detail(self) -> bool:
        return bool({"pk", "id"} & set(self.kwargs))

    def _current_tag(self) -> str | None:
        """Return the present entity tag of the object or list; None if it has none."""
        read = getattr(self, "retrieve" if self._is_detail else "list", None)
        return self._tag(read(self.request, **self.kwargs).data) if read else None

    def _tag(self, data: Any, content: bytes = b"") -> str:
        state = b""
        if self.volatile_fields and self._is_detail:
            stable = {name: data[name] for name in data if name not in self.volatile_fields}
            state = JSONRenderer().render(stable)
        return conditions.tag_of(content or JSONRenderer().render(data), state)

    def _with_tag(self, answer: Response) -> HttpResponseBase:
        """Return the answer with its entity tag, or 304 if the caller has this version."""
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
        response["Cache-Control"] = CACHE_CONTROL
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
