"""A partition changes hands: by a crash in the middle of a batch, and in order without a commit."""

import time

import pytest

from tests.e2e.product import eventually
from tests.e2e.truth import Claim, Truth, assert_told, read_log, redeliveries, told_handled, told_sent

CLOCK_BOUND = 5.5
"""Seconds after a takeover from which on records are certainly not what the crashed owner had."""
MANUAL = {"enable_auto_commit": False, "heartbeat_interval_ms": 500}


def two_members(run, orders, group, first, second):
    """Start two members of a group over two partitions; return them and the partition that the first one owns."""
    told = {"service": "payment", "topic": orders, "group": group, "flush": True}
    one = run("polling", **{**told, "commit": True, **first})
    while one.hear("assigned")["assigned"] != [0, 1]:
        pass
    other = run("polling", **{**told, "commit": True, **second})
    while len(theirs := other.hear("assigned")["assigned"]) != 1:
        pass
    while len(owned := one.hear("assigned")["assigned"]) != 1:
        pass
    assert owned != theirs
    return one, other, owned[0]


@pytest.mark.slow
def test_a_member_is_killed_in_the_middle_of_a_batch(run, collector, topic, topic_name):
    """Ask tells the truth of events before, at and after the kill; what was done twice is a redelivery, a warning."""
    orders, group = topic("orders", partitions=2), topic_name("payment")
    victim, heir, place = two_members(
        run,
        orders,
        group,
        {"hold_at": 5, "config": {**MANUAL, "session_timeout_ms": 4000, "max_poll_records": 10}},
        {"config": {**MANUAL, "session_timeout_ms": 30_000, "max_poll_records": 10}},
    )
    producer = run("producer", config={"linger_ms": 200})
    send = {"topic": orders, "partition": place, "id": orders, "flow": orders}
    producer.do("send_many", first=0, count=3, **send)
    while victim.hear("handled")["handled"] < 3:
        pass
    producer.do("send_many", first=3, count=5, **send)  # one batch: 3 and 4 are done, 5 is at hand, 6 and 7 wait
    victim.hear("held")
    victim.kill()
    while heir.hear("handled")["handled"] < 5:
        pass
    taken_over = time.time()
    eventually(time.time, lambda now: now > taken_over + CLOCK_BOUND)
    producer.do("send_many", first=8, count=2, **send)
    while heir.hear("handled")["handled"] < 7:
        pass
    heir.stop()
    producer.stop()
    told = collector.flow(orders)
    events = [told[f"{orders}-{number}"] for number in range(10)]
    assert [event["published"]["reason"] for event in events] == ["acked"] * 10
    lines = [event["consumed"][0] for event in events]
    assert [(line["group"], line["answer"]) for line in lines] == [(group, "processed")] * 10
    outcomes = [[delivery["outcome"] for delivery in line["deliveries"]] for line in lines]
    assert outcomes[:3] == [["ok"]] * 3  # committed before the kill
    assert outcomes[3:5] == [["ok", "ok"]] * 2
    assert [row[-1] for row in outcomes[5:8]] == ["ok"] * 3
    assert outcomes[8:] == [["ok"]] * 2
    duplicated = [event["duplicated"]["answer"] for event in events]
    assert duplicated[:5] + duplicated[8:] == ["no"] * 3 + ["yes"] * 2 + ["no"] * 2
    found = collector.findings(orders)
    assert {row["kind"] for row in found} == {"redelivery"}
    severities = {row["offsets"][0]: (row["severity"], row["reason"]) for row in found}
    assert severities[3] == severities[4] == ("warning", "rebalance")
    assert set(severities) == {3, 4, 5, 6, 7}
    assert {severity for severity, _ in severities.values()} <= {"warning", "info"}
    members = [delivery["member"] for delivery in lines[3]["deliveries"]]
    assert len(set(members)) == 2


def leave_uncommitted(producer, leaver, orders, place):
    """Let a member handle two messages and leave when only the first is committed."""
    producer.do("send", topic=orders, partition=place, id=f"{orders}-committed")
    while leaver.hear("handled")["handled"] < 1:
        pass
    producer.do("send", topic=orders, partition=place, id=orders)
    while leaver.hear("handled")["handled"] < 2:
        pass
    leaver.stop()


def assert_handled_twice(collector, orders, group, reason):
    """Assert one redelivery, an error, of the message that was not committed."""
    (found,) = collector.findings(orders)
    assert (found["kind"], found["severity"], found["reason"]) == ("redelivery", "error", reason)
    assert (found["group"], found["offsets"], found["message_ids"]) == (group, [1], [orders])
    event = collector.event(orders)
    (line,) = event["consumed"]
    assert line["answer"] == "processed"
    assert [delivery["outcome"] for delivery in line["deliveries"]] == ["ok", "ok"]
    assert event["duplicated"]["answer"] == "yes"
    assert collector.event(f"{orders}-committed")["duplicated"]["answer"] == "no"


