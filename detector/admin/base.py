"""Bases of the panels: what staff view and change leaves entries in the audit log."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, TypeVar, cast
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.db.models import Max, Min, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from detector.common import audit
from detector.common.distinct import distinct_values
from detector.enums import Status
from detector.models import Photo, User

ModelT = TypeVar("ModelT", bound=Model)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def actor_of(request: HttpRequest) -> User:
    """Return the logged-in user; the admin panel admits no anonymous one."""
    return cast(User, request.user)


class PeriodsQuerySet(QuerySet[ModelT]):
    """Derives the periods of the date hierarchy from the first and the last row only.

    An index gives these two fast. A period between them may have no row.
    """

    def datetimes(self, field_name: str, kind: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the first days of the periods in a datetime column."""
        first, last = self._ends(field_name)
        if first is None:
            return []
        return starts(kind, timezone.localtime(first).date(), timezone.localtime(last).date())

    def dates(self, field_name: str, kind: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the first days of the periods in a date column."""
        first, last = self._ends(field_name)
        return starts(kind, first, last) if first else []

    def _ends(self, name: str) -> tuple[Any, Any]:
        ends = self.aggregate(first=Min(name), last=Max(name))
        return ends["first"], ends["last"]


def starts(kind: str, first: date, last: date) -> list[date]:
    """Return the first day of each `day`, `month` or `year` from one day to another."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    parts = {"year": 1, "month": 2, "day": 3}[kind]
    found = dict.fromkeys(day.timetuple()[:parts] for day in days)
    return [date(*(*period, 1, 1)[:3]) for period in found]


class AuditedAdmin(admin.ModelAdmin[ModelT]):
    """Writes to the audit log instead of Django's own log.

    With `is_personal`, its pages show personal data, so viewing leaves an entry, too: one for the
    page of an object, and one for a list, with the ids that it showed.
    """

    is_personal = False
    owner_lookup = ""
    """Lookup of the owner; a search for a whole user name or e-mail finds the owner's rows."""
    exact_lookups: tuple[str, ...] = ()
    """Other lookups of a search: whole values, because no index helps to find parts."""
    list_per_page = 50
    list_max_show_all = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    """Each facet would count the whole list again."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelT]:
        """Return all rows, in the order of the panel."""
        return PeriodsQuerySet(self.model).order_by(*self.get_ordering(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search by id, owner or whole values, which all have an index."""
        term = search_term.strip()
        if not term or not (self.owner_lookup or self.exact_lookups):
            return super().get_search_results(request, queryset, search_term)
        wanted = Q()
        for lookup in self.exact_lookups:
            if not lookup.endswith("id") or _is_uuid(term):
                wanted |= Q(**{lookup: term})
            if lookup.startswith("email"):
                # Addresses are stored in small letters.
                wanted |= Q(**{lookup: term.lower()})
        if self.owner_lookup:
            named = User.objects.filter(Q(username=term) | Q(email=term.lower()))
            owners = list(named.values_list("pk", flat=True)[:10])
            wanted |= Q(**{f"{self.owner_lookup}__in": owners}) if owners else Q()
        return (queryset.filter(wanted) if wanted else queryset.none()), False

    def note(self, request: HttpRequest, done: str, obj: Model, **details: Any) -> None:
        """Record an entry: an object was added, changed, deleted or viewed."""
        audit.record(actor_of(request), f"{obj._meta.model_name}.{done}", obj, **details)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Record an added object; Django calls this in the same transaction."""
        self.note(request, "added", obj)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Record a changed object; Django calls this in the same transaction."""
        self.note(request, "changed", obj, changes=message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Any]) -> Any:
        """Record deleted objects; Django calls this before it deletes them."""
        for obj in queryset:
            self.note(request, "deleted", obj)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Redirect to the entries of the audit log about one object."""
        about = {"target_type": self.opts.model_name or "", "target_id": object_id}
        url = reverse("admin:detector_auditentry_changelist")
        return HttpResponseRedirect(f"{url}?{urlencode(about)}")

    def render_change_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show an object, and record that it was viewed."""
        obj = kwargs.get("obj")
        if self.is_personal and obj is not None and request.method == "GET":
            self.note(request, "viewed", obj)
        return super().render_change_form(request, *args, **kwargs)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show an object with the context of `change_context`."""
        context = {**self.change_context(request, object_id), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def change_context(self, request: HttpRequest, object_id: str) -> dict[str, Any]:
        """Return additional context for the template of an object's page."""
        return {}

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show a list, and record which objects it showed."""
        response = super().changelist_view(request, extra_context)
        changes = response.context_data if isinstance(response, TemplateResponse) else None
        if self.is_personal and changes and "cl" in changes and changes["cl"].result_list:
            shown = [str(obj.pk) for obj in changes["cl"].result_list]
            action = f"{self.opts.model_name}.listed"
            audit.record(
                actor_of(request), action, None, shown=shown, asked=request.GET.urlencode()
            )
        return response


class ErasingAdmin(AuditedAdmin[ModelT]):
    """Deletes through a service; related objects need no permission of their own."""

    def get_deleted_objects(self, objs, request):  # type: ignore[no-untyped-def]
        """Return what the confirmation shows: the number of photos, not a list of them."""
        owners = {"owner_id__in" if self.model is User else "pk__in": [obj.pk for obj in objs]}
        photos = Photo.objects.filter(**owners).count()
        return [str(obj) for obj in objs], {"photos": photos}, set(), []

    def erase(self, obj: ModelT) -> None:
        """Delete an object through its service."""
        raise NotImplementedError

    def delete_model(self, request: HttpRequest, obj: ModelT) -> None:
        """Erase one object."""
        self.erase(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ModelT]) -> None:
        """Erase several objects."""
        for obj in queryset:
            self.delete_model(request, obj)


class ReadOnlyAdmin(AuditedAdmin[ModelT]):
    """Panel of rows that only services may write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Forbid adding."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        """Forbid changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        """Forbid deletion."""
        return False


class ErrorCodeFilter(admin.SimpleListFilter):
    """Filter by the error codes that occur; an index holds only the failures."""

    title = "error"
    parameter_name = "error_code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return each code once."""
        failed = model_admin.model._default_manager.filter(status=Status.FAILED)
        return [(code, code) for code in distinct_values(failed, "error_code")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the failures with the chosen code."""
        code = self.value()
        return queryset.filter(status=Status.FAILED, error_code=code) if code else queryset
