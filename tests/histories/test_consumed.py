"""Who consumed it? Every answer, and the twin history in which the same rows mean something else."""

from __future__ import annotations

import pytest

from tests.histories.parts import member_of, orders_of


def test_handled_once_is_processed(told, world):
    """One processing ended ok: processed, grade A, one delivery with its times and the latency since the send began."""
    (order,) = orders_of(world, 1, first=5)
    payment = member_of(world, at=5)
    payment.receive("orders", 0, 5)
    span = payment.process(order, attempt=1)
    payment.commit("orders", 0, 6)
    payment.close()
    store = told(world)
    line = store.line(order.id, "payment")
    assert (line["answer"], line["grade"]) == ("processed", "A")
    assert "assumed" not in line
    (delivery,) = line["deliveries"]
    assert {name: delivery[name] for name in ("partition", "offset", "member", "attempt", "outcome")} == {
        "partition": 0,
        "offset": 5,
        "member": payment.member,
        "attempt": 1,
        "outcome": "ok",
    }
    assert delivery["latency_ms"] == (span.end_ns - order.span.start_ns) / 1e6
    assert span.ref in line["evidence"]
    event = store.event(order.id)
    assert event["duplicated"] == {"answer": "no", "findings": []}
    assert event["reordered"] == {"answer": "no", "findings": []}
    assert event["findings"] == []
    assert store.kinds() == []


def test_each_group_has_its_own_line(told, world):
    """Two groups that were seen on the destination: one handled it, the other has not got there."""
    first, second = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(first)
    payment.process(second)
    payment.commit("orders", 0, 2)
    kitchen = member_of(world, "kitchen")
    kitchen.receive("orders", 0, 0)
    kitchen.process(first)
    kitchen.commit("orders", 0, 1)
    store = told(world)
    assert store.answers(second.id) == {"payment": "processed", "kitchen": "pending"}
    assert store.answers(first.id) == {"payment": "processed", "kitchen": "processed"}
    assert store.kinds() == []


def test_a_group_seen_on_another_destination_only_is_not_expected_here(told, world):
    """Groups are expected where they were seen, and nowhere else."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0)
    mail = world.service("mail", group="mail")
    mail.assign("mails", 0, 0)
    mail.receive("mails", 0, 0)
    assert told(world).answers(order.id) == {}


def test_a_group_that_only_committed_is_expected(told, world):
    """Committing on the destination is being seen there."""
    (order,) = orders_of(world, 1, first=5)
    payment = world.service("payment", group="payment")
    payment.commit("orders", 0, 3)
    assert "payment" in told(world).answers(order.id)


def test_pending_names_the_lag_in_front(told, world):
    """Not delivered, position not past it: pending, with the number of records in front."""
    sent = orders_of(world, 10)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(sent[0])
    payment.process(sent[1])
    payment.commit("orders", 0, 2)
    line = told(world).line(sent[7].id, "payment")
    assert line["answer"] == "pending"
    assert line["deliveries"] == []
    assert line["lag"] == 5


def test_pending_is_not_claimed_of_a_dark_member(told, world):
    """A hole in the member's numbers could hold the delivery: unknown."""
    sent = orders_of(world, 3)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(sent[0])
    payment.skip_number()
    payment.commit("orders", 0, 1)
    assert told(world).consumed(sent[2].id, "payment") == "unknown"


def test_received_when_outcomes_are_not_told(told, world):
    """Delivered by a service that never sends process spans, and not committed: received."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    assert told(world).consumed(order.id, "payment") == "received"


def test_committed_past_when_outcomes_are_not_told_is_inferred(told, world):
    """Delivered, outcome not instrumented, committed past by the same member: processed, inferred, grade B."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.commit("orders", 0, 1)
    store = told(world)
    line = store.line(order.id, "payment")
    assert (line["answer"], line["grade"]) == ("processed", "B")
    assert "inferred" in line["reason"]
    assert store.kinds() == []


def test_a_commit_at_the_record_has_not_passed_it(told, world):
    """The position is the next offset: a commit of 5 says nothing of 5."""
    first, second = orders_of(world, 2, first=4)
    payment = member_of(world, at=4)
    payment.receive("orders", 0, 4, 5)
    payment.commit("orders", 0, 5)
    store = told(world)
    assert store.consumed(second.id, "payment") == "received"
    assert store.consumed(first.id, "payment") == "processed"


