"""The list of flows: pages are cut where they may be, and never show less than the whole list."""

from __future__ import annotations

import pytest

from flowtrail_collector.source import StoreSource
from tests.questions.conftest import EVERYTHING


@pytest.mark.parametrize("limit", [20, 200])
def test_pages_make_up_the_whole_list(told, history, limit):
    """Flows that overlap, each longer than a page's spans, some beginning together: every page size shows each once."""
    orders, payment = history.service("orders"), history.member("payment", group="payment")
    payment.assign("orders", 0, 0)
    sent = [orders.send("orders", 0, place, correlation_id=f"flow-{place}") for place in range(90)]
    for one in [*sent, *sent[::3], *sent[::7]]:
        payment.process(one)
    late = [orders.send("orders", 0, 90 + place, correlation_id=f"late-{place}") for place in range(30)]
    for span in history.spans:
        if span.attributes.get("messaging.message.conversation_id", "").startswith("late-"):
            span.start_ns = history.spans[-1].start_ns
            span.end_ns = span.start_ns + 1_000_000
    source = StoreSource(told(history).path)
    try:
        rows, after = [], None
        while True:
            page = source.flows(EVERYTHING, limit=limit, after=after)
            rows += page["rows"]
            after = page["next"]
            if after is None:
                break
    finally:
        source.close()
    names = [row["flow"] for row in rows]
    assert len(names) == len(set(names))
    assert set(names) >= {one.correlation_id for one in sent}
    assert set(names) >= {one.correlation_id for one in late}
    assert [row["started_at"] for row in rows] == sorted((row["started_at"] for row in rows), reverse=True)
