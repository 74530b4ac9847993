"""Records that a group came past on a real Kafka: moved, deleted, compacted away, or below its start."""

import pytest
from kafka import KafkaConsumer, TopicPartition

from tests.e2e.product import eventually


def published(run, orders, count, **more):
    """Publish some orders to partition 0 and end."""
    producer = run("producer")
    for number in range(count):
        producer.do("send", topic=orders, id=f"{orders}-{number}", partition=0, **more)
    producer.stop()


def handle(run, orders, group, upto, **told):
    """Run a member until it has handled offset `upto`; return what it handled."""
    member = run("skipping", service="payment", topic=orders, group=group, **told)
    while upto not in (handled := member.hear("handled")["handled"]):
        pass
    member.stop()
    return handled


def answers(collector, orders, count):
    """Return answer and reason of the one group for each event."""
    lines = [collector.event(f"{orders}-{number}")["consumed"] for number in range(count)]
    return [(line["answer"], line["reason"]) for (line,) in lines]


def test_a_seek_forward(run, collector, topic, topic_name):
    """What lies between was skipped because somebody wanted it: information, and no loss."""
    orders, group = topic("orders"), topic_name("payment")
    published(run, orders, 5)
    assert handle(run, orders, group, 4, count=2, seek=4) == [0, 1, 4]
    assert answers(collector, orders, 5)[2:4] == [("skipped", "offset reset")] * 2
    assert collector.kinds(orders) == [("skipped", "info", "offset reset")] * 2


def test_a_commit_beyond_what_was_read(run, collector, topic, topic_name):
    """The member committed past records that it was never handed; the next one begins behind them."""
    orders, group = topic("orders"), topic_name("payment")
    published(run, orders, 5)
    assert handle(run, orders, group, 1, count=2, commit=4) == [0, 1]
    assert handle(run, orders, group, 4) == [4]
    assert answers(collector, orders, 5)[2:4] == [("skipped", "read past")] * 2
    assert collector.kinds(orders) == [("skipped", "error", "read past")] * 2


def test_a_group_that_begins_at_the_end(run, collector, topic, topic_name):
    """It has nothing to do with what stood there before it came."""
    orders, group = topic("orders"), topic_name("payment")
    published(run, orders, 2)
    member = run("skipping", service="payment", topic=orders, group=group, reset="latest")
    assert member.hear("assigned")["assigned"] == 2
    producer = run("producer")
    producer.do("send", topic=orders, id=f"{orders}-2", partition=0)
    producer.stop()
    assert member.hear("handled")["handled"] == [2]
    member.stop()
    assert answers(collector, orders, 3)[:2] == [("not-expected", "before start")] * 2
    assert answers(collector, orders, 3)[2][0] == "processed"
    assert collector.kinds(orders) == []


@pytest.mark.parametrize("known", [True, False])
def test_retention_passes_a_group_that_is_away(
    request, kafka, topic, topic_name, run, run_watched, collector, watching, known
):
    """With the broker's word an error; without it nothing but a reset that somebody may have wanted."""
    here, service = (watching, run_watched) if known else (collector, run)
    orders, group = topic("orders"), topic_name("payment")
    published(service, orders, 5)
    assert handle(service, orders, group, 0, count=1, commit=1) == [0]
    with kafka.admin() as admin:
        admin.delete_records({TopicPartition(orders, 0): 3})
    if known:
        rows = eventually(lambda: watching.lag(orders)[group]["status"], lambda status: status == "retention")
        assert rows == "retention"
        assert answers(watching, orders, 5)[1:3] == [("skipped", "retention")] * 2
    assert handle(service, orders, group, 4) == [3, 4]
    reason, severity = ("retention", "error") if known else ("offset reset", "info")
    assert answers(here, orders, 5)[1:3] == [("skipped", reason)] * 2
    assert here.kinds(orders) == [("skipped", severity, reason)] * 2


def first_readable(kafka, orders):
    """Return the offset of the first record that is still there."""
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest")
    consumer.assign([TopicPartition(orders, 0)])
    try:
        for messages in consumer.poll(5000).values():
            return messages[0].offset
    finally:
        consumer.close()
    return -1


@pytest.mark.slow
def test_compaction(kafka, topic, topic_name, run_watched, watching):
    """Records that later ones of their key replaced are no loss, and nobody was to read them."""
    orders, group = (
        topic(
            "orders",
            configs={"cleanup.policy": "compact", "segment.ms": 100, "min.cleanable.dirty.ratio": 0.01},
        ),
        topic_name("payment"),
    )
    published(run_watched, orders, 4, key="a")
    producer = run_watched("producer")

    def replaced():
        """Begin new segments until the cleaner has been there."""
        producer.do("send", topic=orders, partition=0, key="a")
        return first_readable(kafka, orders)

    assert eventually(replaced, lambda first: first >= 4, 120) >= 4
    producer.do("send", topic=orders, partition=0, key="b", id=f"{orders}-last")
    producer.stop()
    member = run_watched("polling", service="payment", topic=orders, group=group, commit=True)
    eventually(
        lambda: watching.event(f"{orders}-last")["consumed"][:1],
        lambda lines: bool(lines) and lines[0]["answer"] == "processed",
    )
    member.stop()
    assert set(answers(watching, orders, 4)) <= {("not-expected", "compacted"), ("not-expected", "before start")}
    assert watching.kinds(orders) == []