def test_never_inferred_of_a_member_that_vanished(told, world):
    """Delivered to a member that crashed; the next owner starts past the record: who committed is not seen."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    other = world.service("payment", group="payment", generation=2)
    other.assign("orders", 0, 1)
    store = told(world)
    assert store.consumed(order.id, "payment") not in {"processed", "unfinished", "failed", "pending"}
    assert store.kinds() == []


def test_never_inferred_of_a_member_with_holes(told, world):
    """A seek may stand in the hole: no inference from the position."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.skip_number()
    payment.commit("orders", 0, 1)
    store = told(world)
    assert store.consumed(order.id, "payment") != "processed"
    assert store.kinds() == [("telemetry-gap", "info")]


def test_in_progress(told, world):
    """An instrumented group was handed the record and began nothing later: in-progress, no finding."""
    first, second = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(first)
    store = told(world)
    assert store.consumed(second.id, "payment") == "in-progress"
    assert store.kinds() == []


def test_left_behind_is_unfinished(told, world):
    """The member began a later record and this one has no end: unfinished, an error, a silent failure."""
    sent = orders_of(world, 3)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 2)
    payment.process(sent[0])
    payment.process(sent[2])
    store = told(world)
    assert store.consumed(sent[1].id, "payment") == "unfinished"
    assert store.kinds() == [("unfinished", "error")]
    finding = store.finding("unfinished")
    assert (finding["destination"], finding["partition"], finding["offsets"], finding["group"]) == (
        "orders",
        0,
        [1],
        "payment",
    )
    assert finding["message_ids"] == [sent[1].id]


def test_unfinished_needs_the_service_to_be_instrumented_for_that_group(told, world):
    """The service's process spans are for another group: here outcomes are not told, so nothing is unfinished."""
    sent = orders_of(world, 3)
    audit = member_of(world, "audit", service="worker")
    audit.receive("orders", 0, 0)
    audit.process(sent[0])
    payment = member_of(world, "payment", service="worker")
    payment.receive("orders", 0, 0, 2)
    store = told(world)
    assert store.consumed(sent[1].id, "payment") == "received"
    assert store.kinds() == []


def test_instrumented_by_another_instance_of_the_service(told, world):
    """Any instance's process span shows that outcomes are told: a record left behind by this one is unfinished."""
    sent = orders_of(world, 3)
    shop = world.service("shop")
    other = shop.send("orders", 1, 0)
    colleague = world.service("payment", group="payment")
    colleague.assign("orders", 1, 0)
    colleague.receive("orders", 1, 0)
    colleague.process(other)
    colleague.commit("orders", 1, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 2)
    payment.process(sent[1])
    store = told(world)
    assert store.consumed(sent[0].id, "payment") == "unfinished"


def test_beginning_something_later_on_another_partition_is_not_going_on(told, world):
    """Work on orders:1 says nothing of the record in hand on orders:0."""
    first, second = orders_of(world, 2)
    elsewhere = world.service("shop").send("orders", 1, 0)
    payment = member_of(world)
    payment.assign("orders", 1, 0)
    payment.receive("orders", 0, 0, 1)
    payment.process(first)
    payment.receive("orders", 1, 0)
    payment.process(elsewhere)
    store = told(world)
    assert store.consumed(second.id, "payment") == "in-progress"
    assert store.kinds() == []


def test_concurrent_handling_begins_later_records_early(told, world):
    """A member seen handling concurrently has not gone on by finishing a later record: in progress."""
    sent = orders_of(world, 4)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 3)
    begun = world.tick()
    payment.process(sent[0], start=begun)
    payment.process(sent[1], start=begun)
    payment.process(sent[3], start=begun)
    store = told(world)
    assert store.consumed(sent[2].id, "payment") == "in-progress"
    assert store.findings("unfinished") == []


@pytest.mark.parametrize("how", ["polls again", "commits past"])
def test_concurrent_handling_that_went_on_left_it_unfinished(told, world, how):
    """The concurrent member polls the partition again, or its position passes: what has no end is unfinished."""
    sent = orders_of(world, 5)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 3)
    begun = world.tick()
    for n in (0, 1, 3):
        payment.process(sent[n], start=begun)
    if how == "polls again":
        payment.receive("orders", 0, 4)
    else:
        payment.commit("orders", 0, 4)
    store = told(world)
    assert store.consumed(sent[2].id, "payment") == "unfinished"
    assert ("unfinished", "error") in store.kinds()


