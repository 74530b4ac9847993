"""The lag question on hand-written histories: offset lag, time lag, what is known and what is not."""

from collections.abc import Iterator

import pytest

from flowtrail_collector.errors import UsageError
from tests.lag.telling import Telling, ns


@pytest.fixture
def telling() -> Iterator[Telling]:
    """Offer an empty store."""
    with Telling() as made:
        yield made


def test_nothing_known(telling: Telling) -> None:
    """An empty store has no rows, and no time that it speaks of."""
    assert telling.document() == {
        "schema": "flowtrail.lag/1",
        "as_of": None,
        "sampled_at": None,
        "since": None,
        "coverage": None,
        "rows": [],
        "rebalances": [],
    }


def test_a_row_has_the_names_of_the_contract(telling: Telling) -> None:
    """Scripts rely on these."""
    telling.sent(0, 1)
    telling.held("payment", 0, 2, "assign")
    row = telling.row()
    for name in [
        "group",
        "destination",
        "partition",
        "position",
        "end",
        "lag",
        "time_lag_ms",
        "status",
        "rate_in",
        "rate_out",
        "eta_ms",
    ]:
        assert name in row


def test_lag_from_spans_alone(telling: Telling) -> None:
    """End = highest acked offset + 1, a lower bound; position = the last commit; time lag = age of the first unread."""
    for offset in range(10):
        telling.sent(offset, 10 + offset)
    telling.held("payment", 0, 5, "assign")
    telling.received("payment", 0, 3, 15)
    telling.held("payment", 4, 16)
    row = telling.row()
    assert (row["position"], row["end"], row["lag"], row["end_bound"]) == (4, 10, 6, "lower")
    assert row["time_lag_ms"] == 5000  # sent at 14, and the newest thing known is of 19
    assert row["time_lag_bound"] == "exact"
    assert row["grade"] == "B"


def test_delivered_is_not_committed(telling: Telling) -> None:
    """What was handed out and not committed is still lag."""
    telling.sent(0, 1)
    telling.held("payment", 0, 2, "assign")
    telling.received("payment", 0, 0, 3)
    assert telling.row()["lag"] == 1


def test_nothing_unread_is_zero_and_ok(telling: Telling) -> None:
    """Zero lag has zero time lag, however long ago."""
    telling.sent(0, 1)
    telling.held("payment", 1, 500)
    row = telling.row()
    assert (row["lag"], row["time_lag_ms"], row["status"], row["eta_ms"]) == (0, 0.0, "ok", None)


def test_without_positions_deliveries_tell(telling: Telling) -> None:
    """A foreign instrumentation tells no commits: then what was handed out counts, grade B."""
    for offset in range(5):
        telling.sent(offset, 1 + offset)
    telling.received("payment", 0, 2, 4)
    row = telling.row()
    assert (row["position"], row["lag"], row["position_from"], row["grade"]) == (3, 2, "delivered", "B")


def test_a_group_without_a_name_is_assumed(telling: Telling) -> None:
    """The service's name stands for it; if it names a group elsewhere on the destination, it is that one."""
    telling.sent(0, 1)
    telling.received(None, 0, 0, 2, service="audit")
    assert (telling.row()["group"], telling.row()["assumed"]) == ("audit", True)
    telling.held("auditors", 1, 3, service="audit")
    assert (telling.row()["group"], telling.row()["assumed"]) == ("auditors", False)


def test_no_position_is_unknown_never_zero(telling: Telling) -> None:
    """A group seen on one partition has no known position on another."""
    telling.sent(0, 1)
    telling.sent(0, 1, partition=1)
    telling.held("payment", 1, 2)
    first, second = telling.rows()
    assert (first["partition"], first["lag"]) == (0, 0)
    assert (second["partition"], second["lag"], second["time_lag_ms"], second["status"]) == (1, None, None, "unknown")
    assert second["reason"] == "no position known"
    assert second["grade"] == "?"


def test_no_end_is_unknown_never_zero(telling: Telling) -> None:
    """A consumer alone does not tell what it has not seen; another group that went further does."""
    telling.received("payment", 0, 9, 1)
    telling.held("payment", 10, 2)
    row = telling.row()
    assert (row["lag"], row["status"]) == (None, "unknown")
    assert "end of the log not known" in row["reason"]
    telling.received("audit", 0, 14, 3)
    telling.held("audit", 15, 4)
    audit, payment = telling.rows()
    assert (payment["lag"], payment["end"], payment["end_bound"]) == (5, 15, "lower")
    assert audit["lag"] is None


def test_a_system_without_positions(telling: Telling) -> None:
    """RabbitMQ has no offsets: unknown, with the reason."""
    telling.span("process", 1, system="rabbitmq", destination="mails", consumer_group="mailer")
    row = telling.row()
    assert (row["partition"], row["lag"], row["status"]) == (None, None, "unknown")
    assert row["reason"] == "no position in this system"


