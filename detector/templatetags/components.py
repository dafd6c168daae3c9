"""The components of the design system; docs/design_system.md shows each of them.

They are built into every template, so that none has to load them. Each is one template in
`templates/partials/`, rendered with its arguments alone: nothing of a page leaks into it.
"""

from typing import Any

from django import template
from django.forms.utils import flatatt
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.text import slugify

register = template.Library()

Context = dict[str, Any]


def _attributes(given: Context) -> SafeString:
    """HTML attributes of a tag's keyword arguments: `aria_label` becomes `aria-label`."""
    return flatatt({name.rstrip("_").replace("_", "-"): value for name, value in given.items()})


@register.inclusion_tag("partials/button.html")
def button(
    label: str, *, href: str = "", icon: str = "", kind: str = "", large: bool = False, **more: Any
) -> Context:
    """A button, or with `href` a link that looks like one; `kind` is primary, danger or quiet."""
    more.setdefault("type", None if href else "submit")
    attributes = _attributes({name: value for name, value in more.items() if value is not None})
    return {
        "label": label, "href": href, "icon": icon, "kind": kind, "large": large,
        "attributes": attributes,
    }  # fmt: skip


@register.inclusion_tag("partials/badge.html")
def badge(label: str, *, kind: str = "", icon: str = "") -> Context:
    """A word or two on the state of something; `kind` is caution, error, success or busy."""
    return {"label": label, "kind": kind, "icon": icon}


@register.inclusion_tag("partials/progress.html")
def progress(label: str, *, value: float | None = None, maximum: float = 1) -> Context:
    """How far something is; without `value`, that it goes on."""
    return {"label": label, "value": value, "maximum": maximum}


@register.inclusion_tag("partials/loading.html")
def loading(label: str, *, lines: int = 3) -> Context:
    """Stands where content will be: `label` is for those who cannot see it breathe."""
    return {"label": label, "lines": range(lines)}


@register.simple_block_tag
def card(content: SafeString, *, title: str = "", classes: str = "stack") -> SafeString:
    """A surface with a heading."""
    return _render("card", content, title=title, classes=classes, id=f"{slugify(title)}-title")


@register.simple_block_tag
def notice(content: SafeString, kind: str = "") -> SafeString:
    """A sentence that must not be missed; `kind` is caution, error or success."""
    icon = "check" if kind == "success" else "alert"
    return _render("notice", content, kind=kind, icon=icon)


@register.simple_block_tag
def empty_state(content: SafeString, title: str, *, icon: str, level: int = 2) -> SafeString:
    """Says why there is nothing, and what to do: the content is a sentence and a button."""
    return _render("empty_state", content, title=title, icon=icon, level=level)


@register.simple_block_tag
def dialog(content: SafeString, title: str, *, id: str) -> SafeString:
    """A question before something that matters; `<a href="#id" data-opens-dialog>` asks it."""
    return _render("dialog", content, title=title, id=id)


@register.simple_block_tag
def table(content: SafeString, caption: str, *, caption_shown: bool = False) -> SafeString:
    """A table that scrolls within itself where it is too wide; `caption` names it."""
    return _render("table", content, caption=caption, caption_shown=caption_shown)


def _render(name: str, content: SafeString, **context: Any) -> SafeString:
    return render_to_string(f"partials/{name}.html", {"content": content, **context})