def test_a_batch_left_in_the_middle_is_no_silent_failure(told, world):
    """Closed in order between two records with the position before the second: nobody is to blame."""
    first, second = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(first)
    payment.commit("orders", 0, 1)
    payment.revoke("orders", 0, 1)
    payment.close()
    store = told(world)
    assert store.consumed(second.id, "payment") not in {"unfinished", "failed", "processed", "in-progress"}
    assert store.kinds() == []


def test_a_batch_left_in_the_middle_and_finished_by_the_next_owner(told, world):
    """What the first owner had not begun the second handled: processed, and no error."""
    first, second = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(first)
    payment.commit("orders", 0, 1)
    payment.revoke("orders", 0, 1)
    payment.close()
    other = member_of(world, at=1, generation=2)
    other.receive("orders", 0, 1)
    other.process(second)
    other.commit("orders", 0, 2)
    other.close()
    store = told(world)
    assert store.consumed(second.id, "payment") == "processed"
    assert not [kind for kind, severity in store.kinds() if severity == "error"]


def test_committed_past_and_gone_without_an_end_is_unfinished(told, world):
    """The position passed the record, the partition was revoked, and its processing never ended: lost in silence."""
    first, second = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(first)
    payment.commit("orders", 0, 2)
    payment.revoke("orders", 0, 2)
    payment.close()
    store = told(world)
    assert store.consumed(second.id, "payment") == "unfinished"
    assert ("unfinished", "error") in store.kinds()


def test_unfinished_is_not_concluded_of_a_dark_member(told, world):
    """The missing process span may be the lost one: unknown, with the reason; no finding but the gap."""
    sent = orders_of(world, 3)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 2)
    payment.process(sent[0])
    lost = payment.process(sent[1])
    payment.process(sent[2])
    payment.commit("orders", 0, 3)
    payment.close()
    store = told(world.without(lost))
    line = store.line(sent[1].id, "payment")
    assert (line["answer"], line["grade"]) == ("unknown", "?")
    assert store.kinds() == [("telemetry-gap", "info")]


def test_in_hand_when_the_member_crashed_is_unknown(told, world):
    """The crash may have cut off the end of the processing: unknown, not unfinished; the next owner starts past it."""
    first, second = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(first)
    other = world.service("payment", group="payment", generation=2)
    other.assign("orders", 0, 2)
    store = told(world)
    assert store.consumed(second.id, "payment") == "unknown"
    assert store.kinds() == []


def test_crashed_and_handed_again_is_processed(told, world):
    """The crashed member's record was handed to the next owner who finished it."""
    first, second = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(first)
    payment.commit("orders", 0, 1)
    other = member_of(world, at=1, generation=2)
    other.receive("orders", 0, 1)
    other.process(second)
    other.commit("orders", 0, 2)
    other.close()
    store = told(world)
    assert store.consumed(second.id, "payment") == "processed"
    assert store.consumed(first.id, "payment") == "processed"
    assert not [kind for kind, severity in store.kinds() if severity == "error"]


def test_pending_below_a_crashed_members_tail_is_unknown(told, world):
    """The crashed member may have been handed the record after its last span; no other owner came: not certain."""
    sent = orders_of(world, 3)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(sent[0])
    payment.commit("orders", 0, 1)
    other = member_of(world, at=1, generation=2)
    other.close()
    store = told(world)
    assert store.consumed(sent[2].id, "payment") in {"unknown", "pending"}
    assert store.kinds() == []


def test_acked_after_the_next_owners_assignment_is_certain(told, world):
    """The tail of a crash ends where the next owner's assignment begins: what was sent later is simply pending."""
    shop = world.service("shop")
    first = shop.send("orders", 0, 0)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(first)
    payment.commit("orders", 0, 1)
    other = member_of(world, at=1, generation=2)
    world.wait(60_000)
    later = shop.send("orders", 0, 1)
    other.commit("orders", 0, 1)
    store = told(world)
    assert store.consumed(later.id, "payment") == "pending"


def test_failed_is_failed(told, world):
    """The last known processing failed, the member went past it, nothing shows a further attempt: failed, an error."""
    first, second = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(first, error="ValueError")
    payment.process(second)
    payment.commit("orders", 0, 2)
    payment.close()
    store = told(world)
    line = store.line(first.id, "payment")
    assert line["answer"] == "failed"
    assert [delivery["outcome"] for delivery in line["deliveries"]] == ["failed"]
    assert store.kinds() == [("failed", "error")]
    finding = store.finding("failed")
    assert (finding["offsets"], finding["group"], finding["message_ids"]) == ([0], "payment", [first.id])


