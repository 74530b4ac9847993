"""Handling that goes wrong: with an exception, with a dead letter, in silence, out of order."""

import struct

import pytest

from tests.e2e.product import eventually

MANUAL = {"enable_auto_commit": False}


def test_a_failure_with_an_exception(run, collector, topic, topic_name):
    """A handler that raises, and a member that goes on: failed, with the error's name."""
    orders, group = topic("orders"), topic_name("payment")
    producer = run("producer")
    producer.do("send", topic=orders, id=orders, value="fail")
    producer.do("send", topic=orders, id=f"{orders}-next")
    producer.stop()
    consumer = run("polling", service="payment", topic=orders, group=group, commit=True, config=MANUAL)
    while consumer.hear("handled")["handled"] < 2:
        pass
    consumer.stop()
    (line,) = collector.event(orders)["consumed"]
    assert (line["answer"], line["reason"]) == ("failed", "RefusedError")
    assert collector.consumed(f"{orders}-next") == {group: "processed"}
    (found,) = collector.findings(orders)
    assert (found["kind"], found["severity"], found["group"], found["offsets"]) == ("failed", "error", group, [0])


def origin_headers(style, topic, group):
    """Return the headers by which a dead letter tells where it came from, offset 0 of partition 0: binary in Spring."""
    zero = {"spring": (struct.pack(">i", 0), struct.pack(">q", 0)), "flowtrail": (b"0", b"0")}[style]
    names = {
        "spring": ("original-topic", "original-partition", "original-offset", "original-consumer-group"),
        "flowtrail": ("destination", "partition", "offset", "group"),
    }[style]
    prefix = {"spring": "kafka_dlt-", "flowtrail": "flowtrail-origin-"}[style]
    values = (topic.encode(), *zero, group.encode())
    return {prefix + name: value.decode("latin-1") for name, value in zip(names, values, strict=True)}


@pytest.mark.parametrize("copy", ["traced", "spring", "flowtrail"])
def test_a_failure_with_a_dead_letter(run, collector, topic, topic_name, copy):
    """The failed message stands on a dead-letter topic: copied in the handler, or by somebody else with its origin."""
    orders, dead, group = topic("orders"), topic("orders.dlq"), topic_name("payment")
    producer = run("producer")
    producer.do("send", topic=orders, id=orders, key="42", value="fail")
    to = dead if copy == "traced" else None
    service = run("dead_lettering", service="payment", topic=orders, group=group, dead_letters=to)
    assert service.hear("handled")["handled"] == [0]
    service.stop()
    if copy != "traced":
        origin = origin_headers(copy, orders, group)
        producer.do("send", topic=dead, id=orders, key="42", value="fail", headers=origin)
    producer.stop()
    document = collector.ask(f"record:{orders}:0:0")
    assert document is not None
    event = next(event for event in document["events"] if event["destination"] == orders)
    (line,) = event["consumed"]
    assert (line["group"], line["answer"], line["reason"]) == (group, "dead-lettered", dead)
    assert event["duplicated"]["answer"] == "no"
    (found,) = collector.findings(orders)
    assert (found["kind"], found["severity"], found["offsets"]) == ("dead-lettered", "error", [0])
    assert collector.kinds(dead) == []


def answers(collector, name, group):
    """Return message id -> answer for a group, of all events of a flow."""
    lines = {name: event["consumed"] for name, event in collector.flow(name).items()}
    assert all([line["group"] for line in found] == [group] for found in lines.values())
    return {name: found[0]["answer"] for name, found in lines.items()}


@pytest.mark.parametrize("end", ["dies", "hangs"])
def test_a_worker_fails_in_silence(run, collector, topic, topic_name, end):
    """The thread that handles a message dies or hangs, and the consumer polls on and commits: unfinished."""
    orders, group = topic("orders"), topic_name("payment")
    producer = run("producer")
    service = run("working", service="payment", topic=orders, group=group)
    for name, value in (("before", "well"), ("lost", end), ("after", "well"), ("last", "well")):
        producer.do("send", topic=orders, id=f"{orders}-{name}", value=value, flow=orders)
        assert service.hear("taken")
    answered = {f"{orders}-{name}": "processed" for name in ("before", "after", "last")}
    answered[f"{orders}-lost"] = "unfinished"
    assert eventually(lambda: answers(collector, orders, group), lambda found: found == answered, 20) == answered
    found = [row for row in collector.findings(orders) if row["kind"] == "unfinished"]
    assert [(row["severity"], row["group"], row["offsets"]) for row in found] == [("error", group, [1])]
    service.kill()
    producer.stop()


def test_messages_of_one_key_handled_at_once(run, collector, topic, topic_name):
    """A pool of threads finishes the second message of a key before the first: reordered, an error."""
    orders, group = topic("orders"), topic_name("payment")
    producer = run("producer")
    for name, value in (("slow", "wait"), ("fast", "go"), ("else", "go")):
        producer.do("post", topic=orders, id=f"{orders}-{name}", key=name if name == "else" else "42", value=value)
    producer.stop()
    service = run("pooling", service="payment", topic=orders, group=group, count=3)
    assert service.hear("handled")["handled"] == [1, 2, 0]
    service.stop()
    found = [row for row in collector.findings(orders) if row["severity"] != "info"]
    assert [(row["kind"], row["severity"], row["offsets"]) for row in found] == [("completion-reorder", "error", [0])]
    assert found[0]["group"] == group
    assert collector.event(f"{orders}-slow")["reordered"]["answer"] == "yes"
    assert collector.event(f"{orders}-fast")["reordered"]["answer"] == "no"
    assert collector.consumed(f"{orders}-slow") == {group: "processed"}
