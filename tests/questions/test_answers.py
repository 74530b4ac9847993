"""The answers of `ask`: published, consumed, duplicated, reordered, by the meanings of docs/answers.md."""

from __future__ import annotations

import pytest

from flowtrail_collector.errors import NothingKnown


def test_an_event_sent_and_handled_is_published_and_processed(told, history):
    """One send with its ack, one delivery that ended ok: yes/acked, processed, nothing else to say."""
    sent = history.service("orders").send("orders", 3, 1042, key="42")
    payment = history.member("payment", group="payment")
    payment.assign("orders", 3, 1042)
    payment.receive("orders", 3, 1042)
    payment.process(sent)
    payment.commit("orders", 3, 1043)
    payment.revoke("orders", 3, 1043)
    store = told(history)
    document = store.ask("orders:3:1042")
    assert document["schema"] == "flowtrail.ask/1"
    assert document["understood_as"] == "record"
    assert document["coverage"] == 1.0
    (event,) = document["events"]
    assert event["message_id"] == sent.message_id
    assert event["correlation_id"] == "flow-1"
    assert event["key"] == "42"
    assert event["producer"] == "orders"
    assert event["published"]["answer"] == "yes"
    assert event["published"]["reason"] == "acked"
    assert event["published"]["grade"] == "A"
    assert [(r["partition"], r["offset"]) for r in event["published"]["records"]] == [(3, 1042)]
    (line,) = event["consumed"]
    assert (line["group"], line["answer"], line["grade"]) == ("payment", "processed", "A")
    (delivery,) = line["deliveries"]
    assert (delivery["outcome"], delivery["attempt"], delivery["member"]) == ("ok", 1, payment.member)
    assert event["duplicated"] == {"answer": "no", "findings": []}
    assert event["reordered"] == {"answer": "no", "findings": []}
    assert event["findings"] == []
    assert store.findings() == []


def test_every_way_to_ask_finds_the_same_event(told, history):
    """Message id, correlation id, trace id, record and key name one event."""
    sent = history.service("orders").send("orders", 0, 7, key="k/1")
    store = told(history)
    ways = [
        (sent.message_id, "id"),
        (f"id:{sent.message_id}", "id"),
        ("flow-1", "flow"),
        ("flow:flow-1", "flow"),
        (sent.trace_id, "trace"),
        (f"trace:{sent.trace_id}", "trace"),
        (f"00-{sent.trace_id}-{sent.span_id}-01", "trace"),
        ("orders:0:7", "record"),
        ("record:orders:0:7", "record"),
        ("key:orders/k/1", "key"),
    ]
    for what, form in ways:
        document = store.ask(what)
        assert document["understood_as"] == form, what
        assert [event["message_id"] for event in document["events"]] == [sent.message_id], what


def test_what_nobody_told_of_is_an_error_that_names_what_is_near(told, history):
    """An unknown record is not answered; the offsets that are known are named."""
    history.service("orders").send("orders", 0, 7)
    store = told(history)
    with pytest.raises(NothingKnown) as caught:
        store.ask("orders:0:9000")
    assert any("7" in near for near in caught.value.near)


@pytest.mark.parametrize(
    ("outcome", "error", "answer", "reason"),
    [
        ("failed", "MessageSizeTooLargeError", "no", "failed"),
        ("in-doubt", "KafkaTimeoutError", "in-doubt", "timeout"),
        (None, None, "in-doubt", "crash"),
    ],
)
def test_a_send_without_an_ack(told, history, outcome, error, answer, reason):
    """Failed is no; a timeout and a span cut short are in doubt, never failed."""
    sent = history.service("orders").send("orders", 0, outcome=outcome, error=error)
    published = told(history).event(sent.message_id)["published"]
    assert (published["answer"], published["reason"]) == (answer, reason)