def test_failed_is_not_concluded_of_a_dark_member(told, world):
    """The further attempt may stand in the hole: unknown, no finding failed."""
    first, second = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(first, error="ValueError")
    payment.skip_number()
    payment.process(second)
    payment.commit("orders", 0, 2)
    payment.close()
    store = told(world)
    assert store.consumed(first.id, "payment") == "unknown"
    assert store.kinds() == [("telemetry-gap", "info")]


def test_failed_and_then_ok_in_the_same_delivery_is_processed(told, world):
    """Two attempts in place, the second ended ok: processed, and nothing to report above info."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(order, error="ValueError", attempt=1)
    payment.process(order, attempt=2)
    payment.commit("orders", 0, 1)
    payment.close()
    store = told(world)
    line = store.line(order.id, "payment")
    assert line["answer"] == "processed"
    assert [(delivery["attempt"], delivery["outcome"]) for delivery in line["deliveries"]] == [(1, "failed"), (2, "ok")]
    assert {severity for _, severity in store.kinds()} <= {"info"}
    assert store.event(order.id)["duplicated"]["answer"] == "no"


def test_ok_and_then_failed_again_is_processed(told, world):
    """At least one processing ended ok: the strongest answer holds, a later failed attempt notwithstanding."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(order)
    payment.revoke("orders", 0, 0)
    other = member_of(world, generation=2)
    other.receive("orders", 0, 0)
    other.process(order, error="ValueError")
    other.commit("orders", 0, 1)
    other.close()
    store = told(world)
    assert store.consumed(order.id, "payment") == "processed"
    assert ("failed", "error") not in store.kinds()


def test_failed_and_then_begun_again_without_an_end(told, world):
    """After a failed attempt the next one never ended while the member went on: unfinished, `earlier failure`."""
    first, second = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(first, error="ValueError")
    payment.seek("orders", 0, 0)
    payment.receive("orders", 0, 0, 1)
    payment.process(second)
    payment.commit("orders", 0, 2)
    payment.close()
    store = told(world)
    line = store.line(first.id, "payment")
    assert (line["answer"], line["reason"]) == ("unfinished", "earlier failure")


