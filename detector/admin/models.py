"""Panel of model versions: comparison with a candidate, promotion, rollback, shadow mode."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from detector.admin.base import ReadOnlyAdmin, actor_of
from detector.admin.comparison import sections
from detector.common import kappa
from detector.enums import ModelStatus
from detector.exceptions import DetectorError
from detector.models import ModelVersion
from detector.registry import promotion
from detector.registry import selectors as model_selectors


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin[ModelVersion]):
    """Panel of model versions with their manifests.

    Staff who may change versions choose the one that serves, through the service.
    """

    list_display = [
        "name", "status", "accuracy", "weights", "in_shadow", "activated_at", "created_at",
    ]  # fmt: skip
    list_filter = ["status", "in_shadow"]
    search_fields = ["name", "=sha256"]
    date_hierarchy = "created_at"
    fields = [
        "name", "status", "sha256", "accuracy", "weights", "in_shadow", "agreement", "activated_at",
        "chosen_at", "created_at", "whole_manifest",
    ]  # fmt: skip
    readonly_fields = ["accuracy", "weights", "agreement", "whole_manifest"]

    def get_urls(self) -> list[URLPattern]:
        """Return the URLs, with those of the comparison and of the buttons."""
        view = self.admin_site.admin_view
        return [
            path(
                "<uuid:pk>/comparison/", view(self.comparison), name="detector_modelversion_compare"
            ),
            path("<uuid:pk>/promote/", view(self.promote), name="detector_modelversion_promote"),
            path("<uuid:pk>/shadow/", view(self.shadow), name="detector_modelversion_shadow"),
            path("roll-back/", view(self.roll_back), name="detector_modelversion_roll_back"),
            *super().get_urls(),
        ]

    @admin.display(description="Accuracy")
    def accuracy(self, version: ModelVersion) -> str:
        """Return the accuracy on the fixed test set, from the manifest."""
        try:
            value = float(version.manifest["metrics"]["test"]["consensus"]["accuracy"])
        except (KeyError, TypeError, ValueError):
            return "–"
        return f"{value:.1%}"

    @admin.display(description="Weights")
    def weights(self, version: ModelVersion) -> str:
        """Return whether the weights are kept; of withdrawn versions only the manifest is."""
        return "manifest only" if promotion.is_withdrawn(version.name) else "kept"

    @admin.display(description="Manifest")
    def whole_manifest(self, version: ModelVersion) -> str:
        """Return the whole manifest."""
        text = json.dumps(version.manifest, indent=2, ensure_ascii=False)
        return format_html('<pre class="run-log" tabindex="0">{}</pre>', text)

    @admin.display(description="Agreement in the shadow")
    def agreement(self, version: ModelVersion) -> str:
        """Return the share of faces on which it agrees with the results that were shown."""
        found = model_selectors.shadow_agreement(version)
        share = kappa.share(found.same, found.faces)
        if share is None:
            return "It has judged no face in the shadow."
        return (
            f"{found.same:,} of {found.faces:,} faces as shown: {share.value:.1%} "
            f"(95 % interval {share.low:.1%} to {share.high:.1%})"
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show all versions, and a warning if a chosen version cannot serve."""
        for problem in filter(None, (promotion.overruled_setting(), promotion.overruled_choice())):
            self.message_user(request, problem, messages.WARNING)
        return super().changelist_view(request, extra_context)

    def change_context(self, request: HttpRequest, object_id: str) -> dict[str, Any]:
        """Return the choice that the buttons of a version offer."""
        return {"choice": self._choice(request, self.get_object(request, object_id))}

    def comparison(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Show a version beside the one in the query, else beside the one that serves.

        The one that serves is compared with the previous one, else with the newest other.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        version = get_object_or_404(ModelVersion, pk=pk)
        choice = self._choice(request, version)
        default = choice["previous" if version == choice["active"] else "active"]
        others = list(model_selectors.others_than(version))
        named = [other for other in others if str(other.pk) == request.GET.get("against")]
        baseline = next(iter([*named, *filter(None, [default]), *others]), None)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{version} against {baseline}" if baseline else str(version),
            "opts": self.opts,
            "original": version,
            "baseline": baseline,
            "others": others,
            "sections": sections(version, baseline) if baseline else [],
            "objection": promotion.objection(version),
            "choice": choice,
        }
        return TemplateResponse(request, "admin/detector/modelversion/comparison.html", context)

    def promote(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """Promote a version: it serves from the next photo on."""

        def change() -> str:
            version = get_object_or_404(ModelVersion, pk=pk)
            promotion.promote(version, actor_of(request))
            return f"From the next photo on, {version} serves."

        return self._decide(request, change, _address("compare", pk))

    def roll_back(self, request: HttpRequest) -> HttpResponseBase:
        """Roll back to the version that served before."""

        def change() -> str:
            version = promotion.roll_back(actor_of(request))
            return f"From the next photo on, {version} serves again."

        return self._decide(request, change, _address("changelist"))

    def shadow(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """Turn the shadow mode of a version on or off."""

        def change() -> str:
            version = get_object_or_404(ModelVersion, pk=pk)
            begins = request.POST.get("shadow") == "on"
            promotion.set_shadow(version, begins, actor_of(request))
            return f"Shadow mode of {version} is {'on' if begins else 'off'}."

        return self._decide(request, change, _address("change", pk))

    def has_choose_permission(self, request: HttpRequest) -> bool:
        """Require the permission to change versions."""
        return request.user.has_perm("detector.change_modelversion")

    def _choice(self, request: HttpRequest, version: ModelVersion | None) -> dict[str, Any]:
        previous = model_selectors.previous_model()
        return {
            "active": model_selectors.active_model(),
            "previous": previous,
            "has_way_back": previous is not None and not promotion.is_withdrawn(previous.name),
            "may_serve": version is not None and not promotion.is_withdrawn(version.name),
            "may_choose": self.has_choose_permission(request),
            "ACTIVE": ModelStatus.ACTIVE,
        }

    def _decide(
        self, request: HttpRequest, change: Callable[[], str], back: str
    ) -> HttpResponseBase:
        """Run the change of a button and show its result; the service records the entry."""
        if not self.has_choose_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            self.message_user(request, change(), messages.SUCCESS)
        except DetectorError as error:
            self.message_user(request, error.message, messages.ERROR)
        return HttpResponseRedirect(back)


def _address(view: str, *arguments: object) -> str:
    return reverse(f"admin:detector_modelversion_{view}", args=arguments)
