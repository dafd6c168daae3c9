"""Forms of the pages."""

import zoneinfo
from typing import Any, ClassVar

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.http import HttpRequest

from detector.enums import DateLanguage, Emotion, KeepPhotos, Theme
from detector.exceptions import DetectorError
from detector.models import ApiToken, Photo, User
from detector.services import accounts, review_consent

ZONES = [(name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones())]


class SignupForm(AllauthSignupForm):
    """Sign-up that asks for consent, and learns from the browser in which time zone one lives."""

    consent = forms.BooleanField(
        error_messages={"required": "Without your consent there can be no account."}
    )
    review_consent = forms.BooleanField(required=False)
    time_zone = forms.CharField(required=False, widget=forms.HiddenInput)

    def save(self, request: HttpRequest) -> Any:
        """Keep what was agreed to, and the time zone if it is one."""
        user = super().save(request)
        name = self.cleaned_data["time_zone"]
        if isinstance(user, User):
            accounts.give_consent(user)
            if self.cleaned_data["review_consent"]:
                review_consent.agree(user)
            if name in zoneinfo.available_timezones():
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
    """How a person sees the pages; what is not sent stays as it is."""

    theme = forms.ChoiceField(
        label="Colours", choices=Theme.choices, required=False, widget=forms.RadioSelect
    )
    time_zone = forms.ChoiceField(
        choices=ZONES,
        help_text="Decides at which moment your days begin, in the history and in all statistics.",
    )
    date_language = forms.ChoiceField(
        label="Language of dates",
        choices=DateLanguage.choices,
        required=False,
        help_text="The pages themselves are in English.",
    )

    @classmethod
    def of(cls, user: User, data: Any = None) -> "PreferencesForm":
        """The form with what the person chose so far."""
        return cls(data, initial={name: getattr(user, name) for name in cls.base_fields})

    def chosen(self) -> dict[str, str]:
        """The valid choices."""
        return {
            name: value or self.get_initial_for_field(self.fields[name], name)
            for name, value in self.cleaned_data.items()
        }


class RetentionForm(forms.Form):
    """How long photos are kept."""

    days = forms.TypedChoiceField(
        label="Keep my photos",
        choices=KeepPhotos.choices,
        required=False,
        coerce=int,
        empty_value=None,
    )


class TokenForm(forms.ModelForm[ApiToken]):
    """A new API token."""

    class Meta:
        model = ApiToken
        fields = ["name"]


class PeriodsForm(forms.Form):
    """Two periods to compare, each by its first and last day."""

    first_from = forms.DateField(label="First, from")
    first_to = forms.DateField(label="First, until")
    second_from = forms.DateField(label="Second, from")
    second_to = forms.DateField(label="Second, until")

    def clean(self) -> dict[str, Any]:
        """No period ends before it begins."""
        days: dict[str, Any] = super().clean() or {}
        for name in ("first", "second"):
            since, until = days.get(f"{name}_from"), days.get(f"{name}_to")
            if since and until and since > until:
                self.add_error(f"{name}_to", "This is before the period begins.")
        return days