def test_a_failure_that_was_sought_back_to_is_retrying(told, world):
    """The handler failed and the position was moved back to the record: a redelivery is pending."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(order, error="ValueError")
    payment.seek("orders", 0, 0)
    store = told(world)
    assert store.consumed(order.id, "payment") == "retrying"
    assert store.findings("failed") == []


def test_dead_lettered(told, world):
    """Failed, and a copy with its origin stands on orders.dlq: dead-lettered (error), not failed, no republish."""
    first, second = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(first, error="ValueError")
    payment.send("orders.dlq", 0, 0, id=first.id, origin=first, origin_group="payment")
    payment.process(second)
    payment.commit("orders", 0, 2)
    payment.close()
    store = told(world)
    event = store.event("orders:0:0")
    assert [(line["group"], line["answer"]) for line in event["consumed"]] == [("payment", "dead-lettered")]
    assert event["duplicated"]["answer"] == "no"
    assert store.kinds() == [("dead-lettered", "error")]


def test_dead_lettered_under_a_new_message_id(told, world):
    """The copy has an id of its own; its origin headers stitch the chain."""
    first, second = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(first, error="ValueError")
    payment.send("orders-dlt", 0, 0, id="copy", origin=first, origin_group="payment", cause=first)
    payment.process(second)
    payment.commit("orders", 0, 2)
    payment.close()
    store = told(world)
    assert store.event("orders:0:0")["consumed"][0]["answer"] == "dead-lettered"
    assert store.kinds() == [("dead-lettered", "error")]


def test_one_groups_dead_letter_is_not_the_others(told, world):
    """Payment gave up and copied; kitchen failed as well and did nothing: dead-lettered and failed."""
    (order,) = orders_of(world, 1)
    for group in ("payment", "kitchen"):
        member = member_of(world, group)
        member.receive("orders", 0, 0)
        member.process(order, error="ValueError")
        if group == "payment":
            member.send("orders.dlq", 0, 0, id=order.id, origin=order, origin_group=group)
        member.commit("orders", 0, 1)
        member.close()
    store = told(world)
    answers = {line["group"]: line["answer"] for line in store.event("orders:0:0")["consumed"]}
    assert answers == {"payment": "dead-lettered", "kitchen": "failed"}


@pytest.mark.parametrize("topic", ["orders-retry", "orders.retry-2", "orders_RETRY"])
def test_retrying(told, world, topic):
    """Failed, and a copy with its origin waits on a retry destination: retrying, no finding failed."""
    first, second = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(first, error="ValueError")
    payment.send(topic, 0, 0, id=first.id, origin=first, origin_group="payment")
    payment.process(second)
    payment.commit("orders", 0, 2)
    store = told(world)
    lines = {line["group"]: line["answer"] for line in store.event("orders:0:0")["consumed"]}
    assert lines == {"payment": "retrying"}
    assert store.kinds() == []


def test_retried_in_vain_is_dead_lettered(told, world):
    """Failed on orders, failed on orders-retry, copied to orders.dlq: one chain, dead-lettered, one error."""
    (first,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(first, error="ValueError")
    copy = payment.send("orders-retry", 0, 0, id=first.id, origin=first, origin_group="payment")
    payment.commit("orders", 0, 1)
    payment.assign("orders-retry", 0, 0)
    payment.receive("orders-retry", 0, 0)
    payment.process(copy, error="ValueError", attempt=2)
    payment.send("orders.dlq", 0, 0, id=first.id, origin=first, origin_group="payment")
    payment.commit("orders-retry", 0, 1)
    payment.close()
    store = told(world)
    lines = {line["group"]: line["answer"] for line in store.event("orders:0:0")["consumed"]}
    assert lines["payment"] == "dead-lettered"
    assert {kind for kind, severity in store.kinds() if severity == "error"} == {"dead-lettered"}
    deliveries = store.line("orders:0:0", "payment")["deliveries"]
    assert [(one.get("destination"), one["offset"], one["attempt"], one["outcome"]) for one in deliveries] == [
        (None, 0, 1, "failed"),
        ("orders-retry", 0, 2, "failed"),
    ]


def test_what_failed_and_is_read_elsewhere_without_an_origin_is_failed(told, world):
    """A send caused by a failed handler to an ordinary destination is neither a retry nor a dead letter."""
    first, second = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(first, error="ValueError")
    payment.send("alerts", 0, 0, cause=first)
    payment.process(second)
    payment.commit("orders", 0, 2)
    payment.close()
    store = told(world)
    assert store.consumed("orders:0:0", "payment") == "failed"
    assert store.kinds() == [("failed", "error")]


def test_before_start(told, world):
    """The group began at `latest`, behind the record: not-expected, before start, and no finding."""
    sent = orders_of(world, 4)
    payment = member_of(world, at=3)
    payment.receive("orders", 0, 3)
    payment.process(sent[3])
    payment.commit("orders", 0, 4)
    store = told(world)
    line = store.line(sent[1].id, "payment")
    assert (line["answer"], line["reason"]) == ("not-expected", "before start")
    assert store.kinds() == []


def test_before_the_start_of_a_late_member_but_not_of_the_group(told, world):
    """The start is the lowest of all owners': the second owner's assignment above the record proves no late start."""
    sent = orders_of(world, 4)
    payment = member_of(world, at=0)
    payment.receive("orders", 0, 0, 2)
    for order in sent[:3]:
        payment.process(order)
    payment.commit("orders", 0, 3)
    payment.revoke("orders", 0, 3)
    other = member_of(world, at=3, generation=2)
    other.receive("orders", 0, 3)
    other.process(sent[3])
    store = told(world)
    assert [store.consumed(order.id, "payment") for order in sent] == ["processed"] * 4


def test_no_position_known_is_unknown(told, world):
    """A group that was seen on another partition of the destination only: unknown for this one."""
    (order,) = orders_of(world, 1)
    payment = world.service("payment", group="payment")
    payment.assign("orders", 1, 0)
    payment.receive("orders", 1, 0)
    store = told(world)
    assert store.consumed(order.id, "payment") in {"unknown", "pending"}
    assert store.kinds() == []


def test_a_jump_between_owners_proves_nothing(told, world):
    """The first owner left at 1, the second begins at 3: what lies between is not skipped, nor lost."""
    sent = orders_of(world, 4)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(sent[0])
    payment.commit("orders", 0, 1)
    payment.revoke("orders", 0, 1)
    other = member_of(world, at=3, generation=2)
    other.receive("orders", 0, 3)
    other.process(sent[3])
    other.commit("orders", 0, 4)
    store = told(world)
    assert store.consumed(sent[2].id, "payment") not in {"skipped", "processed", "unfinished", "failed"}
    assert not [kind for kind, severity in store.kinds() if severity == "error"]


def test_range_with_runs(told, world):
    """A range with holes says which offsets it handed out; what it leaves out was not delivered."""
    shop = world.service("shop")
    first = shop.send("orders", 0, 0, key="a")
    second = shop.send("orders", 0, 2, key="b")
    shop.close()
    payment = member_of(world)
    payment.receive("orders", 0, 0, 2, count=2, runs="0,2")
    payment.process(first)
    payment.process(second)
    payment.commit("orders", 0, 3)
    payment.close()
    store = told(world)
    assert store.answers(first.id) == {"payment": "processed"}
    assert store.answers(second.id) == {"payment": "processed"}
    assert store.kinds() == []


def test_a_count_below_the_width_without_runs_leaves_the_rest_unknown(told, world):
    """Three of five offsets were handed out and nobody says which: what has no processing is unknown."""
    sent = orders_of(world, 5)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 4, count=3)
    payment.process(sent[0])
    payment.process(sent[4])
    payment.commit("orders", 0, 5)
    payment.close()
    store = told(world)
    assert store.consumed(sent[2].id, "payment") == "unknown"
    assert store.consumed(sent[0].id, "payment") == "processed"
    assert store.kinds() == []


def test_a_group_is_not_its_neighbour_with_the_same_prefix(told, world):
    """`payment` and `payment-2` are two groups; a delivery to one is none to the other."""
    (order,) = orders_of(world, 1)
    for group in ("payment", "payment-2"):
        member = member_of(world, group, service="payment")
        member.receive("orders", 0, 0)
        member.process(order)
        member.commit("orders", 0, 1)
        member.close()
    store = told(world)
    assert store.answers(order.id) == {"payment": "processed", "payment-2": "processed"}
    assert store.kinds() == []


def test_two_receive_spans_of_one_poll_are_no_second_poll(told, world):
    """A range whose runs needed a second span: the concurrent member has not polled again, so 2 is in progress."""
    sent = orders_of(world, 6)
    payment = member_of(world)
    start, end = world.tick(), world.tick()
    payment.receive("orders", 0, 0, 2, runs="0-2", start=start, end=end)
    payment.receive("orders", 0, 3, 5, runs="3-5", start=start, end=end)
    begun = world.tick()
    for n in (0, 1, 4):
        payment.process(sent[n], start=begun)
    store = told(world)
    assert store.consumed(sent[2].id, "payment") == "in-progress"
    assert store.findings("unfinished") == []


def test_instrumented_on_one_destination_only(told, world):
    """Process spans for orders say nothing of mails: there the outcome is not told."""
    sent = orders_of(world, 1)
    shop = world.service("shop")
    mails = [shop.send("mails", 0, n) for n in range(3)]
    payment = member_of(world)
    payment.assign("mails", 0, 0)
    payment.receive("orders", 0, 0)
    payment.process(sent[0])
    payment.receive("mails", 0, 0, 1)
    payment.receive("mails", 0, 2)
    store = told(world)
    assert [store.consumed(mail.id, "payment") for mail in mails] == ["received"] * 3
    assert store.kinds() == []


def test_a_dead_letter_that_was_not_sent_saves_nobody(told, world):
    """The copy's send failed definitively: the event failed, and the copy's publication failed."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(order, error="ValueError")
    payment.send("orders.dlq", 0, id=order.id, outcome="failed", error="X", origin=order, origin_group="payment")
    payment.commit("orders", 0, 1)
    payment.close()
    store = told(world)
    assert store.consumed("orders:0:0", "payment") == "failed"
    assert ("failed", "error") in store.kinds()
    assert store.findings("dead-lettered") == []


