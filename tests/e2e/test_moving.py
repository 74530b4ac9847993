"""Positions moved by will: a seek back, and an administrator's reset while the group is away."""

from kafka import TopicPartition
from kafka.admin import OffsetSpec


def test_a_seek_back_is_a_replay_and_nothing_else(run, collector, topic, topic_name):
    """Records that are handed out again after a seek were wanted: a replay as a range, and no duplicate."""
    orders, group = topic("orders"), topic_name("payment")
    producer = run("producer")
    producer.do("send_many", topic=orders, id=orders, first=0, count=4)
    producer.stop()
    consumer = run("seeking", service="payment", topic=orders, group=group, count=4, back_to=1)
    assert consumer.hear("handled")["handled"] == [0, 1, 2, 3, 1, 2, 3]
    consumer.stop()
    (found,) = collector.findings(orders)
    assert (found["kind"], found["severity"], found["reason"]) == ("replay", "info", "seek")
    assert (found["group"], found["offsets"]) == (group, [1, 2, 3])
    event = collector.event(f"{orders}-2")
    assert (event["duplicated"]["answer"], event["reordered"]["answer"]) == ("no", "no")
    assert [line["answer"] for line in event["consumed"]] == ["processed"]
    assert len(event["consumed"][0]["deliveries"]) == 2


def test_an_administrator_resets_a_group_that_is_away(run, collector, kafka, topic, topic_name):
    """The next member begins below what was committed: somebody moved the group, a replay."""
    orders, group = topic("orders"), topic_name("payment")
    producer = run("producer")
    producer.do("send_many", topic=orders, id=orders, first=0, count=3)
    told = {"service": "payment", "topic": orders, "group": group, "commit": True}
    for turn in range(2):
        if turn:
            with kafka.admin() as admin:
                admin.reset_group_offsets(group, {TopicPartition(orders, 0): OffsetSpec.EARLIEST})
        member = run("polling", config={"enable_auto_commit": False}, **told)
        while member.hear("handled")["handled"] < 3:
            pass
        member.stop()
    producer.stop()
    (found,) = collector.findings(orders)
    assert (found["kind"], found["severity"], found["reason"]) == ("replay", "info", "reset")
    assert found["offsets"] == [0, 1, 2]
    assert collector.event(f"{orders}-1")["duplicated"]["answer"] == "no"