@pytest.mark.slow
def test_the_next_is_there_when_a_member_leaves_without_committing(run, collector, topic, topic_name):
    """A graceful handover without a commit: both processings ended ok and nothing is hidden, so it is an error."""
    orders, group = topic("orders", partitions=2), topic_name("payment")
    leaver, heir, place = two_members(run, orders, group, {"config": MANUAL, "commit_until": 1}, {"config": MANUAL})
    producer = run("producer")
    leave_uncommitted(producer, leaver, orders, place)
    heir.hear("handled")
    heir.stop()
    producer.stop()
    assert_handled_twice(collector, orders, group, "rebalance")


def test_the_next_is_started_when_a_member_has_left_without_committing(run, collector, topic, topic_name):
    """The same, with a member that comes after the first has gone: a restart."""
    orders, group = topic("orders"), topic_name("payment")
    told = {"service": "payment", "topic": orders, "group": group, "commit": True, "config": MANUAL}
    producer = run("producer")
    leave_uncommitted(producer, run("polling", commit_until=1, **told), orders, 0)
    producer.stop()
    heir = run("polling", **told)
    heir.hear("handled")
    heir.stop()
    assert_handled_twice(collector, orders, group, "restart")


def test_a_group_that_never_committed_handles_everything_twice(run, collector, topic, topic_name):
    """Nobody moved the group back: it begins at the beginning again because nothing was ever committed."""
    orders, group = topic("orders"), topic_name("payment")
    producer = run("producer")
    producer.do("send", topic=orders, id=orders)
    for _ in range(2):
        member = run("polling", service="payment", topic=orders, group=group, config=MANUAL)
        member.hear("handled")
        member.stop()
    producer.stop()
    assert collector.kinds(orders) == [("redelivery", "error", "restart")]


@pytest.mark.slow
def test_an_iterating_member_is_killed_in_the_loop(run, collector, topic, topic_name):
    """Plain iteration with auto-commit, killed in the body, and an heir: everything is handled, nothing is an error."""
    orders, group = topic("orders"), topic_name("payment")
    producer = run("producer")
    for number in range(4):
        producer.do("send", topic=orders, id=f"{orders}-{number}", flow=orders)
    told = {"service": "payment", "topic": orders, "group": group}
    victim = run("iterating", hold_at=2, count=4, config={"session_timeout_ms": 4000}, **told)
    victim.hear("held")
    victim.kill()
    heir = run("polling", **told)
    while heir.hear("handled")["handled"] < 2:
        pass
    heir.stop()
    producer.stop()
    events = collector.flow(orders)
    assert len(events) == 4
    for event in events.values():
        assert [line["answer"] for line in event["consumed"]] == ["processed"]
    assert [row for row in collector.findings(orders) if row["severity"] == "error"] == []


@pytest.mark.slow
@pytest.mark.parametrize("back", ["at once", "later"])
def test_a_lone_member_is_killed_and_started_again(run, collector, kafka, topic, topic_name, back):
    """What it had handled and not committed is handled twice: a warning, as a dead process may have hidden a move back.

    What it had in hand as it died is handed out twice as well.
    """
    orders, group = topic("orders"), topic_name("payment")
    producer = run("producer")

    def post(*numbers):
        for number in numbers:
            producer.do("post", topic=orders, id=f"{orders}-{number}", flush=False)
        producer.do("settle")

    told = {"service": "payment", "topic": orders, "group": group, "flush": True, "commit": True}
    # Who is back at once joins before the group has noticed, also on a busy machine.
    noticed = {"at once": 6000, "later": 2000}[back]
    config = {**MANUAL, "session_timeout_ms": noticed, "max_poll_records": 1}
    victim = run("polling", commit_until=2, hold_at=4, config=config, **told)
    post(0, 1, 2, 3, 4)
    victim.hear("held")
    victim.kill()
    if back == "later":
        with kafka.admin() as admin:
            eventually(lambda: admin.describe_groups([group])[group]["group_state"], lambda state: state == "Empty")
    heir = run("polling", **told, config=config)
    while heir.hear("handled")["handled"] < 3:
        pass
    post(5)
    heir.hear("handled")
    heir.stop()
    producer.stop()
    claims = [
        Claim("redelivery", "warning", "restart", orders, 0, (offset,), group, (f"{orders}-{offset}",))
        for offset in (2, 3, 4)
    ]
    handled = told_handled(victim, heir)
    assert [row.offset for row in handled] == [0, 1, 2, 3, 2, 3, 4, 5]
    # The broker counts a generation for a group that is empty; another owner may hide in the one that is missing.
    doubtful = {row.id for row in handled} - {f"{orders}-5"} if back == "later" else ()
    log = read_log(kafka, orders)
    assert_told(collector, Truth(told_sent(producer), handled, log, {orders: [group]}, claims, doubtful=doubtful))