def test_failed_and_left_before_the_position_passed_is_retrying(told, world):
    """The member left in order with its position before the failed record: its redelivery is pending."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(order, error="ValueError")
    payment.revoke("orders", 0, 0)
    payment.close()
    store = told(world)
    assert store.consumed(order.id, "payment") == "retrying"
    assert store.findings("failed") == []


def test_a_failure_followed_by_a_crash_is_unknown(told, world):
    """What the member did after its last span is not known: no finding failed."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(order, error="ValueError")
    world.service("payment", group="payment", generation=2).assign("orders", 0, 1)
    store = told(world)
    assert store.consumed(order.id, "payment") == "unknown"
    assert store.kinds() == []


def test_the_status_decides_what_failed(told, world):
    """Failed if its status is ERROR: with no error type it failed, with an error type and no ERROR it did not."""
    sent = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(sent[0]).error = True
    payment.process(sent[1], error="Handled").error = False
    payment.commit("orders", 0, 2)
    payment.close()
    store = told(world)
    assert [store.consumed(order.id, "payment") for order in sent] == ["failed", "processed"]
    assert store.kinds() == [("failed", "error")]


def test_the_attempt_is_what_the_client_tells(told, world):
    """A header says that this is the third attempt."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(order, attempt=3)
    (delivery,) = told(world).line(order.id, "payment")["deliveries"]
    assert delivery["attempt"] == 3


def test_without_any_assignment_a_silent_failure_is_still_one(told, world):
    """Only receives and processings are seen: a record left behind is unfinished."""
    sent = orders_of(world, 3)
    payment = world.service("payment", group="payment")
    payment.receive("orders", 0, 0, 2)
    payment.process(sent[0])
    payment.process(sent[2])
    store = told(world)
    assert store.consumed(sent[1].id, "payment") == "unfinished"
    assert store.kinds() == [("unfinished", "error")]


def test_a_jump_in_one_ownership_is_never_a_success(told, world):
    """Handed 0 and 3 and committed 4: what lies between was not processed, failed or left unfinished."""
    sent = orders_of(world, 4)
    payment = member_of(world)
    for n in (0, 3):
        payment.receive("orders", 0, n)
        payment.process(sent[n])
    payment.commit("orders", 0, 4)
    answer = told(world).consumed(sent[1].id, "payment")
    assert answer in {"skipped", "unknown"}


def test_ours_without_a_group_is_assumed(told, world):
    """A consumer that names no group: the service's name stands for it, assumed."""
    (order,) = orders_of(world, 1)
    payment = world.service("payment", generation=None)
    payment.receive("orders", 0, 0)
    payment.process(order, attributes={"flowtrail.consumer.member": None})
    line = told(world).line(order.id, "payment")
    assert line["assumed"] is True
    assert line["answer"] == "processed"


