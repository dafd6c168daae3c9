"""The components of the design system, each as a page would use it."""

import pytest
from django.template import Context, Template


def rendered(source: str, **context: object) -> str:
    return " ".join(Template(source).render(Context(context)).split())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{% button 'Save' %}", '<button class="button" type="submit">Save</button>'),
        (
            "{% button 'Go' href='/x/' kind='primary' large=True %}",
            '<a href="/x/" class="button button-primary button-large">Go</a>',
        ),
        (
            "{% button 'X' type='button' aria_label='Close' %}",
            'aria-label="Close" type="button">X<',
        ),
        ("{% badge 'New' kind='success' %}", '<span class="badge badge-success">New</span>'),
        ("{% button 'Go' to='history' %}", '<a href="/history/" class="button">Go</a>'),
        (
            "{% button 'No' kind='quiet' classes='is-danger push' hidden=True %}",
            '<button class="button button-quiet is-danger push" type="submit" hidden>',
        ),
        ("{% notice 'error' %}<p>No.</p>{% endnotice %}", "<div><p>No.</p></div>"),
        ("{% empty_state 'None' icon='image' level=1 %}<p>x</p>{% endempty_state %}", "<h1>None"),
        ("{% dialog 'Sure?' id='ask' %}<p>x</p>{% enddialog %}", 'aria-labelledby="ask-title"'),
        (
            "{% select 'Tag' name='tag' id='t' %}<option>a</option>{% endselect %}",
            '<select id="t" name="tag"> <option value="">Any</option> <option>a</option>',
        ),
        (
            "{% form to='history' submit='Go' kind='danger' %}<p>x</p>{% endform %}",
            '<form class="form" method="post" action="/history/"> <p>x</p> <button',
        ),
        ("{% chart_table 'days' label='Days' %}{% endchart_table %}", 'data-table="days"'),
        ("{% table 'Days' %}<tbody></tbody>{% endtable %}", 'role="region" aria-label="Days"'),
    ],
)
def test_component(source: str, expected: str) -> None:
    assert expected in rendered(source)


def test_components_escape_what_they_are_given() -> None:
    for tag in (
        "{% button x %}",
        "{% badge x %}",
        "{% table x %}{{ x }}{% endtable %}",
        "{% button 'a' title=x %}",
        "{% button 'a' aria_label='Delete '|add:x %}",
    ):
        page = rendered(tag, x='<script>"')
        assert "<script>" not in page
        assert "&lt;script&gt;" in page


def test_a_page_does_not_leak_into_a_component() -> None:
    assert rendered("{% button 'A' %}", href="/evil/", icon="trash").startswith("<button")