def test_a_group_is_rebalanced_when_it_has_not_committed(run, collector, kafka, topic, topic_name):
    """Whoever takes over a partition handles everything behind the last commit a second time: each is an error."""
    orders, group = topic("orders", partitions=2), topic_name("payment")
    told = {"service": "payment", "topic": orders, "group": group, "config": MANUAL, "commit": True}
    producer = run("producer")

    def post(*numbers):
        for number in numbers:
            producer.do("post", topic=orders, id=f"{orders}-{number}", partition=number % 2, flush=False)
        producer.do("settle")

    one = run("polling", commit_until=4, **told)
    post(*range(4))
    while one.hear("handled")["handled"] < 4:
        pass
    post(*range(4, 10))
    while one.hear("handled")["handled"] < 10:
        pass
    other = run("polling", **told)
    while len(taken := other.hear("assigned")["assigned"]) != 1:
        pass
    post(10, 11)
    last = {f"{orders}-10", f"{orders}-11"}
    eventually(lambda: {row.id for row in told_handled(one, other)}, lambda names: last <= names)
    one.stop()
    other.stop()
    producer.stop()
    handled = told_handled(one, other)
    claims = redeliveries(handled, "rebalance")
    assert {claim.offsets for claim in claims if claim.partition == taken[0]} == {(2,), (3,), (4,)}
    assert_told(collector, Truth(told_sent(producer), handled, read_log(kafka, orders), {orders: [group]}, claims))


HANGING = {"hold_at": 1, "config": {**MANUAL, "max_poll_interval_ms": 2000}}
"""What makes a member hang at its second message for longer than the group waits for it."""


def post_at_once(producer, orders, place):
    """Send three messages in one batch, so that one poll brings them all."""
    for number in range(3):
        producer.do("post", topic=orders, id=f"{orders}-{number}", partition=place, flush=False)
    producer.do("settle")


def all_handled_twice(kafka, orders, group, reason, producer, *members):
    """Return the truth of three redeliveries and nothing else."""
    handled = told_handled(*members)
    claims = redeliveries(handled, reason)
    assert {claim.offsets for claim in claims} == {(0,), (1,), (2,)}
    return Truth(told_sent(producer), handled, read_log(kafka, orders), {orders: [group]}, claims)


@pytest.mark.slow
def test_a_member_hangs_until_another_has_its_partition(run, collector, kafka, topic, topic_name):
    """It goes on with what it had in hand, and its commit is refused: a rebalance, for which all was handled twice."""
    orders, group = topic("orders", partitions=2), topic_name("payment")
    one, other, place = two_members(run, orders, group, HANGING, {"config": MANUAL})
    producer = run("producer", config={"linger_ms": 100})
    post_at_once(producer, orders, place)
    one.hear("held")
    while other.hear("handled")["handled"] < 3:
        pass
    for service in (one, other, producer):
        service.stop()
    assert one.last("refused")
    assert_told(collector, all_handled_twice(kafka, orders, group, "rebalance", producer, one, other))


@pytest.mark.slow
def test_a_member_hangs_until_its_commit_is_refused(run, collector, kafka, topic, topic_name):
    """It joins again and handles all of it once more, because its commit was lost: a warning.

    Nobody else was there, and the broker alone knows that: one of the generations in between may have had an owner.
    """
    orders, group = topic("orders"), topic_name("payment")
    producer = run("producer", config={"linger_ms": 100})
    post_at_once(producer, orders, 0)
    member = run("polling", service="payment", topic=orders, group=group, commit=True, **HANGING)
    member.hear("held")
    with kafka.admin() as admin:
        eventually(lambda: admin.describe_groups([group])[group]["group_state"], lambda state: state == "Empty")
    member.tell(go=True)
    while member.hear("handled")["handled"] < 6:
        pass
    member.stop()
    producer.stop()
    assert member.last("refused")
    truth = all_handled_twice(kafka, orders, group, "commit lost", producer, member)
    truth.claims = [claim._replace(severity="warning") for claim in truth.claims]
    truth.doubtful = [row.id for row in truth.sent]
    assert_told(collector, truth)
