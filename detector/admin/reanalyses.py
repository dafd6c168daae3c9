"""Panels of reanalysis campaigns and of data sets of reviewed faces."""

from collections.abc import Callable
from typing import Any, Final, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string

from detector.admin.base import ReadOnlyAdmin
from detector.analyses import reanalysis
from detector.exceptions import DetectorError
from detector.models import Reanalysis, ReviewedExport, User
from detector.registry import selectors as model_selectors

SHOWN: Final = (
    "status", "note", "how_far", "scope", "model_version", "started_by", "started_at",
    "finished_at",
)  # fmt: skip


class ReanalysisForm(forms.ModelForm[Reanalysis]):
    """Scope of a campaign; the model is always the active one."""

    owner = forms.ModelChoiceField(
        User.objects.all(),
        to_field_name="username",
        required=False,
        widget=forms.TextInput,
        label="Only photos of",
        help_text="The name of an account; empty for all accounts.",
        error_messages={"invalid_choice": "No account has this name."},
    )

    class Meta:
        model = Reanalysis
        fields = ["owner", "from_version"]
        labels = {"from_version": "Only what was read by"}

    def clean(self) -> dict[str, Any]:
        """Refuse a campaign that could not start."""
        given = super().clean() or self.cleaned_data
        try:
            reanalysis.plan(
                model=model_selectors.active_model(),
                owner=given.get("owner"),
                from_version=given.get("from_version"),
            )
        except DetectorError as error:
            raise ValidationError(error.message, code=error.code) from error
        return given


class CampaignList(ChangeList):
    """List that loads the progress of all campaigns of a page in one query."""

    def get_results(self, request: HttpRequest) -> None:
        """Load the campaigns, and set `progress` on each."""
        super().get_results(request)
        found = reanalysis.progress_of(self.result_list)
        for campaign in self.result_list:
            campaign.progress = found[campaign.pk]


@admin.register(Reanalysis)
class ReanalysisAdmin(ReadOnlyAdmin[Reanalysis]):
    """Panel of campaigns, which can be started, paused, resumed and cancelled."""

    form = ReanalysisForm
    list_display = ["started_at", "status", "scope", "model_version", "how_far", "started_by"]
    list_select_related = ["model_version", "owner", "from_version", "started_by"]
    list_filter = ["status"]
    search_fields = ["owner__username", "owner__email"]
    date_hierarchy = "started_at"
    actions = ["pause", "resume", "cancel"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Require the permission to add a campaign."""
        return request.user.has_perm("detector.add_reanalysis")

    def has_steer_permission(self, request: HttpRequest) -> bool:
        """Require the same permission for pausing, resuming and cancelling."""
        return self.has_add_permission(request)

    def get_fields(self, request: HttpRequest, obj: Reanalysis | None = None) -> Any:
        """Return the fields of a new campaign, or all fields of an existing one."""
        return ["owner", "from_version"] if obj is None else SHOWN

    def get_readonly_fields(self, request: HttpRequest, obj: Reanalysis | None = None) -> Any:
        """Return all fields of an existing campaign: none can be changed."""
        return [] if obj is None else SHOWN

    def save_model(self, request: HttpRequest, obj: Reanalysis, form: Any, change: bool) -> None:
        """Start the campaign through the service."""
        begun = reanalysis.start(
            model=model_selectors.active_model(),
            actor=cast(User, request.user),
            owner=obj.owner,
            from_version=obj.from_version,
        )
        obj.pk, obj.model_version, obj.photos = begun.pk, begun.model_version, begun.photos

    @admin.display(description="photos")
    def scope(self, obj: Reanalysis) -> str:
        """Return which photos it analyses."""
        parts = [f"of {obj.owner}"] if obj.owner else []
        if obj.from_version:
            parts.append(f"read by {obj.from_version}")
        return f"{obj.photos:,} {' '.join(parts)}".strip()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that loads the progress."""
        return CampaignList

    @admin.display(description="progress")
    def how_far(self, obj: Reanalysis) -> str:
        """Return the progress as a bar and in words."""
        found = getattr(obj, "progress", None) or reanalysis.progress(obj)
        return render_to_string("admin/detector/reanalysis/how_far.html", {"progress": found})

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Do nothing: the service that starts a campaign records the entry."""

    @admin.action(description="Pause", permissions=["steer"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Reanalysis]) -> None:
        """Pause the campaigns of the selection: they queue no further photo."""
        self._each(request, queryset, reanalysis.pause, "paused")

    @admin.action(description="Resume", permissions=["steer"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Reanalysis]) -> None:
        """Resume the paused campaigns of the selection."""
        self._each(request, queryset, reanalysis.resume, "resumed")

    @admin.action(description="Cancel for good", permissions=["steer"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Reanalysis]) -> None:
        """Cancel the campaigns of the selection; new results stay."""
        self._each(request, queryset, reanalysis.cancel, "cancelled")

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[Reanalysis],
        change: Callable[[Reanalysis, User | None], bool],
        done: str,
    ) -> None:
        try:
            campaigns = queryset.select_related("model_version")
            count = sum(change(campaign, cast(User, request.user)) for campaign in campaigns)
        except DetectorError as error:
            self.message_user(request, error.message, messages.ERROR)
            return
        self.message_user(request, f"{count} {done}.", messages.SUCCESS)


@admin.register(ReviewedExport)
class ReviewedExportAdmin(ReadOnlyAdmin[ReviewedExport]):
    """Panel of data sets; `manage.py export_reviewed_faces` writes one."""

    list_display = ["name", "faces", "created_at", "created_by"]
    list_select_related = ["created_by"]
    search_fields = ["name", "sha256"]
    date_hierarchy = "created_at"
    show_full_result_count = False
