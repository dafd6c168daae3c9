"""Forms of the pages."""

import zoneinfo
from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.http import HttpRequest

from detector.models import ApiToken, User

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


class PreferencesForm(forms.Form):
    """What a person can set."""

    time_zone = forms.ChoiceField(choices=ZONES)


class TokenForm(forms.ModelForm[ApiToken]):
    """A new API token."""

    class Meta:
        model = ApiToken
        fields = ["name"]
