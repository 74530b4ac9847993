"""Records that a group came past and was never handed: skipped, lost, or as it should be."""

from __future__ import annotations

import pytest

from tests.histories.parts import handle, member_of, orders_of
from tests.histories.world import CONSUMER, PRODUCER

LOST = ("lost", "error")
SKIPPED = ("skipped", "error")


def read_around(world, sent, missed, *, generation=1, group="payment", **more):
    """Let a member read all that was sent, but for the offsets `missed`, in one ownership."""
    member = member_of(world, group=group, at=sent[0].offset, generation=generation, **more)
    for order in sent:
        if order.offset not in missed:
            handle(member, order)
    return member


def test_a_record_that_everybody_read_past_is_lost(told, world):
    """Offset 1 was acked; the only group was handed 0 and 2 and never 1."""
    sent = orders_of(world, 3)
    read_around(world, sent, {1}).close()
    store = told(world)
    line = store.line(sent[1].id, "payment")
    assert (line["answer"], line["reason"], line["grade"]) == ("skipped", "read past", "A")
    assert set(line["evidence"]) >= set(store.finding("skipped")["evidence"]) - {sent[1].span.ref}
    assert line["evidence"]
    assert store.published(sent[1].id) == ("yes", "acked")
    assert store.kinds() == [LOST, SKIPPED]
    lost = store.finding("lost")
    assert (lost["destination"], lost["partition"], lost["offsets"]) == ("orders", 0, [1])
    assert lost["message_ids"] == [sent[1].id]
    assert lost["group"] is None
    assert sent[1].span.ref in lost["evidence"]
    skipped = store.finding("skipped")
    assert (skipped["group"], skipped["offsets"], skipped["reason"]) == ("payment", [1], "read past")
    assert [row["kind"] for row in store.event(sent[1].id)["findings"]] == ["lost", "skipped"]
    assert store.kinds() == [LOST, SKIPPED]


def test_a_hole_in_one_poll_is_told_by_its_runs(told, world):
    """One range 0-3 that held 0, 2 and 3: offset 1 was not handed out."""
    sent = orders_of(world, 4)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 3, count=3, runs="0,2-3")
    handle(payment, sent[0], sent[2], sent[3], poll=False)
    payment.close()
    assert told(world).kinds() == [LOST, SKIPPED]


def test_a_range_that_counts_less_and_names_no_runs_is_unknown(told, world):
    """Three of four records were handed out, and nobody knows which."""
    sent = orders_of(world, 4)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 3, count=3)
    handle(payment, sent[0], sent[2], sent[3], poll=False)
    payment.close()
    store = told(world)
    assert store.consumed(sent[1].id, "payment") == "unknown"
    assert store.kinds() == []


def test_several_in_a_row(told, world):
    """Ten records in a row were never handed out: one finding for each."""
    sent = orders_of(world, 30)
    read_around(world, sent, set(range(10, 20))).close()
    store = told(world)
    assert store.kinds() == [LOST] * 10 + [SKIPPED] * 10
    assert store.consumed(sent[15].id, "payment") == "skipped"
    assert {row["offsets"][0] for row in store.findings("lost")} == set(range(10, 20))


def test_skipped_by_one_group_and_read_by_another(told, world):
    """Somebody was handed it: it is not lost."""
    sent = orders_of(world, 3)
    read_around(world, sent, {1}).close()
    audit = member_of(world, group="audit")
    handle(audit, *sent)
    audit.close()
    store = told(world)
    assert store.answers(sent[1].id) == {"payment": "skipped", "audit": "processed"}
    assert store.kinds() == [SKIPPED]


def test_lost_while_another_group_has_yet_to_come(told, world):
    """Pending for one group and lost by the other's witness: both stand."""
    sent = orders_of(world, 3)
    read_around(world, sent, {1}).close()
    audit = member_of(world, group="audit")
    handle(audit, sent[0])
    store = told(world)
    assert store.answers(sent[1].id) == {"payment": "skipped", "audit": "pending"}
    assert store.kinds() == [LOST, SKIPPED]