def test_the_brokers_word(telling: Telling) -> None:
    """Samples alone are enough: a group that is not instrumented at all."""
    telling.sampled(10, 100, {"legacy": 40})
    telling.sampled(15, 120, {"legacy": 50})
    row = telling.row()
    assert (row["position"], row["end"], row["lag"], row["end_bound"], row["grade"]) == (50, 120, 70, "exact", "A")
    assert row["time_lag_ms"] == 5000
    assert row["time_lag_bound"] == "lower"
    assert telling.document()["as_of"] == "2026-03-01T00:00:15.000000000Z"
    assert telling.document()["sampled_at"] == "2026-03-01T00:00:15.000000000Z"


def test_what_the_watcher_does_not_write_again_has_not_changed(telling: Telling) -> None:
    """A partition is written when it changes; the newest sample is of another partition."""
    telling.sampled(10, 100, {"legacy": 100})
    telling.connection.execute(
        "INSERT INTO broker_partition_rows VALUES (?, 'c1', 'other', 'x', 0, 0, 0, 0, NULL)",
        [ns(60)],
    )
    assert telling.document()["as_of"] == "2026-03-01T00:01:00.000000000Z"
    row = next(row for row in telling.rows() if row["destination"] == "orders")
    assert (row["lag"], row["status"]) == (0, "ok")


def test_spans_since_the_last_sample_count(telling: Telling) -> None:
    """Acks and commits that came after the broker was asked are newer than its word."""
    telling.sampled(10, 100, {"payment": 90})
    telling.sent(104, 11)
    telling.held("payment", 101, 12)
    row = telling.row()
    assert (row["position"], row["end"], row["lag"]) == (101, 105, 4)


def test_an_older_span_does_not_replace_the_brokers_word(telling: Telling) -> None:
    """The last of both stands: here somebody reset the group from outside."""
    telling.held("payment", 100, 5)
    telling.sampled(6, 100, {"payment": 100})
    telling.sampled(20, 100, {"payment": 10})
    row = telling.row()
    assert (row["position"], row["lag"]) == (10, 90)


def test_a_seek_is_newer_than_an_unchanged_sample(telling: Telling) -> None:
    """The watcher writes a position when it changes: that time counts, not when it was last seen unchanged."""
    telling.sampled(5, 100, {"payment": 100})
    telling.held("payment", 20, 8, "seek")
    telling.sampled(20, 100)
    assert telling.row()["lag"] == 80


def test_a_position_written_again_is_no_news(telling: Telling) -> None:
    """The watcher writes everything now and then; a seek in between still stands."""
    telling.sampled(5, 100, {"payment": 100})
    telling.held("payment", 20, 8, "seek")
    telling.sampled(605, 100, {"payment": 100})
    assert telling.row()["lag"] == 80


def test_offsets_that_were_deleted_are_no_position(telling: Telling) -> None:
    """The broker holds none any more."""
    telling.sampled(5, 100, {"payment": 90})
    telling.sampled(10, 100, {"payment": None})
    assert (telling.row()["position"], telling.row()["lag"], telling.row()["status"]) == (None, None, "unknown")


def test_an_open_transaction_holds_the_end_back(telling: Telling) -> None:
    """The last stable offset counts, even where acks beyond it are known."""
    telling.sampled(10, 20, {"payment": 5}, stable=5)
    telling.sent(19, 10.5, transaction_id="t")
    row = telling.row()
    assert (row["end"], row["lag"], row["time_lag_ms"]) == (5, 0, 0.0)


def test_an_open_transaction_holds_the_end_back_by_spans_alone(telling: Telling) -> None:
    """What was acked beyond its first record can not be read yet: not its own second record, and nobody else's."""
    telling.sent(0, 1)
    telling.sent(1, 2, number=1, transaction_id="t", instance="p1")
    telling.sent(2, 3)
    telling.held("payment", 0, 4, "assign")
    assert (telling.row()["end"], telling.row()["lag"]) == (1, 1)
    telling.held("payment", 1, 5)
    assert (telling.row()["lag"], telling.row()["time_lag_ms"]) == (0, 0.0)
    telling.span("settle", 6, operation_name="commit-transaction", number=2, transaction_id="t", instance="p1")
    assert (telling.row()["end"], telling.row()["lag"]) == (3, 2)


def test_a_transaction_of_which_nobody_tells_the_end_holds_the_end_back_for_a_while(telling: Telling) -> None:
    """Its producer crashed: the broker aborts it when its time is out, and what stands beyond it can be read."""
    telling.sent(0, 0.5)
    telling.sent(1, 1, number=1, transaction_id="t", instance="p1")
    telling.sent(2, 2)
    telling.held("payment", 1, 50, "assign")
    assert (telling.row()["lag"], telling.row()["time_lag_ms"]) == (0, 0.0)
    telling.held("payment", 1, 62)
    assert (telling.row()["end"], telling.row()["lag"]) == (3, 2)


