"""Records that a group came past on a real Kafka: moved, deleted, compacted away, or below its start."""

import itertools

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from tests.e2e.product import eventually
from tests.e2e.truth import Claim, Record, Truth, assert_told, read_log, told_handled, told_sent


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


def log_start(kafka, orders):
    """Return the offset at which the log begins."""
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap_servers)
    try:
        return consumer.beginning_offsets([TopicPartition(orders, 0)])[TopicPartition(orders, 0)]
    finally:
        consumer.close()


def keep_for(kafka, orders, milliseconds):
    """Set how long a topic keeps its records; -1 for ever."""
    with kafka.admin() as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, orders, {"retention.ms": str(milliseconds)})])


def post(producer, orders, *numbers, **more):
    """Publish some orders to partition 0."""
    for number in numbers:
        producer.do("post", topic=orders, id=f"{orders}-{number}", partition=0, **more)
    producer.do("settle")


def poll(run_watched, orders, group, count):
    """Run a member until it has handled so many."""
    config = {"enable_auto_commit": False}
    member = run_watched("polling", service="payment", topic=orders, group=group, commit=True, config=config)
    while member.hear("handled")["handled"] < count:
        pass
    member.stop()
    return member


def test_records_that_grow_too_old_before_they_are_read(run_watched, watching, kafka, topic, topic_name):
    """Retention by age deletes what a group that is away had still to read: skipped, an error, for each of them."""
    orders, group = topic("orders"), topic_name("payment")
    producer = run_watched("producer")
    post(producer, orders, 0, 1)
    members = [poll(run_watched, orders, group, 2)]
    post(producer, orders, 2, 3, 4)
    keep_for(kafka, orders, 1)
    assert eventually(lambda: log_start(kafka, orders), lambda start: start == 5) == 5
    keep_for(kafka, orders, -1)
    post(producer, orders, 5)
    eventually(lambda: watching.lag(orders)[group]["status"], lambda status: status == "retention")
    members.append(poll(run_watched, orders, group, 1))
    log = read_log(kafka, orders)
    assert [row.offset for row in log] == [5]
    gone = {f"{orders}-{number}": number for number in (2, 3, 4)}
    sent = told_sent(producer)
    truth = Truth(
        sent,
        told_handled(*members),
        [Record(orders, 0, number, row.id) for number, row in enumerate(sent)],
        {orders: [group]},
        [Claim("skipped", "error", "retention", orders, 0, (offset,), group, (name,)) for name, offset in gone.items()],
        consumed=dict.fromkeys([(name, group) for name in gone], ("skipped", "retention")),
    )
    assert_told(watching, truth)


@pytest.mark.slow
def test_compaction(kafka, topic, topic_name, run_watched, watching):
    """Records that later ones of their key replaced are no loss: nobody was to read what had gone when it came back."""
    policy = {"cleanup.policy": "compact", "segment.ms": 100, "min.cleanable.dirty.ratio": 0.01}
    orders, group = topic("orders", configs=policy), topic_name("payment")
    producer = run_watched("producer")
    numbers = itertools.count(2)
    post(producer, orders, 0, key="a")
    members = [poll(run_watched, orders, group, 1)]
    post(producer, orders, 1, key="b")

    def standing():
        """Begin new segments until the cleaner has been there."""
        post(producer, orders, next(numbers), key="a")
        return [row.offset for row in read_log(kafka, orders)]

    assert 2 not in eventually(standing, lambda offsets: 2 not in offsets, 120)
    post(producer, orders, last := next(numbers), key="b")
    member = run_watched("polling", service="payment", topic=orders, group=group, commit=True)
    while f"{orders}-{last}" not in {row.id for row in told_handled(member)}:
        member.hear("noted")
    member.stop()
    members.append(member)
    producer.stop()
    sent, handled = told_sent(producer), told_handled(*members)
    replaced = [row.id for row in sent if row.id not in {row.id for row in handled}]
    assert replaced
    assert not {row.id for row in read_log(kafka, orders)}.intersection(replaced)
    truth = Truth(
        sent,
        handled,
        [Record(orders, 0, number, row.id) for number, row in enumerate(sent)],
        {orders: [group]},
        consumed=dict.fromkeys([(name, group) for name in replaced], ("not-expected", "compacted")),
    )
    assert_told(watching, truth)
