"""Every button of the templates, so that none is forgotten by the tests that press them."""

import re
from collections.abc import Iterator
from typing import Final

from detector.tests.e2e.platform import ROOT

TEMPLATES: Final = ROOT / "templates"
FORM: Final = "partials/form.html"
"""The component of `{% form submit="…" %}`, whose button has the words of its caller."""
BUTTON: Final = re.compile(
    r"<button(?P<html>.*?)</button>"
    r'|\{% button "(?P<label>[^"]+)"(?P<arguments>[^%]*)%\}'
    r'|\{% form [^%]*submit="(?P<submit>[^"]+)"'
    r"|<a (?P<link>[^>]*hx-get.*?)</a>"
    r"|<select (?P<select>[^>]*data-submits)",
    re.DOTALL,
)


def buttons() -> Iterator[str]:
    """Yield `template: what stands on the button` of whatever sends or changes something."""
    for path in sorted(TEMPLATES.rglob("*.html")):
        name = str(path.relative_to(TEMPLATES))
        for found in BUTTON.finditer(path.read_text(encoding="utf-8")):
            # With an address it only looks like a button.
            if not re.search(r"\b(?:href|to)=", found["arguments"] or ""):
                yield f"{name}: {_words(found)}"


def _words(found: re.Match[str]) -> str:
    if found["label"]:
        more = re.search(r'aria_label="([^"]+)"', found["arguments"])
        return more[1].strip() if more else found["label"]
    if found["submit"]:
        return found["submit"]
    if found["select"]:
        return "Sort"
    _, _, text = (found["html"] or found["link"]).partition(">")
    text = re.sub(r"\{%.*?%\}|\{#.*?#\}|<[^>]*>", " ", text, flags=re.DOTALL)
    text = re.sub(r"\{\{.*?\}\}", "…", text)
    return " ".join(text.split())


def unpressable() -> Iterator[str]:
    """Yield forms without a button, and what HTMX sends from something that is none."""
    for path in sorted(TEMPLATES.rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        name = str(path.relative_to(TEMPLATES))
        if name == FORM:
            continue
        for form in re.findall(r"<form.*?</form>", text, re.DOTALL):
            # What a template of a package puts into a form has buttons of its own.
            if not BUTTON.search(form + _included(form)) and "{% slot" not in form:
                yield f"{name}: {form[:60]}"
        for tag, words in re.findall(r"<(\w+) ([^>]*hx-(?:post|put|patch|delete)[^>]*)>", text):
            if tag not in ("form", "button"):
                yield f"{name}: {words[:60]}"


def _included(html: str) -> str:
    names = re.findall(r'\{% include "([^"]+)"', html)
    return "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in names)
