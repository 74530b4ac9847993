"""Positions moved by will: a seek back, and an administrator's reset while the group is away."""

import pytest
from kafka import TopicPartition
from kafka.admin import OffsetSpec

from tests.e2e.product import eventually
from tests.e2e.truth import Claim, Truth, assert_told, read_log, sampled_at, told_handled, told_sent


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


@pytest.mark.parametrize("watched", [False, True], ids=["unwatched", "watched"])
def test_an_administrator_resets_a_group_forward_and_back(request, watched, kafka, topic, topic_name):
    """Back: a replay of what had been handed out. Forward: skipped by the broker's word; without it unknown."""
    run = request.getfixturevalue("run_watched" if watched else "run")
    collector = request.getfixturevalue("watching" if watched else "collector")
    orders, group = topic("orders"), topic_name("payment")
    producer = run("producer")
    members = []

    def be_seen():
        """Wait for two whole rounds of the watcher that began after this."""
        for _ in range(3 if watched else 0):
            before = sampled_at(collector)
            assert eventually(lambda: sampled_at(collector), lambda now, before=before: now != before) != before

    def publish(*numbers):
        for number in numbers:
            producer.do("post", topic=orders, id=f"{orders}-{number}")
        producer.do("settle")

    def reset(offset):
        be_seen()
        with kafka.admin() as admin:
            admin.reset_group_offsets(group, {TopicPartition(orders, 0): offset})
        be_seen()

    def handle(*offsets):
        config = {"enable_auto_commit": False}
        member = run("polling", service="payment", topic=orders, group=group, commit=True, config=config)
        while member.hear("handled")["handled"] < len(offsets):
            pass
        be_seen()
        member.stop()
        assert [row.offset for row in told_handled(member)] == list(offsets)
        members.append(member)

    def assert_so(*replayed, passed_over=()):
        names = [f"{orders}-{offset}" for offset in passed_over]
        unknown = ("unknown", "the position has passed it, and no delivery was seen")
        skipped = ("skipped", "offset reset")
        claims = [
            Claim(
                "replay", "info", "reset", orders, 0, offsets, group, tuple(f"{orders}-{offset}" for offset in offsets)
            )
            for offsets in replayed
        ]
        if watched:
            claims += [
                Claim("skipped", "info", "offset reset", orders, 0, (offset,), group, (name,))
                for offset, name in zip(passed_over, names, strict=True)
            ]
        truth = Truth(
            told_sent(producer),
            told_handled(*members),
            read_log(kafka, orders),
            {orders: [group]},
            claims,
            consumed={(name, group): skipped if watched else unknown for name in names},
            doubtful=() if watched else names,
        )
        assert_told(collector, truth)

    publish(0, 1, 2, 3)
    handle(0, 1, 2, 3)
    publish(4, 5, 6, 7)
    reset(6)
    handle(6, 7)
    assert_so(passed_over=(4, 5))
    reset(6)
    handle(6, 7)
    assert_so((6, 7), passed_over=(4, 5))
    reset(2)
    handle(2, 3, 4, 5, 6, 7)
    assert_so((6, 7), (2, 3), (6, 7))
