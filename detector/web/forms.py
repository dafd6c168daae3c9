"""Forms of the pages."""

import zoneinfo
from typing import Any, ClassVar

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.http import HttpRequest

from detector.enums import Emotion
from detector.exceptions import DetectorError
from detector.models import ApiToken, Photo, User

ZONES = [(name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones())]


class SignupForm(AllauthSignupForm):
    """Sign-up that also learns from the browser in which time zone the person lives."""

    time_zone = forms.CharField(required=False, widget=forms.HiddenInput)

    def save(self, request: HttpRequest) -> Any:
        """Keep the time zone if it is one."""
        user = super().save(request)
        name = self.cleaned_data["time_zone"]
        if isinstance(user, User) and name in zoneinfo.available_timezones():
            user.time_zone = name
            user.save(update_fields=["time_zone"])
        return user


class AnnotationForm(forms.Form):
    """What an owner writes on a photo."""

    felt_emotion = forms.ChoiceField(
        required=False, choices=[("", "Not said"), *Emotion.choices], widget=forms.RadioSelect
    )
    tags = forms.CharField(required=False)
    note = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))

    FIELD_OF_ERROR: ClassVar = {"invalid_note": "note", "invalid_tags": "tags"}

    @classmethod
    def of(cls, photo: Photo) -> "AnnotationForm":
        """The form as the photo stands."""
        names = ", ".join(tag.name for tag in photo.tags.all())
        return cls(initial={"note": photo.note, "tags": names, "felt_emotion": photo.felt_emotion})

    @property
    def annotation(self) -> dict[str, Any]:
        """What was written, as `annotation.annotate` takes it."""
        return {**self.cleaned_data, "tags": self.cleaned_data["tags"].split(",")}

    def refuse(self, error: DetectorError) -> None:
        """Show what the service had against it, beside its field."""
        self.add_error(self.FIELD_OF_ERROR.get(error.code), error.message)


class PreferencesForm(forms.Form):
    """What a person can set."""

    time_zone = forms.ChoiceField(choices=ZONES)


class TokenForm(forms.ModelForm[ApiToken]):
    """A new API token."""

    class Meta:
        model = ApiToken
        fields = ["name"]


class PeriodsForm(forms.Form):
    """Two periods to compare, each by its first and last day."""

    first_from = forms.DateField(label="First, from")
    first_to = forms.DateField(label="to")
    second_from = forms.DateField(label="Second, from")
    second_to = forms.DateField(label="to")

    def clean(self) -> dict[str, Any]:
        """No period ends before it begins."""
        days: dict[str, Any] = super().clean() or {}
        for name in ("first", "second"):
            since, until = days.get(f"{name}_from"), days.get(f"{name}_to")
            if since and until and since > until:
                self.add_error(f"{name}_to", "This is before the period begins.")
        return days
