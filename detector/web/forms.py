"""Forms of the pages."""

import zoneinfo
from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.http import HttpRequest

from detector.enums import DateLanguage, KeepPhotos, Theme
from detector.models import ApiToken, User
from detector.services import accounts

ZONES = [(name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones())]


class SignupForm(AllauthSignupForm):
    """Sign-up that asks for consent, and learns from the browser in which time zone one lives."""

    consent = forms.BooleanField(
        error_messages={"required": "Without your consent there can be no account."}
    )
    time_zone = forms.CharField(required=False, widget=forms.HiddenInput)

    def save(self, request: HttpRequest) -> Any:
        """Keep the consent, and the time zone if it is one."""
        user = super().save(request)
        name = self.cleaned_data["time_zone"]
        if isinstance(user, User):
            accounts.give_consent(user)
            if name in zoneinfo.available_timezones():
                user.time_zone = name
                user.save(update_fields=["time_zone"])
        return user


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
