"""What the lag question names beside the figures: rebalances, and the key that outweighs the others."""

from collections.abc import Iterator

import pytest

from tests.lag.telling import Telling, ns


@pytest.fixture
def telling() -> Iterator[Telling]:
    """Offer an empty store."""
    with Telling() as made:
        yield made


def _marks(telling: Telling, **asked: object) -> list[tuple[str, int, str]]:
    marks = telling.document(**asked)["rebalances"]  # type: ignore[arg-type]
    return [(one["group"], one["generation"], one["at"][11:19]) for one in marks]


def test_a_rebalance_is_the_first_assignment_of_its_generation(telling: Telling) -> None:
    """Several partitions and members are assigned in one generation: it is one moment, the first."""
    telling.sent(0, 1)
    for generation, at in ((4, 10), (4, 11), (5, 20), (5, 22)):
        telling.held("payment", 0, at, "assign", generation=generation, member=f"m{at}")
    telling.held("payment", 0, 15, "revoke", generation=4)
    telling.held("payment", 0, 16, "commit", generation=4)
    assert _marks(telling) == [("payment", 4, "00:00:10"), ("payment", 5, "00:00:20")]


def test_rebalances_are_those_of_the_window_and_of_the_groups_shown(telling: Telling) -> None:
    """What a filter leaves out, and what happened before, is not marked; without a generation nothing is."""
    telling.sent(0, 1)
    telling.held("payment", 0, 10, "assign", generation=1)
    telling.held("payment", 0, 30, "assign", generation=2)
    telling.held("audit", 0, 31, "assign", generation=7)
    telling.held("email", 0, 32, "assign")
    assert _marks(telling, since=20, filter_text="group:payment") == [("payment", 2, "00:00:30")]


def test_the_broker_tells_of_rebalances_where_no_member_does(telling: Telling) -> None:
    """A generation that a later sample shows began by then; the one that stood at the first sample may be older."""
    for at, generation in ((10, 3), (20, 3), (30, 4)):
        telling.sampled(at, 5, {"payment": 1}, members={"payment": ["m"]})
        telling.connection.execute("UPDATE broker_member_rows SET generation = ? WHERE at_ns = ?", [generation, ns(at)])
    assert _marks(telling) == [("payment", 4, "00:00:30")]


def test_of_a_group_that_rebalances_without_end_the_newest_are_told(telling: Telling) -> None:
    """A document stays small, whatever happens."""
    telling.sent(0, 1)
    for generation in range(1, 61):
        telling.held("payment", 0, generation, "assign", generation=generation)
    generations = [generation for _, generation, _ in _marks(telling)]
    assert generations == list(range(11, 61))


def test_the_hot_key_of_the_worst_partition_is_named_with_its_share(telling: Telling) -> None:
    """Of what came into the partition in the window, with a key or without; other partitions are not looked at."""
    for offset in range(20):
        telling.sent(offset, offset, message_key="ord-777" if offset % 2 else None)
    for offset in range(12):
        telling.sent(offset, offset, partition=1, message_key="ord-777")
    telling.held("payment", 0, 1, "assign")
    telling.held("payment", 4, 1, "assign", partition=1)
    first, second = telling.rows()
    assert first["hot_key"] == {"key": "ord-777", "share": 0.5, "records": 10}
    assert second["hot_key"] is None


def test_no_key_is_hot_where_none_outweighs_the_others(telling: Telling) -> None:
    """Few records make no key hot, nor does a small share of many; nor is there one where nothing is unread."""
    for offset in range(60):
        telling.sent(offset, offset, message_key=f"ord-{offset % 6}")
    for offset in range(5):
        telling.sent(offset, offset, destination="mails", message_key="one")
    telling.held("payment", 0, 1, "assign")
    telling.held("email", 60, 1, "assign")
    telling.held("email", 0, 1, "assign", destination="mails")
    assert [row["hot_key"] for row in telling.rows()] == [None, None, None]


def test_keys_of_equal_weight_are_named_the_same_each_time(telling: Telling) -> None:
    """Of two keys with as many records the greater name is taken: the same spans give the same answer."""
    for offset in range(40):
        telling.sent(offset, offset, message_key=f"ord-{offset % 2}")
    telling.held("payment", 0, 1, "assign")
    assert telling.row()["hot_key"] == {"key": "ord-1", "share": 0.5, "records": 20}
