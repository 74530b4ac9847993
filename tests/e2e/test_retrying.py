"""A whole flow over retry topics into a dead-letter topic, looked at while a stage is yet to come and at its end."""

import itertools

import pytest

from tests.e2e.truth import Claim, Record, Truth, assert_told, read_log, told_handled, told_sent

FAILURES = (0, 1, 2, 3)
"""How often each message fails: the first is handled at once, the last becomes a dead letter."""


@pytest.mark.slow
def test_from_retry_to_retry_to_the_dead_letters(run, collector, kafka, topic, topic_name):
    """Retrying while a copy waits for its stage; then processed, or dead-lettered, as one chain of attempts."""
    stages = [topic("orders"), topic("orders-retry-0"), topic("orders-retry-1"), topic("orders-dlq")]
    orders, group = stages[0], topic_name("payment")
    producer = run("producer")
    for failures in FAILURES:
        producer.do("post", topic=orders, id=f"{orders}-{failures}", value=str(failures))
    producer.do("settle")
    producer.stop()
    sent = told_sent(producer)
    services = []
    for stage, (here, beyond) in enumerate(itertools.pairwise(stages)):
        told = {"service": "payment", "topic": here, "next": beyond, "group": group, "stage": stage}
        services.append(run("retrying", **told))
        while services[-1].hear("handled")["handled"] < len(FAILURES) - stage:
            pass
        waiting = [f"{orders}-{failures}" for failures in FAILURES if failures > stage]
        answer = "dead-lettered" if beyond == stages[-1] else "retrying"
        consumed = {(name, group): (answer, beyond) for name in waiting}
        claims = [
            Claim("dead-lettered", "error", beyond, orders, 0, (row.offset,), group, (row.id,))
            for row in sent
            if row.id in waiting and answer == "dead-lettered"
        ]
        log = read_log(kafka, orders)
        groups = {orders: [group], **dict.fromkeys(stages[1:], ())}
        assert_told(collector, Truth(sent, told_handled(*services), log, groups, claims, consumed=consumed))
    for service in services:
        service.stop()
    copies = read_log(kafka, *stages[1:])
    assert copies == sorted(Record(row.topic, 0, row.offset, row.id) for row in told_sent(*services))
    for copy in copies:
        event = collector.event(f"record:{copy.topic}:{copy.partition}:{copy.offset}")
        assert (event["message_id"], event["destination"]) == (copy.id, orders)