def test_a_marker_at_the_end_is_not_lag(telling: Telling) -> None:
    """The watcher looked: nothing readable stands behind the position."""
    telling.sampled(10, 6, {"payment": 5}, readable=5)
    row = telling.row()
    assert (row["lag"], row["status"]) == (0, "ok")


def test_a_marker_at_the_end_by_spans_alone(telling: Telling) -> None:
    """Committed records count, aborted and open ones do not; the marker is no record."""
    tx = {"transaction_id": "t", "instance": "p1"}
    telling.sent(0, 1, number=1, **tx)
    telling.span("settle", 2, operation_name="commit-transaction", number=2, **tx)
    telling.sent(2, 3, number=3, **tx)
    telling.span("settle", 4, operation_name="abort-transaction", number=4, **tx)
    telling.sent(4, 5, number=5, **tx)
    telling.held("payment", 0, 6, "assign")
    assert (telling.row()["end"], telling.row()["lag"]) == (1, 1)
    telling.held("payment", 1, 7)
    assert telling.row()["lag"] == 0
    telling.span("settle", 8, operation_name="commit-transaction", number=6, **tx)
    assert (telling.row()["end"], telling.row()["lag"]) == (5, 4)


def test_an_ending_behind_lost_spans_ends_no_transaction(telling: Telling) -> None:
    """Among the lost spans may be the abort of this one: its records are no lag, as long as nobody knows."""
    tx = {"transaction_id": "t", "instance": "p1"}
    telling.sent(0, 1, number=1, **tx)
    telling.span("settle", 2, operation_name="commit-transaction", number=2, **tx)
    telling.sent(2, 3, number=3, **tx)
    telling.span("settle", 9, operation_name="commit-transaction", number=6, **tx)
    telling.arrived("p1", (1, 3), (6, 6))
    telling.held("payment", 0, 10, "assign")
    assert (telling.row()["end"], telling.row()["lag"]) == (1, 1)
    telling.arrived("p1", (1, 6))
    assert (telling.row()["end"], telling.row()["lag"]) == (3, 3)


def test_positions_are_ordered_by_generation_not_by_clock(telling: Telling) -> None:
    """The former owner's clock is an hour ahead: the later generation stands all the same."""
    for offset in range(10):
        telling.sent(offset, 1)
    telling.held("payment", 4, 3600 + 5, "revoke", instance="a", generation=1, number=9)
    telling.held("payment", 4, 6, "assign", instance="b", generation=2, number=1)
    telling.held("payment", 9, 7, instance="b", generation=2, number=2)
    assert telling.row()["position"] == 9


def test_a_failed_commit_is_no_position(telling: Telling) -> None:
    """What the broker refused does not count."""
    telling.sent(9, 1)
    telling.held("payment", 3, 2)
    telling.held("payment", 10, 3, status=2)
    assert telling.row()["lag"] == 7


def test_a_topic_created_again_is_another_log(telling: Telling) -> None:
    """Offsets of the deleted topic do not count, by acks that start again at 0 and by the topic's id."""
    for offset in range(100):
        telling.sent(offset, 1 + offset / 100)
    telling.held("payment", 100, 3)
    for offset in range(5):
        telling.sent(offset, 10 + offset)
    telling.held("payment", 2, 16)
    assert (telling.row()["end"], telling.row()["lag"]) == (5, 3)


def test_a_topic_with_another_id_is_another_log(telling: Telling) -> None:
    """The broker says so."""
    telling.sampled(1, 100, {"payment": 100}, topic_id="t1")
    telling.sampled(2, 5, {"payment": 2}, topic_id="t2")
    assert (telling.row()["end"], telling.row()["lag"]) == (5, 3)


def test_retention(telling: Telling) -> None:
    """The log start has passed the position: what was removed is counted apart."""
    telling.sampled(1, 100, {"legacy": 10})
    telling.sampled(2, 100, start=60)
    row = telling.row()
    assert (row["status"], row["lag"], row["lost"], row["log_start"]) == ("retention", 90, 50, 60)
    telling.sampled(3, 100, start=100)
    row = telling.row()
    assert (row["status"], row["lag"], row["lost"], row["time_lag_ms"]) == ("retention", 0, 90, 0.0)


def test_an_empty_partition_has_no_lag_whatever_the_position(telling: Telling) -> None:
    """Nothing can be unread where there is nothing to read."""
    telling.sampled(1, 7, {"legacy": None}, start=7)
    assert (telling.row()["lag"], telling.row()["status"]) == (0, "ok")
    telling.sampled(2, 8, start=7)
    assert (telling.row()["lag"], telling.row()["status"]) == (None, "unknown")


