"""Forms of the pages."""

from datetime import timedelta
from typing import Any, ClassVar

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.template.defaultfilters import pluralize

from detector import consent
from detector.accounts import preferences, tokens
from detector.common import clock
from detector.enums import DateLanguage, Emotion, Event, KeepPhotos, Scope, Theme
from detector.exceptions import DetectorError
from detector.models import Photo, User
from detector.models.user import time_zones
from detector.reviews import consent as review_consent
from detector.web.widgets import LongSelect

TEXTS = f"{consent.VERSION} {consent.REVIEW_VERSION}"
"""Which texts a page asks to agree to: it may be open while they change."""
ZONES = [(name, name.replace("_", " ")) for name in sorted(time_zones())]


def token_lifetimes() -> list[tuple[int, str]]:
    """Return the lifetimes of a token in days, as choices, the longest first."""
    longest = settings.API_TOKEN_DAYS
    offered = [longest, *(days for days in (90, 30, 7) if days < longest)]
    return [(days, f"{days} day{pluralize(days)}") for days in offered]


class SignupForm(AllauthSignupForm):
    """Sign-up with consent, and the time zone of the browser."""

    consent = forms.BooleanField(
        error_messages={"required": "Without your consent there can be no account."}
    )
    review_consent = forms.BooleanField(required=False)
    time_zone = forms.CharField(required=False, widget=forms.HiddenInput)
    texts = forms.CharField(required=False, widget=forms.HiddenInput, initial=TEXTS)

    def clean(self) -> dict[str, Any]:
        """Compare the passwords also if the first is refused, to show all errors at once."""
        cleaned: dict[str, Any] = super().clean()
        first, second = self["password1"].data, self["password2"].data
        if first and second and first != second and "password2" not in self.errors:
            self.add_error("password2", "You must type the same password each time.")
        return cleaned

    def try_save(self, request: HttpRequest) -> Any:
        """Take the same time for an address with an account as for one without."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)

    def save(self, request: HttpRequest) -> Any:
        """Save the user with consent, and with the time zone if it exists."""
        user = super().save(request)
        name = self.cleaned_data["time_zone"]
        if isinstance(user, User):
            # Who agreed to earlier texts is asked again at once.
            if self.cleaned_data["texts"] in ("", TEXTS):
                self._give_consent(user)
            if name in time_zones():
                user.time_zone = name
                user.save(update_fields=["time_zone"])
        return user

    def _give_consent(self, user: User) -> None:
        preferences.give_consent(user)
        if self.cleaned_data["review_consent"]:
            review_consent.agree(user)


class AnnotationForm(forms.Form):
    """Note, tags and felt emotion of a photo."""

    felt_emotion = forms.ChoiceField(
        required=False, choices=[("", "Not said"), *Emotion.choices], widget=forms.RadioSelect
    )
    tags = forms.CharField(required=False)
    note = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))

    FIELD_OF_ERROR: ClassVar = {"invalid_note": "note", "invalid_tags": "tags"}

    @classmethod
    def of(cls, photo: Photo) -> "AnnotationForm":
        """Return the form with the present values of the photo."""
        names = ", ".join(tag.name for tag in photo.tags.all())
        return cls(initial={"note": photo.note, "tags": names, "felt_emotion": photo.felt_emotion})

    def annotation_of(self, photo: Photo) -> dict[str, Any]:
        """Return the values, as arguments of `annotations.annotate`.

        A tag of the photo that holds a comma itself, as programs may give it, stays whole.
        """
        text, whole = f", {self.cleaned_data['tags']},", []
        for name in [tag.name for tag in photo.tags.all() if "," in tag.name]:
            if f", {name}," in text:
                text = text.replace(f", {name},", ",")
                whole.append(name)
        return {**self.cleaned_data, "tags": [*text.split(","), *whole]}

    def refuse(self, error: DetectorError) -> None:
        """Show an error of the service beside its field."""
        self.add_error(self.FIELD_OF_ERROR.get(error.code), error.message)


class PreferencesForm(forms.Form):
    """Display preferences; fields that are not sent stay as they are."""

    theme = forms.ChoiceField(
        label="Colours", choices=Theme.choices, required=False, widget=forms.RadioSelect
    )
    time_zone = forms.ChoiceField(
        choices=ZONES,
        widget=LongSelect,
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
        """Return the form with the present preferences."""
        return cls(data, initial={name: getattr(user, name) for name in cls.base_fields})

    def chosen(self) -> dict[str, str]:
        """Return the valid choices; the present one for a field without a value."""
        return {
            name: value or self.get_initial_for_field(self.fields[name], name)
            for name, value in self.cleaned_data.items()
        }


class RetentionForm(forms.Form):
    """Asks how long photos, videos and live sessions are kept."""

    days = forms.TypedChoiceField(
        label="Keep my photos, videos and live sessions",
        choices=KeepPhotos.choices,
        required=False,
        coerce=int,
        empty_value=None,
    )
    forget_pictures = forms.BooleanField(
        label="Keep results only: delete each picture as soon as it was analysed", required=False
    )

    @classmethod
    def of(cls, user: User) -> "RetentionForm":
        """Return the form with the present choice."""
        return cls(initial={"days": user.keep_photos_days, "forget_pictures": user.forget_pictures})


class TokenForm(forms.Form):
    """A new API token."""

    SCOPES: ClassVar = {
        Scope.READ: "Read photos, results and statistics",
        Scope.WRITE: "Upload, change and delete",
        Scope.REVIEW: "Review faces, if you may",
    }

    name = forms.CharField(label="Name of a new token", max_length=100)
    scopes = forms.MultipleChoiceField(
        label="It may",
        choices=[(scope.value, text) for scope, text in SCOPES.items()],
        initial=[scope.value for scope in tokens.DEFAULT_SCOPES],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.TypedChoiceField(label="It ends after", choices=token_lifetimes, coerce=int)

    @property
    def wish(self) -> dict[str, Any]:
        """The values, as arguments of `tokens.create_token`."""
        return {
            "name": self.cleaned_data["name"],
            "scopes": [Scope(name) for name in self.cleaned_data["scopes"]],
            "expires_at": clock.now() + timedelta(days=self.cleaned_data["days"]),
        }


class WebhookForm(forms.Form):
    """A new webhook."""

    EVENTS: ClassVar = {
        Event.ANALYSIS_DONE: "A photo was read",
        Event.ANALYSIS_FAILED: "A photo could not be read",
        Event.REVIEW_CREATED: "A face was reviewed",
        Event.VIDEO_DONE: "A video was read",
        Event.VIDEO_FAILED: "A video could not be read",
    }

    url = forms.URLField(
        label="Address", max_length=500, assume_scheme="https",
        help_text="Must lead to a public address, such as https://hooks.example.com/emotions.",
    )  # fmt: skip
    events = forms.MultipleChoiceField(
        label="It is told when",
        choices=[(event.value, text) for event, text in EVENTS.items()],
        initial=[Event.ANALYSIS_DONE.value, Event.ANALYSIS_FAILED.value],
        widget=forms.CheckboxSelectMultiple,
    )
    description = forms.CharField(label="Note for yourself", max_length=200, required=False)

    FIELD_OF_ERROR: ClassVar = {"url_refused": "url"}

    def refuse(self, error: DetectorError) -> None:
        """Show an error of the service beside its field."""
        self.add_error(self.FIELD_OF_ERROR.get(error.code), error.message)


class PeriodsForm(forms.Form):
    """Two periods to compare, each by its first and last day."""

    first_from = forms.DateField(label="First, from")
    first_to = forms.DateField(label="First, until")
    second_from = forms.DateField(label="Second, from")
    second_to = forms.DateField(label="Second, until")

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins."""
        days: dict[str, Any] = super().clean() or {}
        for name in ("first", "second"):
            since, until = days.get(f"{name}_from"), days.get(f"{name}_to")
            if since and until and since > until:
                self.add_error(f"{name}_to", "This is before the period begins.")
        return days
