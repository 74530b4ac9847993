"""What is proposed to the person who asked for something that nobody told of."""

from collections.abc import Iterator

import pytest

from flowtrail_collector.questions.asked import readings
from flowtrail_collector.questions.near import MOST, near
from tests.lag.telling import Telling


@pytest.fixture
def telling() -> Iterator[Telling]:
    """Offer a store in which ids, flows and keys have names of their own."""
    with Telling() as made:
        for number in range(90, 100):
            names = {
                "message_id": f"m-{number}-a",
                "correlation_id": f"order-{number}",
                "message_key": f"cust-{number}",
            }
            made.sent(number, number, **names)
        yield made


def proposed(telling: Telling, what: str) -> tuple[str, ...]:
    return near(telling.connection, readings(what)[0])


@pytest.mark.parametrize(
    ("what", "proposals"),
    [
        ("order-99x", ("flow:order-99",)),
        ("m-97-b", ("id:m-97-a",)),
        ("cust-9", tuple(f"key:orders/cust-{number}" for number in range(90, 95))),
        ("id:order-98-", ("flow:order-98",)),
        ("flow:order-9", tuple(f"flow:order-{number}" for number in range(90, 95))),
        ("flow:cust-99", ()),
        ("key:orders/cust-91x", ("key:orders/cust-91",)),
        ("something else", ()),
    ],
)
def test_a_word_is_looked_for_among_ids_flows_and_keys(telling: Telling, what: str, proposals: tuple[str, ...]) -> None:
    """A proposal says what it is and can be asked for as it stands; a prefix that names one kind keeps to it."""
    assert proposed(telling, what) == proposals
    for one in proposals:
        assert readings(one)[0].form == one.partition(":")[0]


def test_what_shares_more_comes_first(telling: Telling) -> None:
    """Of several kinds the nearer one; never more than a handful."""
    for number in range(8):
        telling.sent(number, number, partition=1, message_id=f"order-{number}", correlation_id="order-99-late")
    assert proposed(telling, "order-99-l") == (
        "flow:order-99-late",
        "id:order-0",
        "id:order-1",
        "id:order-2",
        "id:order-3",
    )
    assert len(proposed(telling, "order-99-l")) == MOST


def test_a_short_word(telling: Telling) -> None:
    """Half of four characters is not enough to be near; all of a shorter word is."""
    telling.sent(1, 1, message_key="42")
    assert proposed(telling, "43xx") == ()
    assert proposed(telling, "4") == ("key:orders/42",)


def test_a_record_of_an_unknown_destination(telling: Telling) -> None:
    """It may be a mistyped word just as well; the destinations that there are come with it."""
    assert proposed(telling, "order-99:1:2") == ("flow:order-99", "destination orders")
    assert proposed(telling, "orders:0:7000") == ("orders:0: offsets 90 to 99 are known",)
    assert proposed(telling, "orders:5:7000") == ("orders:0: offsets 90 to 99 are known",)


def test_nothing_stored() -> None:
    """An empty store proposes nothing."""
    with Telling() as empty:
        assert proposed(empty, "order-99") == ()
        assert proposed(empty, "orders:0:1") == ()