def test_time_lag_is_a_lower_bound_where_the_record_is_not_known(telling: Telling) -> None:
    """From the first moment that anything was known to stand behind the position."""
    telling.sent(7, 10)
    telling.held("payment", 5, 12)
    telling.received("audit", 5, 7, 9)
    row = next(row for row in telling.rows() if row["group"] == "payment")
    assert row["time_lag_bound"] == "lower"
    assert row["time_lag_ms"] == pytest.approx(12_000 - 8_999, abs=1)


def test_time_lag_in_a_compacted_topic(telling: Telling) -> None:
    """The first unread record may be gone: only the last of a key is sure to stand."""
    telling.topic("compact")
    telling.sent(5, 10, message_key="a")
    telling.sent(6, 20, message_key="b")
    telling.sent(7, 30, message_key="a")
    telling.sampled(40, 8, {"payment": 5})
    row = telling.row()
    assert (row["lag"], row["time_lag_ms"], row["time_lag_bound"]) == (3, 20_000, "lower")


def test_time_lag_is_never_negative(telling: Telling) -> None:
    """A window that ends in the past counts to its end."""
    telling.sent(0, 10)
    telling.sent(1, 20)
    telling.held("payment", 0, 5, "assign")
    row = telling.row(until=12)
    assert (row["end"], row["lag"], row["time_lag_ms"]) == (1, 1, 0.0)


def test_two_groups_are_apart(telling: Telling) -> None:
    """Each has its own position."""
    for offset in range(10):
        telling.sent(offset, offset)
    telling.held("payment", 10, 20)
    telling.held("audit", 3, 20)
    assert [(row["group"], row["lag"]) for row in telling.rows()] == [("audit", 7), ("payment", 0)]


def test_rates(telling: Telling) -> None:
    """Per second, over the moments that the status rests on."""
    for offset in range(61):
        telling.sent(offset, 100 + offset)
    telling.held("payment", 0, 100, "assign")
    for position in range(31):
        telling.held("payment", position, 100 + 2 * position)
    row = telling.row()
    assert row["rate_in"] == pytest.approx(1.0, rel=0.05)
    assert row["rate_out"] == pytest.approx(0.5, rel=0.1)
    assert (row["status"], row["eta_ms"]) == ("falling", None)
    assert row["history"][-1] == 31
    for position in range(31, 61):
        telling.held("payment", position, 160 + position - 30)
    row = telling.row(since=160.5)
    assert row["status"] == "draining"
    assert row["rate_out"] == pytest.approx(1.0, rel=0.05)
    assert row["eta_ms"] == pytest.approx(row["lag"] / (row["rate_out"] - row["rate_in"]) * 1000)


def test_a_group_that_came_back_and_falls_again(telling: Telling) -> None:
    """What it read before it caught up does not hide that it falls behind now."""
    for offset in range(200):
        telling.sent(offset, 100 + offset / 2)
    telling.held("payment", 0, 100, "assign")
    for at in range(60):
        telling.held("payment", min(at * 4, at * 2 + 1), 100 + at)
    for at in range(60, 100):
        telling.held("payment", 120 + (at - 60) // 2, 100 + at)
    row = telling.row()
    assert (row["status"], row["eta_ms"]) == ("falling", None)
    assert row["rate_in"] == pytest.approx(2.0, rel=0.1)
    assert row["rate_out"] == pytest.approx(0.5, rel=0.1)


def test_rates_of_a_window_in_which_nothing_happened(telling: Telling) -> None:
    """Nothing came, nothing went: known to be 0, not unknown."""
    telling.sent(4, 1)
    telling.held("payment", 2, 2)
    for at in (410, 500):
        telling.span("process", at, destination="other", partition=0, offset=at, consumer_group="other")
    (row,) = (row for row in telling.rows(since=400) if row["destination"] == "orders")
    assert (row["status"], row["rate_in"], row["rate_out"]) == ("unknown", 0.0, 0.0)


def test_filters(telling: Telling) -> None:
    """Rows can be filtered by what they have; other fields are refused with what there is."""
    telling.sent(0, 1)
    telling.held("payment", 0, 2, "assign")
    telling.held("audit", 1, 2)
    assert [row["group"] for row in telling.rows(filter_text="group:pay*")] == ["payment"]
    assert [row["group"] for row in telling.rows(filter_text="verdict:ok topic:orders")] == ["audit"]
    with pytest.raises(UsageError, match="lag has no kind"):
        telling.rows(filter_text="kind:lost")


def test_a_client_that_does_not_know_its_cluster(telling: Telling) -> None:
    """It is the destination's only one."""
    telling.sent(0, 1)
    telling.sent(1, 2, cluster_id="c1")
    telling.held("payment", 1, 3, cluster_id="c1")
    assert telling.row()["lag"] == 1