def test_a_commit_beyond_it_is_skipped_and_not_lost(told, world):
    """The member committed past it and was handed nothing beyond: no witness that there was something to read."""
    sent = orders_of(world, 3)
    payment = member_of(world)
    handle(payment, sent[0], commit=False)
    payment.commit("orders", 0, 3)
    payment.close()
    store = told(world)
    assert store.consumed(sent[1].id, "payment") == "skipped"
    assert store.kinds() == [SKIPPED, SKIPPED]


def test_a_jump_between_owners_proves_nothing(told, world):
    """One owner stopped at 1, the next was assigned 2."""
    sent = orders_of(world, 3)
    first = member_of(world)
    handle(first, sent[0])
    first.revoke("orders", 0, 1)
    first.close()
    second = member_of(world, at=2, generation=2)
    handle(second, sent[2])
    second.close()
    store = told(world)
    assert store.consumed(sent[1].id, "payment") == "unknown"
    assert store.kinds() == []


def test_a_record_that_is_not_reached_yet_is_pending(told, world):
    """The group stands before it."""
    sent = orders_of(world, 3)
    payment = member_of(world)
    handle(payment, sent[0])
    store = told(world)
    assert store.consumed(sent[2].id, "payment") == "pending"
    assert store.kinds() == []


def test_the_group_began_later(told, world):
    """Below the group's start nothing is skipped."""
    sent = orders_of(world, 4)
    payment = member_of(world, at=2)
    handle(payment, sent[2], sent[3])
    payment.close()
    store = told(world)
    line = store.line(sent[0].id, "payment")
    assert (line["answer"], line["reason"]) == ("not-expected", "before start")
    assert store.kinds() == []


@pytest.mark.parametrize("reason", ["seek", "reset"])
def test_somebody_moved_the_group_beyond_it(told, world, reason):
    """A forward seek or reset: skipped, for information, and never lost."""
    sent = orders_of(world, 6)
    payment = member_of(world)
    handle(payment, sent[0])
    payment.moved(reason, "orders", 0, 4)
    handle(payment, sent[4], sent[5])
    payment.close()
    store = told(world)
    line = store.line(sent[2].id, "payment")
    assert (line["answer"], line["reason"]) == ("skipped", "offset reset")
    assert store.kinds() == [("skipped", "info")] * 3


def test_a_seek_forward_after_it_was_read_past(told, world):
    """What was passed before the seek was passed by reading on."""
    sent = orders_of(world, 6)
    payment = read_around(world, sent[:3], {1})
    payment.seek("orders", 0, 5)
    handle(payment, sent[5])
    payment.close()
    store = told(world)
    assert store.line(sent[1].id, "payment")["reason"] == "read past"
    assert store.line(sent[3].id, "payment")["reason"] == "offset reset"
    assert store.kinds() == [LOST, SKIPPED, ("skipped", "info"), ("skipped", "info")]


@pytest.mark.parametrize("lost", ["hole", "tail"])
def test_missing_telemetry_of_a_member_forbids_it(told, world, lost):
    """The delivery may be what did not arrive."""
    sent = orders_of(world, 4)
    if lost == "hole":
        payment = member_of(world)
        handle(payment, sent[0])
        payment.skip_number(3)
        handle(payment, *sent[2:])
        payment.close()
    else:
        first = member_of(world)
        handle(first, sent[0])
        world.wait(1000)
        second = member_of(world, at=1, generation=2)
        handle(second, *sent[2:])
        second.close()
    store = told(world)
    assert store.consumed(sent[1].id, "payment") == "unknown"
    assert {row["kind"] for row in store.findings()} <= {"telemetry-gap"}


