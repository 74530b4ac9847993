"""The helper that holds flowtrail's word to the truth: it fails on whatever is missed, and on whatever is added."""

import dataclasses

import pytest

from tests.e2e.truth import (
    Claim,
    Record,
    Sent,
    Truth,
    assert_told,
    log_reorders,
    read_log,
    resends,
    told_handled,
    told_sent,
)


def test_a_truth_that_differs_is_not_told(run, collector, kafka, topic, topic_name):
    """Another answer, another handling, another record, another group, a claim more or less: each is a failure."""
    orders, group = topic("orders"), topic_name("payment")
    producer = run("producer")
    for _ in range(2):
        producer.do("post", topic=orders, id=orders)
        producer.do("settle")
    producer.stop()
    consumer = run("polling", service="payment", topic=orders, group=group)
    while len(told_handled(consumer)) < 2:
        consumer.hear("noted")
    consumer.stop()
    twice = Claim("republish", "warning", None, orders, 0, (0, 1), None, (orders,))
    sent, handled, log = told_sent(producer)[:1], told_handled(consumer), read_log(kafka, orders)
    truth = Truth(sent, handled, log, {orders: [group]}, [twice])
    assert_told(collector, truth)
    differing = {
        "published is": {"published": {orders: ("in-doubt", "timeout")}},
        "its groups is": {"groups": {orders: [group, "audit"]}},
        "handled is": {"handled": handled[1:]},
        "answer is": {"consumed": {(orders, group): ("failed", "RefusedError")}},
        "its records is": {"log": log[1:]},
        "unexpected: Claim": {"claims": []},
        "missed: Claim": {"claims": [twice, twice._replace(kind="resend")]},
        "duplicated is yes": {"claims": []},
        "reordered is no": {"claims": [twice._replace(kind="log-reorder")]},
    }
    for said, change in differing.items():
        with pytest.raises(AssertionError, match=said):
            assert_told(collector, dataclasses.replace(truth, **change))


def in_log(*names: str) -> list[Record]:
    """Return a log that holds records of these ids."""
    return [Record("orders", 0, offset, name) for offset, name in enumerate(names)]


def sent_so(**keys: str) -> list[Sent]:
    """Return sends, in this order, of ids with their keys."""
    return [Sent(name, "orders", key, 0) for name, key in keys.items()]


def test_what_stands_twice_was_resent():
    """All places of an id are one claim; what stands once is none."""
    (claim,) = resends(in_log("a", "b", "a", "a"))
    assert (claim.kind, claim.offsets, claim.ids) == ("resend", (0, 2, 3), ("a",))


def test_first_copies_tell_the_order():
    """Second copies are duplicates, not reordered; a key makes an error of it."""
    sent = sent_so(a="1", b="2", c="1")
    assert log_reorders(in_log("a", "b", "a", "c", "b"), sent) == []
    assert [(row.severity, row.offsets, row.ids) for row in log_reorders(in_log("c", "b", "a", "b"), sent)] == [
        ("info", (1,), ("b",)),
        ("error", (2,), ("a",)),
    ]
