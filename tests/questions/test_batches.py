"""Suspects are judged some thousand at a time, and what may be of one finding is judged at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrail_collector.questions import around
from flowtrail_collector.questions import batches as batching
from flowtrail_collector.questions.around import scope_around
from flowtrail_collector.questions.asked import readings
from flowtrail_collector.questions.batches import batches, places
from flowtrail_collector.questions.seeds import seeds_of
from flowtrail_collector.store import Store
from tests.questions.history import History

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

    from tests.questions.conftest import Asker

RANGES = st.lists(
    st.tuples(st.sampled_from(("orders", "payments")), st.integers(0, 2), st.integers(0, 400), st.integers(0, 90)),
    max_size=30,
).map(lambda drawn: sorted({(name, part, low * 10, low * 10 + more) for name, part, low, more in drawn}))


@given(ranges=RANGES, ids=st.sets(st.text(min_size=1), max_size=30), traces=st.sets(st.binary(), max_size=30))
def test_batches_are_whole_and_small(ranges: list, ids: set[str], traces: set[bytes]) -> None:
    """Every event is in a batch, no batch is larger than what hangs together and one batch's worth."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batching, "AT_ONCE", 20)
        patch.setattr(batching, "LONGEST", 50)
        patch.setattr(batching, "APART", 200)
        made = list(batches(ids, traces, ranges))
    assert set().union(*(one.ids for one in made)) == ids
    assert set().union(*(one.traces for one in made)) == traces
    assert set().union(*(one.places for one in made)) == places(ranges)
    assert all(one.size() <= 20 + 2 * 91 for one in made)
    assert sum(len(one.ids) for one in made) == len(ids)


def test_what_is_near_stays_together() -> None:
    """Ranges of a partition that are near one another are judged at once, however small a batch is."""
    near = [("orders", 0, 10, 12), ("orders", 0, 900, 903)]
    far = ("orders", 0, 900 + 10 * batching.APART, 901 + 10 * batching.APART)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batching, "AT_ONCE", 1)
        made = list(batches((), (), [far, *near, ("orders", 1, 10, 12)]))
    assert [one.places for one in made] == [places(near), places([far]), places([("orders", 1, 10, 12)])]


def wide_flow() -> History:
    """Tell of a flow of 80 events that stand 20 records apart, among others."""
    history = History()
    orders = history.service("orders")
    payment = history.member("payment", group="payment")
    payment.assign("orders", 0, 0)
    for offset in range(1_600):
        flow = "batch" if offset % 20 == 7 else f"flow-{offset}"
        sent = orders.send("orders", 0, offset, correlation_id=flow)
        if offset % 100 != 7:
            payment.process(sent)
    return history


def test_a_flow_of_many_places_is_judged_by_what_lies_around_them(told: Callable[..., Asker]) -> None:
    """Eighty events all over a partition: what lies around each is looked at, not the whole partition."""
    asker = told(wide_flow())
    (reading,) = readings("flow:batch")

    def looked_at(connection: duckdb.DuckDBPyConnection) -> int:
        with scope_around(connection, seeds_of(connection, reading)) as scope:
            return len(scope.rows("SELECT trace_id FROM evidence"))

    with Store.open(asker.path, create=False, read_only=True) as store:
        assert store.read(looked_at) < 1_600
    document = asker.ask("flow:batch")
    assert len(document["events"]) == 80
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(around, "MOST_NARROW", 0)
        assert asker.ask("flow:batch") == document
    alone = [asker.event(f"orders:0:{offset}") for offset in (7, 27)]
    together = [event for event in document["events"] if event["message_id"] in {one["message_id"] for one in alone}]
    assert [event["consumed"] for event in together] == [event["consumed"] for event in alone]
    assert [event["consumed"][0]["answer"] for event in alone] == ["pending", "processed"]
