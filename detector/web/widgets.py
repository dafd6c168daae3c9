"""Widgets of the forms."""

import functools
from typing import Any

from django import forms
from django.utils.html import conditional_escape, format_html_join
from django.utils.safestring import SafeString, mark_safe


class LongSelect(forms.Select):
    """A select with hundreds of options: Django's renders a template for each, each time."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """Return what Django's does; the options are made once."""
        empty = forms.Select(self.attrs).render(name, value, attrs, renderer)
        options = _options(tuple(self.choices))
        for each in self.format_value(value):
            begin = f'<option value="{conditional_escape(each)}"'
            options = options.replace(f"{begin}>", f"{begin} selected>")
        return mark_safe(empty.replace("</select>", f"{options}\n</select>"))  # noqa: S308  escaped


@functools.cache
def _options(choices: tuple[tuple[str, str], ...]) -> str:
    return format_html_join("\n", '<option value="{}">{}</option>', choices)