def test_a_foreign_group_beside_it_forbids_lost(told, world):
    """Whoever is not covered may have been handed it."""
    sent = orders_of(world, 3)
    read_around(world, sent, {1}).close()
    other = world.foreign("audit", "some.instrumentation", **{"service.instance.id": "audit-1"})
    other.span(
        "poll",
        kind=5,
        attributes={
            "messaging.system": "kafka",
            "messaging.operation.type": "receive",
            "messaging.destination.name": "orders",
            "messaging.consumer.group.name": "audit",
            "messaging.destination.partition.id": "0",
            "messaging.kafka.offset": 0,
        },
    )
    assert told(world).kinds() == [SKIPPED]


def test_aborted_and_open_transactions(told, world):
    """Records of an aborted transaction are read past as they should be; of an open one nobody knows yet."""
    shop = world.service("shop")
    sent = [
        shop.send("orders", 0, 0),
        shop.send("orders", 0, 1, attributes={"flowtrail.transaction.id": "t"}),
    ]
    shop.end_transaction("t", "aborted")
    sent.append(shop.send("orders", 0, 3))
    other = world.service("other-shop")
    sent.append(other.send("orders", 0, 4, attributes={"flowtrail.transaction.id": "u"}))
    sent.append(shop.send("orders", 0, 5))
    shop.close()
    read_around(world, sent, {1, 4}).close()
    store = told(world)
    assert store.line(sent[1].id, "payment")["reason"] == "aborted"
    assert store.consumed(sent[3].id, "payment") == "unknown"
    assert store.kinds() == []


class TestCompaction:
    """A hole may be a record that a later one of its key replaced."""

    def history(self, world, keys="aba"):
        sent = orders_of(world, len(keys), keys=lambda n: None if keys[n] == "-" else keys[n])
        read_around(world, sent, {0}).close()
        return sent

    def test_a_later_record_of_the_key_may_explain_it(self, told, world):
        """The topic may be compacted: nobody said it is not."""
        sent = self.history(world)
        store = told(world)
        line = store.line(sent[0].id, "payment")
        assert (line["answer"], line["reason"]) == ("unknown", "may have been compacted away")
        assert store.kinds() == []

    @pytest.mark.parametrize("keys", ["abb", "-a-"])
    def test_without_one_it_is_lost(self, told, world, keys):
        """No later record of its key; records without a key are never compacted away."""
        self.history(world, keys)
        assert told(world).kinds() == [LOST, SKIPPED]

    def test_a_send_in_doubt_of_the_key_may_explain_it(self, told, world):
        """A later record of the key may be there without an ack."""
        sent = self.history(world, "abb")
        world.service("shop").send("orders", None, None, key="a", outcome="in-doubt")
        store = told(world)
        assert store.consumed(sent[0].id, "payment") == "unknown"
        assert not store.findings("lost", "skipped")

    def test_the_broker_says_it_is_compacted(self, told, world):
        """Then the group had nothing to read there."""
        sent = self.history(world)
        store = told(world).broker(policy="compact")
        line = store.line(sent[0].id, "payment")
        assert (line["answer"], line["reason"]) == ("not-expected", "compacted")
        assert store.kinds() == []

    def test_what_another_group_was_handed_was_there(self, told, world):
        """The broker says that the topic is compacted, yet somebody read it: whether it was gone by then is open."""
        sent = self.history(world)
        audit = member_of(world, "audit")
        handle(audit, *sent)
        audit.commit("orders", 0, 3)
        audit.close()
        line = told(world).broker(policy="compact").line(sent[0].id, "payment")
        assert (line["answer"], line["reason"]) == ("unknown", "may have been compacted away")

    def test_what_another_group_processed_was_there(self, told, world):
        """Another instrumentation tells of no receive, and of the processing: the record was there."""
        sent = self.history(world)
        audit = world.foreign("audit", "io.opentelemetry.kafka-clients-0.11")
        kafka = {"messaging.system": "kafka", "messaging.destination.name": "orders", "messaging.operation": "process"}
        record = {"messaging.destination.partition.id": "0", "messaging.kafka.message.offset": 0}
        audit.span("orders process", CONSUMER, kafka | record)
        line = told(world).broker(policy="compact").line(sent[0].id, "payment")
        assert (line["answer"], line["reason"]) == ("unknown", "may have been compacted away")

    def test_the_broker_says_it_is_not(self, told, world):
        """Then nothing excuses it."""
        self.history(world)
        assert told(world).broker(policy="delete").kinds() == [LOST, SKIPPED]