def test_a_living_member_that_lost_the_partition_did_not_vanish(told, world):
    """It committed past the record, lost the partition in generation 2, and went on elsewhere: unfinished."""
    sent = orders_of(world, 2)
    elsewhere = world.service("shop").send("orders", 1, 0)
    first = member_of(world)
    first.assign("orders", 1, 0)
    first.receive("orders", 0, 0, 1)
    first.process(sent[0])
    first.commit("orders", 0, 2)
    second = world.service("payment", group="payment", generation=2)
    second.assign("orders", 0, 2)
    first.generation = 2
    first.receive("orders", 1, 0)
    first.process(elsewhere)
    store = told(world)
    assert store.consumed(sent[1].id, "payment") == "unfinished"


def test_a_dark_colleague_may_have_finished_it(told, world):
    """Another member of the group has a hole: unfinished is not concluded."""
    sent = orders_of(world, 3)
    elsewhere = world.service("shop").send("orders", 1, 0)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 2)
    payment.process(sent[0])
    payment.process(sent[2])
    colleague = world.service("payment", group="payment")
    colleague.assign("orders", 1, 0)
    colleague.skip_number()
    colleague.receive("orders", 1, 0)
    colleague.process(elsewhere)
    store = told(world)
    assert store.consumed(sent[1].id, "payment") == "unknown"
    assert store.kinds() == [("telemetry-gap", "info")]


def test_retried_with_success(told, world):
    """The copy on the retry destination was handled ok by the group: the chain is one, and it is processed."""
    first, second = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(first, error="ValueError")
    copy = payment.send("orders-retry", 0, 0, id=first.id, origin=first, origin_group="payment")
    payment.process(second)
    payment.commit("orders", 0, 2)
    payment.assign("orders-retry", 0, 0)
    payment.receive("orders-retry", 0, 0)
    payment.process(copy, attempt=2)
    payment.commit("orders-retry", 0, 1)
    payment.close()
    store = told(world)
    lines = {line["group"]: line["answer"] for line in store.event("orders:0:0")["consumed"]}
    assert lines["payment"] == "processed"
    assert not [kind for kind, severity in store.kinds() if severity == "error"]


