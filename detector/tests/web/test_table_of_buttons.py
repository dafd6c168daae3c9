"""The table of presses forgets none: whoever adds a button says what is seen after it."""

import ast

from detector.tests.e2e import presses, presses_of_accounts
from detector.tests.e2e.buttons import buttons, unpressable
from detector.tests.e2e.platform import ROOT

TABLES = (
    presses.PHOTO_PAGE,
    presses.HISTORY_PAGE,
    presses.UPLOAD_PAGE,
    presses.INSIGHTS_PAGE,
    presses.LIVE_PAGE,
    presses_of_accounts.SETTINGS_PAGE,
    presses_of_accounts.ACCOUNT_PAGES,
    presses_of_accounts.REVIEW_PAGE,
)
TESTS = ROOT / "detector" / "tests"


def test_every_button_is_pressed() -> None:
    pressed = {press.button for table in TABLES for press in table}
    assert set(buttons()) - pressed - set(presses_of_accounts.ELSEWHERE) == set()
    assert (pressed | set(presses_of_accounts.ELSEWHERE)) - set(buttons()) == set()


def test_no_form_goes_without_a_button() -> None:
    assert list(unpressable()) == []


def test_what_is_pressed_elsewhere_is_pressed_there() -> None:
    for place in filter(None, presses_of_accounts.ELSEWHERE.values()):
        path, _, name = place.partition("::")
        tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in functions, place