class TestRetention:
    """The log start passed records that a group had still to read."""

    def history(self, world):
        """Read 0, go away, come back when 1 to 3 are gone: the client is reset to 4."""
        sent = orders_of(world, 6)
        payment = member_of(world)
        handle(payment, sent[0])
        payment.revoke("orders", 0, 1)
        payment.close()
        again = member_of(world, at=1, generation=2)
        again.reset("orders", 0, 4)
        handle(again, sent[4], sent[5])
        again.close()
        return sent

    def test_without_the_brokers_word_it_is_an_offset_reset(self, told, world):
        """Nobody knows why the position was moved."""
        sent = self.history(world)
        store = told(world)
        assert store.line(sent[2].id, "payment")["reason"] == "offset reset"
        assert store.kinds() == [("skipped", "info")] * 3

    def test_with_it_an_error(self, told, world):
        """The group lost what it still had to read; it is not `lost`: it stood in the log until its time was up."""
        sent = self.history(world)
        store = told(world).broker(log_starts=[(0, 0), (5, 4)])
        line = store.line(sent[2].id, "payment")
        assert (line["answer"], line["reason"]) == ("skipped", "retention")
        assert store.kinds() == [SKIPPED] * 3
        assert "retention" in store.findings("skipped")[0]["summary"]

    def test_a_group_that_is_still_away(self, told, world):
        """Its position is below the log start: what is between is gone for it."""
        sent = orders_of(world, 6)
        payment = member_of(world)
        handle(payment, sent[0])
        payment.revoke("orders", 0, 1)
        payment.close()
        store = told(world).broker(log_starts=[(0, 0), (5, 4)])
        assert store.line(sent[2].id, "payment")["reason"] == "retention"
        assert store.consumed(sent[4].id, "payment") == "pending"
        assert store.kinds() == [SKIPPED] * 3

    def test_a_seek_beyond_is_no_retention(self, told, world):
        """Somebody moved the group, and the log start came later."""
        sent = orders_of(world, 6)
        payment = member_of(world)
        handle(payment, sent[0])
        payment.seek("orders", 0, 4)
        handle(payment, sent[4], sent[5])
        payment.close()
        store = told(world).broker(log_starts=[(0, 0), (5, 4)])
        assert store.kinds() == [("skipped", "info")] * 3
        assert store.line(sent[2].id, "payment")["reason"] == "offset reset"

    def test_gone_before_the_group_came(self, told, world):
        """The log began at 3 when the group first came, wherever it was assigned."""
        sent = orders_of(world, 6)
        world.wait(60_000)
        payment = member_of(world)
        handle(payment, *sent[3:])
        payment.close()
        store = told(world).broker(log_starts=[(0, 0), (30, 3)])
        line = store.line(sent[1].id, "payment")
        assert (line["answer"], line["reason"]) == ("not-expected", "before start")
        assert store.kinds() == []


def test_a_topic_that_was_created_again_unseen(told, world):
    """The broker tells of two topics of that name, and nothing says which records are whose."""
    sent = orders_of(world, 3)
    read_around(world, sent, {1}).close()
    store = told(world).broker(log_starts=[(0, 0)], topic="first").broker(log_starts=[(5, 0)], topic="second")
    assert store.consumed(sent[1].id, "payment") == "unknown"
    assert store.kinds() == []