def test_a_retry_that_failed_as_well(told, world):
    """The copy on orders-retry failed and nothing shows a further attempt: failed, an error."""
    (first,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(first, error="ValueError")
    copy = payment.send("orders-retry", 0, 0, id=first.id, origin=first, origin_group="payment")
    payment.commit("orders", 0, 1)
    payment.assign("orders-retry", 0, 0)
    payment.receive("orders-retry", 0, 0)
    payment.process(copy, error="ValueError", attempt=2)
    payment.commit("orders-retry", 0, 1)
    payment.close()
    store = told(world)
    assert store.event("orders:0:0")["consumed"][0]["answer"] == "failed"
    assert "failed" in {kind for kind, _ in store.kinds()}


def test_a_retry_by_a_group_of_its_own(told, world):
    """payment-retry handled the copy, which has a new id: payment is processed, and the copy has its own line."""
    (first,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(first, error="ValueError")
    copy = payment.send("orders-retry", 0, 0, id="copy", origin=first, origin_group="payment", cause=first)
    payment.commit("orders", 0, 1)
    payment.close()
    retry = world.service("payment-retry", group="payment-retry")
    retry.assign("orders-retry", 0, 0)
    retry.receive("orders-retry", 0, 0)
    retry.process(copy)
    retry.commit("orders-retry", 0, 1)
    retry.close()
    store = told(world)
    assert store.answers("orders:0:0")["payment"] == "processed"
    assert store.answers("copy") == {"payment-retry": "processed"}


def test_of_two_records_one_unknown_nothing_that_rests_on_absence_is_said(told, world):
    """One copy was handed to a member that is silent since, the other has yet to be read: not pending but unknown."""
    shop = world.service("shop")
    before = shop.send("orders", 0, 0)
    order = shop.send("orders", 0, 1, id="twice")
    shop.send("orders", 0, 2, id="twice")
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(before)
    world.wait(400_000)
    world.service("bystander").close()
    store = told(world)
    assert store.line(order.id, "payment")["answer"] == "unknown"
    assert store.line(order.id, "payment")["reason"] == "the member is silent"


def test_a_processing_whose_receive_is_far_away_is_no_poll(told, world):
    """A member that handles concurrently has yet to begin what it was handed last: in progress, asked alone as well."""
    sent = orders_of(world, 12)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 5)
    begun, ended = world.tick(), world.tick()
    for order in sent[:2]:
        payment.process(order, start=begun, end=ended)
    payment.receive("orders", 0, 6, 11)
    payment.process(sent[2])
    assert told(world).consumed(sent[9].id, "payment") == "in-progress"


def test_latency_counts_from_the_send_that_was_acked_at_the_record(told, world):
    """Sent twice, some time apart: each record has a send of its own, and so does the copy of one."""
    shop = world.service("shop")
    first = shop.send("orders", 0, 0)
    world.wait(60_000)
    again = shop.send("orders", 0, 1, id=first.id)
    shop.close()
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    ended = [payment.process(first), payment.process(again, error="ValueError")]
    copy = payment.send("orders-retry", 0, 0, id=again.id, origin=again, origin_group="payment")
    payment.commit("orders", 0, 2)
    payment.assign("orders-retry", 0, 0)
    payment.receive("orders-retry", 0, 0)
    ended.append(payment.process(copy))
    payment.close()
    deliveries = told(world).line(first.id, "payment")["deliveries"]
    assert [(row.get("destination", "orders"), row["offset"]) for row in deliveries] == [
        ("orders", 0), ("orders", 1), ("orders-retry", 0)
    ]  # fmt: skip
    sends = [first, again, again]
    assert [row["latency_ms"] for row in deliveries] == [
        (end.end_ns - sent.span.start_ns) / 1e6 for end, sent in zip(ended, sends, strict=True)
    ]


def test_latency_counts_from_the_first_send_where_none_is_known_to_be_acked_there(told, world):
    """The second send never arrived: what is known of the event is its first."""
    shop = world.service("shop")
    first = shop.send("orders", 0, 0)
    again = shop.send("orders", 0, 1, id=first.id)
    shop.close()
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    ended = [payment.process(first), payment.process(again)]
    payment.close()
    deliveries = told(world.without(again.span)).line(first.id, "payment")["deliveries"]
    assert [row["latency_ms"] for row in deliveries] == [(end.end_ns - first.span.start_ns) / 1e6 for end in ended]
