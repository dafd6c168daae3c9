"""Widgets render what Django's do."""

import pytest
from django import forms
from django.test.html import parse_html

from detector.web.widgets import LongSelect


@pytest.mark.parametrize("value", [None, "", "b", "<c>", "unknown"])
def test_a_long_select_is_a_select(value: str | None) -> None:
    choices = [("a", "A"), ("b", "B & C"), ("<c>", '"c"')]
    attributes = {"id": "id_x", "required": True, "aria-describedby": "help"}
    own, plain = (
        kind({"class": "wide"}, choices).render("x", value, attributes)
        for kind in (LongSelect, forms.Select)
    )
    assert parse_html(own) == parse_html(plain)
    assert own.count(" selected") == (value in dict(choices))
