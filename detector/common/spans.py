"""Forms whose fields name the ends of spans: of days, or of a share."""

from typing import Any, ClassVar

from django import forms


class SpansForm(forms.Form):
    """Refuses spans that end before they begin.

    `spans` are rows of the names of two fields, lower end first, and what is said at the upper one.
    """

    spans: ClassVar[tuple[tuple[str, str, str], ...]] = ()

    def clean(self) -> dict[str, Any]:
        """Compare the ends of each span that has both."""
        values = self.cleaned_data
        ends = [(values.get(low), values.get(high), high, text) for low, high, text in self.spans]
        for lower, upper, name, text in ends:
            if lower is not None and upper is not None and lower > upper:
                self.add_error(name, text)
        return values
