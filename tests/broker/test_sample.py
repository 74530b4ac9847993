"""What is written of a sample, and where it is worth looking closer."""

from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files

import duckdb
import pytest

from flowtrail_collector.broker.sample import NOBODY, Group, Member, Place, Reach, Sample, Topic, stuck, write

ORDERS, PAYMENTS = Place("orders", 0), Place("payments", 0)
FIRST = Sample(
    at_ns=10,
    cluster_id="c",
    partitions={ORDERS: Reach("t", 0, 10, 10), PAYMENTS: Reach("u", 0, 5, 5)},
    positions={("billing", ORDERS): 9},
    groups={"billing": Group("Stable", (Member("m", "client", "/host", ORDERS),))},
    topics={"orders": Topic("delete", 1000)},
)


@pytest.fixture
def store() -> Iterator[duckdb.DuckDBPyConnection]:
    """Offer the tables of a store."""
    with duckdb.connect() as connection:
        connection.execute(files("flowtrail_collector.store").joinpath("schema.sql").read_text())
        yield connection


def rows(store: duckdb.DuckDBPyConnection, table: str, at_ns: int) -> list[tuple[object, ...]]:
    """Return what was written at a time, without the time."""
    return [row[1:] for row in store.execute(f"SELECT * FROM {table} WHERE at_ns = ? ORDER BY ALL", [at_ns]).fetchall()]


def test_the_first_sample_is_written_whole(store: duckdb.DuckDBPyConnection) -> None:
    """Nothing is known before it."""
    write(FIRST, None)(store)
    assert rows(store, "broker_partition_rows", 10) == [
        ("c", "orders", "t", 0, 0, 10, 10, None),
        ("c", "payments", "u", 0, 0, 5, 5, None),
    ]
    assert rows(store, "broker_position_rows", 10) == [("c", "billing", "orders", 0, 9)]
    assert rows(store, "broker_member_rows", 10) == [
        ("c", "billing", "Stable", None, "m", "client", "/host", "orders", 0),
    ]
    assert rows(store, "broker_topic_rows", 10) == [("c", "orders", "delete", 1000)]


def test_of_an_unchanged_sample_only_its_time_is_kept(store: duckdb.DuckDBPyConnection) -> None:
    """One partition is written again: the newest sample's time can be told from the store."""
    write(replace(FIRST, at_ns=20), FIRST)(store)
    assert rows(store, "broker_partition_rows", 20) == [("c", "orders", "t", 0, 0, 10, 10, None)]
    assert not rows(store, "broker_position_rows", 20)
    assert not rows(store, "broker_member_rows", 20)
    assert not rows(store, "broker_topic_rows", 20)


@pytest.mark.parametrize("whole", [False, True])
def test_a_group_of_which_the_broker_would_not_say_more_is_not_called_gone(
    store: duckdb.DuckDBPyConnection, *, whole: bool
) -> None:
    """Neither dead nor without a position: what it was last is what is known of it, and nothing new is written."""
    billing = frozenset({"billing"})
    refused = replace(FIRST, at_ns=20, groups={}, positions={}, undescribed=billing, unread=billing).after(FIRST)
    write(refused, FIRST, whole=whole)(store)
    assert not rows(store, "broker_position_rows", 20)
    assert not rows(store, "broker_member_rows", 20)
    write(replace(FIRST, at_ns=30, groups={}, positions={}), refused)(store)
    assert [row[2] for row in rows(store, "broker_member_rows", 30)] == ["Dead"]
    assert rows(store, "broker_position_rows", 30) == [("c", "billing", "orders", 0, None)]


def test_now_and_then_everything_is_written(store: duckdb.DuckDBPyConnection) -> None:
    """What retention removed must stand again; what is gone meanwhile is written too."""
    write(replace(FIRST, at_ns=20, positions={}), FIRST, whole=True)(store)
    assert len(rows(store, "broker_partition_rows", 20)) == 2
    assert rows(store, "broker_position_rows", 20) == [("c", "billing", "orders", 0, None)]
    assert rows(store, "broker_topic_rows", 20) == [("c", "orders", "delete", 1000)]


def test_what_changed_is_written(store: duckdb.DuckDBPyConnection) -> None:
    """Each partition, position and group by itself; a group with all its members."""
    now = replace(
        FIRST,
        at_ns=20,
        partitions={**FIRST.partitions, PAYMENTS: Reach("u", 1, 8, 6)},
        positions={("billing", ORDERS): 10},
        groups={"billing": Group("Empty", (NOBODY,))},
    )
    write(now, FIRST)(store)
    assert rows(store, "broker_partition_rows", 20) == [("c", "payments", "u", 0, 1, 8, 6, None)]
    assert rows(store, "broker_position_rows", 20) == [("c", "billing", "orders", 0, 10)]
    assert rows(store, "broker_member_rows", 20) == [("c", "billing", "Empty", None, None, None, None, None, None)]


def test_what_is_gone_is_written(store: duckdb.DuckDBPyConnection) -> None:
    """A deleted group holds no position and is dead."""
    write(replace(FIRST, at_ns=20, positions={}, groups={}), FIRST)(store)
    assert rows(store, "broker_position_rows", 20) == [("c", "billing", "orders", 0, None)]
    assert rows(store, "broker_member_rows", 20) == [("c", "billing", "Dead", None, None, None, None, None, None)]


def test_a_group_that_stands_shortly_before_the_end_is_worth_a_look() -> None:
    """Unmoved since the sample before, with an end that is unmoved too, and not looked at yet."""
    assert stuck(FIRST, None, 10) == []
    assert stuck(FIRST, FIRST, 10) == [ORDERS]
    assert stuck(FIRST, FIRST, 0) == []
    assert stuck(FIRST, replace(FIRST, positions={("billing", ORDERS): 8}), 10) == []
    assert stuck(FIRST, replace(FIRST, partitions={ORDERS: Reach("t", 0, 9, 9)}), 10) == []
    assert stuck(FIRST, FIRST.looked({ORDERS: 9}), 10) == []
