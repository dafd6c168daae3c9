"""Pages by key, with equal values, rows that go meanwhile, and keys that nobody gave."""

from collections.abc import Iterator

import pytest
from django.db.models import QuerySet

from detector.common.keyset import Key, Order, Page, page_of
from detector.models import Analysis, User
from detector.tests.factories import AnalysisFactory

ID = "01a20d5f-838f-741c-9f62-6c6e94085f54"
BY_ID, BY_SHARE = Order(), Order("best_confidence", id_field="photo_id")
BY_MOMENT = Order("photo__taken_at")
ORDERS = [
    order for one in (BY_ID, BY_SHARE, BY_MOMENT) for order in (one, one.backwards)
]  # fmt: skip


@pytest.fixture
def rows(owner: User) -> QuerySet[Analysis]:
    """Return seven rows, five of which are equal in all but their ids."""
    for share in (0.5, 0.5, 0.25, 0.5, 1 / 3, 0.5, 0.5):
        AnalysisFactory.create(photo__owner=owner, best_confidence=share)
    return Analysis.objects.select_related("photo")


def walk(rows: QuerySet[Analysis], order: Order, size: int = 2) -> Iterator[Page[Analysis]]:
    page = page_of(rows, order, size, None)
    yield page
    while page.later:
        page = page_of(rows, order, size, page.later)
        yield page


@pytest.mark.parametrize("order", ORDERS)
def test_each_comes_once_there_and_back(rows: QuerySet[Analysis], order: Order) -> None:
    there = list(walk(rows, order))
    assert [row for page in there for row in page.items] == list(rows.order_by(*order.names))
    page, back = there[-1], [there[-1].items]
    while page.earlier:
        page = page_of(rows, order, 2, page.earlier, backwards=True)
        back.insert(0, page.items)
    assert back == [page.items for page in there]


@pytest.mark.parametrize("order", ORDERS)
def test_what_goes_between_two_pages_moves_nothing(rows: QuerySet[Analysis], order: Order) -> None:
    in_order = list(rows.order_by(*order.names))
    first = page_of(rows, order, 2, None)
    assert first.later is not None
    for row in in_order[1:3]:
        row.delete()
    rest = [row for page in _after(rows, order, first.later) for row in page.items]
    assert rest == in_order[3:]


def _after(rows: QuerySet[Analysis], order: Order, key: Key | None) -> Iterator[Page[Analysis]]:
    while key:
        page = page_of(rows, order, 2, key)
        yield page
        key = page.later


def test_a_page_that_was_emptied_has_no_neighbours(rows: QuerySet[Analysis]) -> None:
    key = page_of(rows, BY_ID, 2, None).later
    rows.all().delete()
    assert page_of(rows, BY_ID, 2, key) == Page([], None, None)


@pytest.mark.parametrize("order", ORDERS)
def test_a_key_comes_through_its_texts(rows: QuerySet[Analysis], order: Order) -> None:
    for row in rows:
        key = order.key_of(row)
        assert order.parse(str(key.id), key.value_text) == key


@pytest.mark.parametrize(
    ("order", "id_text", "value_text"),
    [
        (BY_ID, "", None), (BY_ID, "no id", None), (BY_ID, ID, "0.5"),
        (BY_SHARE, ID, None), (BY_SHARE, ID, ""), (BY_SHARE, ID, "nan"), (BY_SHARE, ID, "1.5"),
        (BY_SHARE, ID, "2026-05-04T12:00:00+00:00"), (BY_SHARE, "", "0.5"),
        (BY_MOMENT, ID, "0.5"), (BY_MOMENT, ID, "2026-05-04T12:00:00"),
        (BY_MOMENT, ID, "0001-01-01T00:00:00+14:00"), (BY_MOMENT, ID, None),
    ],
)  # fmt: skip
def test_keys_that_nobody_gave(order: Order, id_text: str, value_text: str | None) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  which of them is no matter
        order.parse(id_text, value_text)


def test_an_index_can_be_read_from_the_key_on() -> None:
    key = BY_SHARE.parse(ID, "0.5")
    assert ("best_confidence__lte", 0.5) in BY_SHARE.beyond(key).children
    assert ("best_confidence__gte", 0.5) in BY_SHARE.backwards.beyond(key).children
