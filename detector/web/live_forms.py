"""Forms of live sessions."""

import json
from typing import Any, ClassVar

from django import forms

from detector.enums import Emotion
from detector.exceptions import DetectorError
from detector.live import sessions
from detector.models import LiveSession

FELT = [("", "Not said"), *Emotion.choices]


class WordsForm(forms.Form):
    """Name, note and felt emotion of a session."""

    name = forms.CharField(label="Name", max_length=sessions.NAME_LENGTH)
    felt_emotion = forms.ChoiceField(
        label="I felt", required=False, choices=FELT, widget=forms.RadioSelect
    )
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 3}))

    FIELD_OF_ERROR: ClassVar = {"invalid_name": "name", "invalid_note": "note"}

    @classmethod
    def of(cls, session: LiveSession) -> "WordsForm":
        """Return the form with the present values of a session."""
        return cls(initial={name: getattr(session, name) for name in cls.base_fields})

    def refuse(self, error: DetectorError) -> None:
        """Show an error of the service beside its field."""
        self.add_error(self.FIELD_OF_ERROR.get(error.code), error.message)


class KeepForm(WordsForm):
    """A session to keep; the script of the page fills what is hidden."""

    started_at = forms.DateTimeField(widget=forms.HiddenInput)
    model = forms.CharField(widget=forms.HiddenInput)
    series = forms.CharField(widget=forms.HiddenInput)

    @property
    def session(self) -> dict[str, Any]:
        """The values, as arguments of `sessions.keep`. Raises DetectorError `invalid_series`."""
        values = dict(self.cleaned_data)
        try:
            series = json.loads(values.pop("series"))
            values |= {"seconds": int(series["seconds"]), "faces": series["faces"]}
        except (ValueError, OverflowError, TypeError, KeyError, RecursionError) as error:
            raise DetectorError(
                "invalid_series", "The numbers of the session cannot be read."
            ) from error
        return values


class CorrectionForm(forms.Form):
    """Says what a face showed in a span of a session."""

    face = forms.IntegerField(min_value=1)
    first = forms.IntegerField(label="From second", min_value=0)
    until = forms.IntegerField(label="Until second", min_value=1)
    emotion = forms.ChoiceField(label="It was", choices=Emotion.choices)

    def __init__(self, *arguments: Any, session: LiveSession, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.fields["face"].widget = forms.Select(
            choices=[(number, f"Face {number}") for number in range(1, len(session.faces) + 1)]
        )
        for name in ("first", "until"):
            self.fields[name].widget.attrs["max"] = session.seconds

    def refuse(self, error: DetectorError) -> None:
        """Show an error of the service above the fields."""
        self.add_error(None, error.message)