def test_in_doubt_becomes_yes_when_a_consumer_is_handed_the_record(told, history):
    """A consumer's word resolves the doubt: yes, seen."""
    sent = history.service("orders").send("orders", 0, outcome="in-doubt", error="KafkaTimeoutError")
    payment = history.member("payment", group="payment")
    payment.assign("orders", 0, 5)
    payment.receive("orders", 0, 5)
    payment.process(sent, offset=5)
    published = told(history).event(sent.message_id)["published"]
    assert (published["answer"], published["reason"]) == ("yes", "seen")
    assert [(r["partition"], r["offset"]) for r in published["records"]] == [(0, 5)]


@pytest.mark.parametrize(
    ("ending", "answer", "reason"),
    [("committed", "yes", "acked"), ("aborted", "no", "aborted"), (None, "in-doubt", "transaction open")],
)
def test_a_transaction_decides(told, history, ending, answer, reason):
    """Acked is not committed: the end of the transaction decides, and while it is not known nothing is."""
    orders = history.service("orders")
    sent = orders.send("orders", 0, 5, **{"flowtrail.transaction.id": "tx"})
    if ending:
        name = "commit-transaction" if ending == "committed" else "abort-transaction"
        orders.span(
            "settle", None, {"flowtrail.transaction.id": "tx", "flowtrail.transaction.outcome": ending}, name=name
        )
    published = told(history).event(sent.message_id)["published"]
    assert (published["answer"], published["reason"]) == (answer, reason)


def _group(history, offset=5, count=1):
    orders = history.service("orders")
    sent = [orders.send("orders", 0, offset + number, key="k") for number in range(count)]
    payment = history.member("payment", group="payment")
    payment.assign("orders", 0, offset)
    return sent, payment


def test_not_yet_handed_out_is_pending_with_the_lag_in_front(told, history):
    """The position stands before the record: pending, so many events behind."""
    sent, payment = _group(history, count=4)
    payment.receive("orders", 0, 5)
    payment.process(sent[0])
    payment.commit("orders", 0, 6)
    line = told(history).group(sent[3].message_id, "payment")
    assert (line["answer"], line["lag"]) == ("pending", 2)


def test_a_failed_processing_is_failed(told, history):
    """The last known processing failed and nothing shows a further attempt."""
    sent, payment = _group(history)
    payment.receive("orders", 0, 5)
    payment.process(sent[0], error="ValueError")
    payment.commit("orders", 0, 6)
    payment.revoke("orders", 0, 6)
    store = told(history)
    line = store.group(sent[0].message_id, "payment")
    assert line["answer"] == "failed"
    assert ("failed", "error") in store.kinds()


def test_a_record_left_behind_is_a_silent_failure(told, history):
    """Handed out, never ended, and the member went on to a later record: unfinished."""
    sent, payment = _group(history, count=3)
    payment.receive("orders", 0, 5, 7)
    payment.process(sent[0])
    payment.process(sent[2])
    payment.commit("orders", 0, 8)
    store = told(history)
    assert store.group(sent[1].message_id, "payment")["answer"] == "unfinished"
    assert store.group(sent[0].message_id, "payment")["answer"] == "processed"
    assert store.kinds() == [("unfinished", "error")]


def test_a_record_in_hand_is_in_progress(told, history):
    """Handed out and nothing later begun: in progress, no finding."""
    sent, payment = _group(history, count=2)
    payment.receive("orders", 0, 5, 6)
    payment.process(sent[0])
    store = told(history)
    assert store.group(sent[1].message_id, "payment")["answer"] == "in-progress"
    assert store.findings() == []


def test_a_hole_in_the_numbers_turns_absence_into_unknown(told, history):
    """One lost span, and nobody may say that the processing never ended."""
    sent, payment = _group(history, count=3)
    payment.receive("orders", 0, 5, 7)
    payment.process(sent[0])
    lost = payment.process(sent[1])
    payment.process(sent[2])
    store = told(history.without(lost))
    line = store.group(sent[1].message_id, "payment")
    assert (line["answer"], line["reason"], line["grade"]) == ("unknown", "telemetry gap", "?")
    assert store.kinds() == [("telemetry-gap", "info")]
    assert store.ask(sent[1].message_id)["coverage"] < 1


