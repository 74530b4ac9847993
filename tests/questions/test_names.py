"""What there is to type: names of everything, and the ids that begin as what was typed."""

from collections.abc import Iterator

import pytest

from flowtrail_collector.questions.asked import readings
from flowtrail_collector.questions.names import names
from tests.lag.telling import Telling


@pytest.fixture
def telling() -> Iterator[Telling]:
    """Offer a store of two destinations with events that have names."""
    with Telling() as made:
        for number in range(90, 100):
            own = {"message_id": f"m-{number}", "correlation_id": f"order-{number}", "message_key": f"cust-{number}"}
            made.sent(number, number, event_type="OrderPlaced", **own)
        for group, destination in (("payment", "orders"), ("billing", "orders"), ("billing", "orders.dlq")):
            made.connection.execute(
                "INSERT INTO ledger_rows (service, destination, consumer_group, spans, numbered, first_ns, last_ns) "
                "VALUES ('shop', ?, ?, 1, 1, 0, 0)",
                [destination, group],
            )
        yield made


def test_names_what_is_stored(telling: Telling) -> None:
    """Every destination, group, service and type once, in order; without a beginning no ids."""
    answer = names(telling.connection)
    assert answer["schema"] == "flowtrail.names/1"
    assert answer["destinations"] == ["orders", "orders.dlq"]
    assert answer["groups"] == ["billing", "payment"]
    assert answer["types"] == ["OrderPlaced"]
    assert answer["services"] == ["shop"]
    assert answer["begins"] == []


@pytest.mark.parametrize(
    ("begins", "found"),
    [
        ("order-9", [f"flow:order-{number}" for number in range(90, 95)]),
        ("id:m-97", ["id:m-97"]),
        ("flow:m-97", []),
        ("key:orders/cust-97", ["key:orders/cust-97"]),
        ("key:other/cust-97", []),
        ("cust-97", ["key:orders/cust-97"]),
        ("o", []),
        ("'; DROP", []),
    ],
)
def test_ids_that_begin_so(telling: Telling, begins: str, found: list[str]) -> None:
    """Each can be asked for as it stands; a prefix keeps to its kind."""
    assert names(telling.connection, begins)["begins"] == found
    for one in found:
        assert readings(one)[0].form == one.partition(":")[0]


def test_an_empty_store_has_no_names() -> None:
    """Nothing stored, nothing to type."""
    with Telling() as made:
        answer = names(made.connection, "order")
    assert [answer[kind] for kind in ("destinations", "groups", "services", "types", "begins")] == [[]] * 5
