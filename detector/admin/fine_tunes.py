"""Panel of fine-tunes: start one on a data set of reviewed faces, watch it, cancel it."""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path

from detector.admin.base import ReadOnlyAdmin, actor_of
from detector.exceptions import DetectorError
from detector.learning import requests
from detector.models import FineTune, ReviewedExport

SHOWN: Final = ("name", "base", "reviewed", "result", "started_by", "created_at", "finished_at")


class FineTuneForm(forms.ModelForm[FineTune]):
    """Choice of the reviewed faces; the base is always the active version."""

    class Meta:
        model = FineTune
        fields = ["reviewed"]
        labels = {"reviewed": "Reviewed faces"}
        help_texts = {"reviewed": "The version that serves learns from them."}

    def clean(self) -> dict[str, Any]:
        """Refuse a run that could not start."""
        given = super().clean() or self.cleaned_data
        reviewed: ReviewedExport | None = given.get("reviewed")
        if reviewed is not None:
            try:
                requests.check(reviewed)
            except DetectorError as error:
                raise ValidationError(error.message, code=error.code) from error
        return given


@admin.register(FineTune)
class FineTuneAdmin(ReadOnlyAdmin[FineTune]):
    """Panel of fine-tunes, which can be started and cancelled."""

    form = FineTuneForm
    list_display = ["name", "status", "how_far", "base", "reviewed", "started_by", "created_at"]
    list_select_related = ["base", "reviewed", "started_by"]
    list_filter = ["status"]
    search_fields = ["name"]
    date_hierarchy = "created_at"
    autocomplete_fields = ["reviewed"]
    actions = ["cancel_several"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[FineTune]:
        """Return the runs without their logs, which a list does not need."""
        return super().get_queryset(request).defer("log")

    def get_urls(self) -> list[URLPattern]:
        """Return the URLs, with those of the progress and of the button that cancels."""
        view = self.admin_site.admin_view
        return [
            path("<uuid:pk>/progress/", view(self.progress), name="detector_finetune_progress"),
            path("<uuid:pk>/cancel/", view(self.cancel), name="detector_finetune_cancel"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Require the permission to add a fine-tune."""
        return request.user.has_perm("detector.add_finetune")

    def has_steer_permission(self, request: HttpRequest) -> bool:
        """Require the same permission for cancelling."""
        return self.has_add_permission(request)

    def get_fields(self, request: HttpRequest, obj: FineTune | None = None) -> Any:
        """Return the field of a new run, or all fields of an existing one."""
        return ["reviewed"] if obj is None else SHOWN

    def get_readonly_fields(self, request: HttpRequest, obj: FineTune | None = None) -> Any:
        """Return all fields of an existing run: none can be changed."""
        return [] if obj is None else SHOWN

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the form with a single button, which leads to the page of the run."""
        one = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, {**one, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: FineTune, form: Any, change: bool) -> None:
        """Start the run through the service."""
        begun = requests.request(obj.reviewed, actor_of(request))
        obj.pk, obj.name, obj.base = begun.pk, begun.name, begun.base

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Do nothing: the service that starts a run records the entry."""

    def response_add(
        self, request: HttpRequest, obj: FineTune, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Redirect to the page of the run."""
        self.message_user(request, f"{obj} begins as soon as a worker is free.", messages.SUCCESS)
        return redirect("admin:detector_finetune_change", obj.pk)

    @admin.display(description="progress")
    def how_far(self, obj: FineTune) -> str:
        """Return the progress as a bar and in words."""
        return render_to_string("admin/detector/finetune/how_far.html", {"run": obj})

    def progress(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Return the part of the page that changes while a run goes on."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = get_object_or_404(FineTune.objects.select_related("result"), pk=pk)
        may_steer = self.has_steer_permission(request)
        context = {"original": run, "has_steer_permission": may_steer}
        return render(request, "admin/detector/finetune/progress.html", context)

    def change_context(self, request: HttpRequest, object_id: str) -> dict[str, Any]:
        """Return the permission that the button for cancelling depends on."""
        return {"has_steer_permission": self.has_steer_permission(request)}

    def cancel(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """Cancel a run."""
        if not self.has_steer_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self._cancel(request, FineTune.objects.filter(pk=pk))
        return redirect("admin:detector_finetune_change", pk)

    @admin.action(description="Cancel for good", permissions=["steer"])
    def cancel_several(self, request: HttpRequest, queryset: QuerySet[FineTune]) -> None:
        """Cancel the unfinished runs of the selection."""
        self._cancel(request, queryset)

    def _cancel(self, request: HttpRequest, queryset: QuerySet[FineTune]) -> None:
        count = sum(requests.cancel(run, actor_of(request)) for run in queryset)
        kind = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, f"{count} cancelled.", kind)