def test_a_crash_loses_its_tail_without_a_hole(told, history):
    """Handed to a member that vanished: what it did after its last span is unknown, not unfinished."""
    sent, payment = _group(history, count=2)
    payment.receive("orders", 0, 5, 6)
    payment.process(sent[0])
    payment.commit("orders", 0, 7)
    other = history.member("payment", group="payment")
    other.assign("orders", 0, 7, generation=2)
    line = told(history).group(sent[1].message_id, "payment")
    assert (line["answer"], line["reason"]) == ("unknown", "the member vanished")


def test_left_in_order_with_the_position_before_the_record_is_pending(told, history):
    """A consumer that stops between two records of a batch has lost nothing: they are handed out again."""
    sent, payment = _group(history, count=2)
    payment.receive("orders", 0, 5, 6)
    payment.process(sent[0])
    payment.commit("orders", 0, 6)
    payment.revoke("orders", 0, 6)
    store = told(history)
    assert store.group(sent[1].message_id, "payment")["answer"] == "pending"
    assert store.findings() == []


def test_committed_past_and_left_is_a_silent_failure(told, history):
    """Auto-commit on close commits records that were never handled: unfinished."""
    sent, payment = _group(history, count=2)
    payment.receive("orders", 0, 5, 6)
    payment.process(sent[0])
    payment.commit("orders", 0, 7)
    payment.revoke("orders", 0, 7)
    store = told(history)
    assert store.group(sent[1].message_id, "payment")["answer"] == "unfinished"


def test_outcome_not_instrumented_but_position_passed_is_inferred(told, history):
    """No process span was ever sent for the group: a commit past the record in the same ownership says processed, B."""
    sent, payment = _group(history)
    payment.receive("orders", 0, 5)
    line = told(history).group(sent[0].message_id, "payment")
    assert line["answer"] == "received"
    payment.commit("orders", 0, 6)
    line = told(history).group(sent[0].message_id, "payment")
    assert (line["answer"], line["reason"], line["grade"]) == ("processed", "inferred", "B")


def test_below_the_start_of_a_group_nothing_is_expected(told, history):
    """`latest` starts behind the record: not expected."""
    sent, _ = _group(history)
    late = history.member("analytics", group="analytics")
    late.assign("orders", 0, 6)
    line = told(history).group(sent[0].message_id, "analytics")
    assert (line["answer"], line["reason"]) == ("not-expected", "before start")


def test_an_aborted_record_is_not_expected(told, history):
    """Readers never see an aborted record."""
    orders = history.service("orders")
    sent = orders.send("orders", 0, 5, **{"flowtrail.transaction.id": "tx", "flowtrail.transaction.outcome": "aborted"})
    payment = history.member("payment", group="payment")
    payment.assign("orders", 0, 5)
    payment.commit("orders", 0, 7)
    line = told(history).group(sent.message_id, "payment")
    assert (line["answer"], line["reason"]) == ("not-expected", "aborted")


def test_a_copy_on_a_dead_letter_destination_ends_the_chain(told, history):
    """Failed, and a copy with its origin stands on orders.dlq: dead-lettered, one event."""
    sent, payment = _group(history)
    payment.receive("orders", 0, 5)
    payment.process(sent[0], error="ValueError")
    payment.send(
        "orders.dlq",
        0,
        0,
        message_id=sent[0].message_id,
        **{
            "flowtrail.origin.destination": "orders",
            "flowtrail.origin.partition": 0,
            "flowtrail.origin.offset": 5,
            "flowtrail.origin.group": "payment",
        },
    )
    payment.commit("orders", 0, 6)
    store = told(history)
    event = store.event(sent[0].message_id)
    assert event["destination"] == "orders"
    assert [(line["answer"], line["reason"]) for line in event["consumed"]] == [("dead-lettered", "orders.dlq")]
    assert event["duplicated"]["answer"] == "no"
    assert store.kinds() == [("dead-lettered", "error")]
