"""Components of the design system; docs/design_system.md shows each of them.

They are built into every template, so no template loads them. Each renders one template in
`templates/partials/` with its arguments only: it does not see the context of the page.
"""

from typing import Any

from django import template
from django.forms.utils import flatatt
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

register = template.Library()

Context = dict[str, Any]


def _attributes(given: Context) -> SafeString:
    """Return keyword arguments as HTML attributes: `aria_label` becomes `aria-label`."""
    return flatatt({name.rstrip("_").replace("_", "-"): value for name, value in given.items()})


@register.inclusion_tag("partials/button.html")
def button(
    label: str, *, href: str = "", to: str = "", icon: str = "", kind: str = "",
    large: bool = False, classes: str = "", **more: Any,
) -> Context:  # fmt: skip
    """Render a button, or a link that looks like one if it gets `href` or `to`.

    `to` is the name of a URL without arguments; `kind` is primary, danger or quiet; `more` become
    attributes, without value where they are true.
    """
    href = reverse(to) if to else href
    more.setdefault("type", None if href else "submit")
    attributes = _attributes({name: value for name, value in more.items() if value is not None})
    return {
        "label": label, "href": href, "icon": icon, "kind": kind, "large": large,
        "classes": classes, "attributes": attributes,
    }  # fmt: skip


@register.inclusion_tag("partials/badge.html")
def badge(label: str, *, kind: str = "", icon: str = "") -> Context:
    """Render a state in a word or two; `kind` is caution, error, success or busy."""
    return {"label": label, "kind": kind, "icon": icon}


@register.simple_block_tag
def notice(content: SafeString, kind: str = "") -> SafeString:
    """Render a message that must not be missed; `kind` is caution, error or success."""
    icon = "check" if kind == "success" else "alert"
    return _render("notice", content, kind=kind, icon=icon)


@register.simple_block_tag
def empty_state(content: SafeString, title: str, *, icon: str, level: int = 2) -> SafeString:
    """Render what stands in place of an empty list: `content` is a sentence and a button."""
    return _render("empty_state", content, title=title, icon=icon, level=level)


@register.simple_block_tag
def dialog(content: SafeString, title: str, *, id: str) -> SafeString:
    """Render a question before an action; `<a href="#id" data-opens-dialog>` opens it."""
    return _render("dialog", content, title=title, id=id)


@register.simple_block_tag
def table(content: SafeString, caption: str, *, caption_shown: bool = False) -> SafeString:
    """Render a table that scrolls sideways where it is too wide; `caption` names it."""
    return _render("table", content, caption=caption, caption_shown=caption_shown)


@register.simple_block_tag
def chart_table(content: SafeString, name: str, *, label: str, classes: str = "") -> SafeString:
    """Render the numbers of the chart `name`, folded: `content` is caption, head and body."""
    return _render("chart_table", content, name=name, label=label, classes=classes)


@register.simple_block_tag
def select(content: SafeString, label: str, *, name: str, id: str) -> SafeString:
    """Render a choice that filters a list: `content` are the options besides "Any"."""
    return _render("select", content, label=label, name=name, id=id)


@register.simple_block_tag(takes_context=True)
def form(
    context: template.Context, content: SafeString, *, to: str, submit: str, kind: str = "primary",
    large: bool = True,
) -> SafeString:  # fmt: skip
    """Render a form that is sent to the URL named `to`: `content` are its fields.

    `submit`, `kind` and `large` are those of its button.
    """
    return _render(
        "form", content, csrf_token=context.get("csrf_token"), action=reverse(to), submit=submit,
        kind=kind, large=large,
    )  # fmt: skip


def _render(partial: str, content: SafeString, /, **context: Any) -> SafeString:
    return render_to_string(f"partials/{partial}.html", {"content": content, **context})