def test_late_telemetry_takes_it_back(told, world):
    """The member's spans of another process arrive a day later: the record was read there."""
    sent = orders_of(world, 3)
    read_around(world, sent, {1}).close()
    before = len(world.spans)
    audit = member_of(world, group="audit")
    handle(audit, *sent)
    audit.close()
    store = told(world.spans[:before])
    assert store.kinds() == [LOST, SKIPPED]
    store.hear(world.spans[before:])
    assert store.kinds() == [SKIPPED]


def test_the_member_is_handed_it_after_all(told, world):
    """Moved back and handed out: nothing is skipped any more."""
    sent = orders_of(world, 3)
    payment = read_around(world, sent, {1})
    payment.seek("orders", 0, 1)
    handle(payment, sent[1], sent[2])
    payment.close()
    store = told(world)
    assert store.consumed(sent[1].id, "payment") == "processed"
    assert {row["kind"] for row in store.findings()} == {"replay"}


def test_a_resent_copy_that_was_read_does_not_hide_the_other(told, world):
    """The event stands at two offsets: one was handled, so the event is processed; the other record was lost."""
    shop = world.service("shop")
    first = shop.send("orders", 0, 0)
    other = shop.send("orders", 0, 1, id=first.id, seq=first.seq)
    last = shop.send("orders", 0, 2)
    shop.close()
    payment = member_of(world)
    handle(payment, first)
    handle(payment, last)
    payment.close()
    store = told(world)
    assert store.consumed(first.id, "payment") == "processed"
    assert store.finding("lost")["offsets"] == [other.offset]
    assert store.kinds() == [LOST, ("resend", "error"), SKIPPED]


def test_a_conflict_may_be_of_two_topics(told, world):
    """Two events at one record: an error, unless the broker tells of two topics of that name."""
    shop = world.service("shop")
    shop.send("orders", 0, 7)
    shop.send("orders", 0, 7)
    shop.close()
    store = told(world)
    assert store.kinds() == [("offset-conflict", "error")]
    store.broker(log_starts=[(0, 0)], topic="first").broker(log_starts=[(5, 0)], topic="second")
    assert store.kinds() == []


def test_whoever_owns_the_partition_may_have_been_handed_what_retention_deleted(told, world):
    """The log start passed records that a living owner had to read: it may have read them and not told yet."""
    sent = orders_of(world, 3)
    member_of(world)
    store = told(world).broker([(0, 0), (60, 2)])
    assert store.findings("skipped", "lost") == []
    assert store.consumed(sent[0].id, "payment") == "pending"


@pytest.mark.parametrize("hole", ["later", "earlier"])
def test_what_a_hole_of_the_producer_may_have_superseded(told, world, hole):
    """A later record of its key may hide in it, and the topic may be compacted. In an earlier hole none can hide."""
    shop = world.service("shop")
    if hole == "earlier":
        shop.skip_number()
    sent = [shop.send("orders", 0, 0, key="a"), shop.send("orders", 0, 1, key="b")]
    if hole == "later":
        shop.skip_number()
    sent.append(shop.send("orders", 0, 3, key="d"))
    shop.close()
    read_around(world, sent, {1}).close()
    store = told(world)
    if hole == "later":
        assert store.line(sent[1].id, "payment")["answer"] == "unknown"
        assert store.findings("lost", "skipped") == []
    else:
        assert [row["kind"] for row in store.findings("lost", "skipped")] == ["lost", "skipped"]


def test_what_a_foreign_producer_may_have_superseded(told, world):
    """Another instrumentation's service sends there too: of what it sent later, not all need be told."""
    sent = orders_of(world, 3, keys=str)
    world.foreign("legacy", "io.opentelemetry.kafka-clients-0.11").span(
        "orders publish",
        PRODUCER,
        {"messaging.system": "kafka", "messaging.operation": "publish", "messaging.destination.name": "orders"},
    )
    read_around(world, sent, {1}).close()
    assert told(world).findings("lost", "skipped") == []
