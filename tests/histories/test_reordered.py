"""Was it reordered? In the log, as it was handed out, as it was finished; and what only looks like it."""

from __future__ import annotations

import pytest

from tests.histories.parts import member_of


def reordered(store, what):
    return store.event(what)["reordered"]["answer"]


# in the log


def test_sent_in_order_and_stored_in_order(told, world):
    """Numbers and offsets rise together: nothing."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n, key="k") for n in range(4)]
    store = told(world)
    assert store.kinds() == []
    assert [reordered(store, order.id) for order in sent] == ["no"] * 4


def test_log_order_against_send_order_of_one_key(told, world):
    """Number 1 stands behind number 2 of the same key: log-reorder, an error that names the one overtaken."""
    shop = world.service("shop")
    first = shop.send("orders", 0, 1, key="k")
    second = shop.send("orders", 0, 0, key="k")
    store = told(world)
    finding = store.finding("log-reorder")
    assert (finding["severity"], finding["destination"], finding["partition"], finding["offsets"]) == (
        "error",
        "orders",
        0,
        [1],
    )
    assert finding["producer"] == "shop"
    assert first.id in finding["message_ids"]
    assert store.kinds() == [("log-reorder", "error")]
    assert reordered(store, first.id) == "yes"
    assert reordered(store, second.id) == "no"


def test_log_order_across_keys_is_information(told, world):
    """Two keys may pass one another: info, and reordered says no."""
    shop = world.service("shop")
    first = shop.send("orders", 0, 1, key="a")
    shop.send("orders", 0, 0, key="b")
    store = told(world)
    assert store.kinds() == [("log-reorder", "info")]
    assert reordered(store, first.id) == "no"


def test_no_key_is_not_one_key(told, world):
    """Two messages without keys do not share one: info."""
    shop = world.service("shop")
    shop.send("orders", 0, 1)
    shop.send("orders", 0, 0)
    assert told(world).kinds() == [("log-reorder", "info")]


def test_one_that_overtook_shares_the_key(told, world):
    """Of three that overtook it, one has its key: an error."""
    shop = world.service("shop")
    late = shop.send("orders", 0, 3, key="k")
    for offset, key in enumerate(("a", "k", "b")):
        shop.send("orders", 0, offset, key=key)
    store = told(world)
    assert store.kinds() == [("log-reorder", "error")]
    assert reordered(store, late.id) == "yes"


def test_two_instances_are_two_sequences(told, world):
    """Number 1 of one process behind number 2 of another: two producers know no order."""
    first, second = world.service("shop"), world.service("shop")
    second.send("orders", 0, 0, key="k")
    second.send("orders", 0, 1, key="k")
    first.send("orders", 0, 2, key="k")
    assert told(world).kinds() == []


def test_two_starts_of_a_producer_in_one_process_are_two_sequences(told, world):
    """A producer that was opened anew counts from 1 again: nothing reordered."""
    shop = world.service("shop")
    for offset in range(3):
        shop.send("orders", 0, offset, key="k", epoch="first", seq=offset + 1)
    for offset in range(3, 6):
        shop.send("orders", 0, offset, key="k", epoch="second", seq=offset - 2)
    assert told(world).kinds() == []


def test_two_partitions_are_two_orders(told, world):
    """A later number may stand at a lower offset of another partition."""
    shop = world.service("shop")
    shop.send("orders", 0, 100, key="a")
    shop.send("orders", 1, 3, key="b")
    assert told(world).kinds() == []


def test_a_gap_in_send_numbers_is_no_reordering(told, world):
    """1, 2, 7: a discontinuity, in order."""
    shop = world.service("shop")
    for offset, seq in enumerate((1, 2, 7, 8)):
        shop.send("orders", 0, offset, key="k", seq=seq)
    assert told(world).kinds() == []


def test_acks_out_of_order_are_no_reordering(told, world):
    """The ack of number 1 came after that of number 2; the log has them in order."""
    shop = world.service("shop")
    first, second = world.tick(), world.tick()
    third, fourth = world.tick(), world.tick()
    shop.send("orders", 0, 1, key="k", seq=2, start=second, end=third)
    shop.send("orders", 0, 0, key="k", seq=1, start=first, end=fourth)
    assert told(world).kinds() == []


def test_a_resent_copy_behind_is_a_duplicate_and_no_reordering(told, world):
    """First copies count: number 1 stands at 0 and, resent, at 2 behind number 2: a resend, nothing reordered."""
    shop = world.service("shop")
    first = shop.send("orders", 0, 2, key="k", seq=1)
    second = shop.send("orders", 0, 1, key="k", seq=2)
    shop.close()
    payment = member_of(world)
    payment.receive("orders", 0, 0, 2)
    payment.process(first, offset=0)
    payment.process(second)
    payment.process(first, offset=2)
    payment.commit("orders", 0, 3)
    payment.close()
    store = told(world)
    assert store.kinds() == [("resend", "error")]
    assert reordered(store, first.id) == "no"


def test_a_first_copy_that_may_stand_in_the_dark_is_not_claimed(told, world):
    """Some offset below belongs to nobody known, and the reader is dark: an earlier copy may stand there."""
    shop = world.service("shop")
    shop.send("orders", 0, 2, key="k", seq=1)
    shop.send("orders", 0, 1, key="k", seq=2)
    shop.skip_number()
    shop.close()
    assert told(world).findings("log-reorder") == []


# as it was handed out


def test_handed_out_against_the_offsets_of_one_key(told, world):
    """A member was handed 1 before 0 without any move: delivery-reorder, an error for one key."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n, key="k") for n in range(2)]
    payment = member_of(world)
    payment.receive("orders", 0, 1)
    payment.process(sent[1])
    payment.receive("orders", 0, 0)
    payment.process(sent[0])
    payment.commit("orders", 0, 2)
    payment.close()
    store = told(world)
    finding = store.finding("delivery-reorder")
    assert (finding["severity"], finding["offsets"], finding["group"]) == ("error", [0], "payment")
    assert reordered(store, sent[0].id) == "yes"
    assert reordered(store, sent[1].id) == "no"


def test_handed_out_against_the_offsets_across_keys(told, world):
    """The same of two keys: a warning; reordered still says yes."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n, key=key) for n, key in enumerate("ab")]
    payment = member_of(world)
    for n in (1, 0):
        payment.receive("orders", 0, n)
        payment.process(sent[n])
    payment.commit("orders", 0, 2)
    payment.close()
    store = told(world)
    assert store.kinds() == [("delivery-reorder", "warning")]
    assert reordered(store, sent[0].id) == "yes"


def test_without_receives_the_start_of_processing_tells(told, world):
    """No receive spans: handed out in the order in which processing began."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n, key="k") for n in range(2)]
    payment = member_of(world)
    payment.process(sent[1])
    payment.process(sent[0])
    payment.commit("orders", 0, 2)
    payment.close()
    assert ("delivery-reorder", "error") in told(world).kinds()


@pytest.mark.parametrize("move", ["seek", "reset"])
def test_a_move_begins_a_new_sequence(told, world, move):
    """Sought forward and back again to what was passed over: no reordering, each move begins anew."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n, key="k") for n in range(2)]
    payment = member_of(world)
    payment.seek("orders", 0, 1)
    payment.receive("orders", 0, 1)
    payment.process(sent[1])
    getattr(payment, move)("orders", 0, 0)
    payment.receive("orders", 0, 0)
    payment.process(sent[0])
    payment.close()
    store = told(world)
    assert store.findings("delivery-reorder", "completion-reorder") == []
    assert reordered(store, sent[0].id) == "no"


def test_an_assignment_begins_a_new_sequence(told, world):
    """Revoked and assigned again at a lower position: a new sequence."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n, key="k") for n in range(3)]
    payment = member_of(world, at=2)
    payment.receive("orders", 0, 2)
    payment.process(sent[2])
    payment.revoke("orders", 0, 2)
    payment.assign("orders", 0, 0, generation=2)
    payment.receive("orders", 0, 0, 1)
    payment.process(sent[0])
    payment.process(sent[1])
    payment.close()
    assert told(world).findings("delivery-reorder", "completion-reorder") == []


def test_a_rebalance_that_overlaps(told, world):
    """100..105 and then 103..107 by the next owner: 0 reordered and 3 redelivered."""
    shop = world.service("shop")
    sent = {n: shop.send("orders", 0, n, key="k") for n in range(100, 108)}
    first = member_of(world, at=100)
    first.receive("orders", 0, 100, 105)
    for n in range(100, 106):
        first.process(sent[n])
    first.commit("orders", 0, 103)
    first.revoke("orders", 0, 103)
    second = member_of(world, at=103, generation=2)
    second.receive("orders", 0, 103, 107)
    for n in range(103, 108):
        second.process(sent[n])
    second.commit("orders", 0, 108)
    second.close()
    store = told(world)
    assert sorted({kind for kind, _ in store.kinds()}) == ["redelivery"]
    assert sorted(finding["offsets"] for finding in store.findings("redelivery")) == [[103], [104], [105]]
    assert reordered(store, sent[104].id) == "no"


def test_the_same_member_handed_an_overlap_is_redelivery(told, world):
    """0..2 and then 1..3 by one member: redeliveries set aside, nothing is reordered."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n, key="k") for n in range(4)]
    payment = member_of(world)
    payment.receive("orders", 0, 0, 2)
    for n in range(3):
        payment.process(sent[n])
    payment.receive("orders", 0, 1, 3)
    for n in range(1, 4):
        payment.process(sent[n])
    payment.commit("orders", 0, 4)
    payment.close()
    store = told(world)
    assert {kind for kind, _ in store.kinds()} == {"redelivery"}
    assert len(store.findings()) == 2


def test_a_delivery_reorder_across_a_dark_member_is_not_claimed(told, world):
    """In the hole may stand an earlier receive of 0, or a seek: nothing is claimed."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n, key="k") for n in range(2)]
    payment = member_of(world)
    payment.skip_number()
    payment.receive("orders", 0, 1)
    payment.process(sent[1])
    payment.receive("orders", 0, 0)
    payment.process(sent[0])
    payment.close()
    assert told(world).kinds() == [("telemetry-gap", "info")]


def test_two_members_of_one_partition_in_turn_are_two_sequences(told, world):
    """Order is judged within one member: a later owner that begins lower is no reordering."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n, key="k") for n in range(3)]
    first = member_of(world, at=1)
    first.receive("orders", 0, 1, 2)
    first.process(sent[1])
    first.process(sent[2])
    first.revoke("orders", 0, 1)
    first.close()
    second = member_of(world, at=0, generation=2)
    second.receive("orders", 0, 0)
    second.process(sent[0])
    second.close()
    assert told(world).findings("delivery-reorder", "completion-reorder") == []


def test_two_groups_are_two_orders(told, world):
    """Kitchen is handed 0 after payment was handed 1: nothing."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n, key="k") for n in range(2)]
    payment = member_of(world)
    kitchen = member_of(world, "kitchen")
    payment.receive("orders", 0, 0, 1)
    payment.process(sent[0])
    payment.process(sent[1])
    kitchen.receive("orders", 0, 0, 1)
    kitchen.process(sent[0])
    kitchen.process(sent[1])
    assert told(world).kinds() == []


# as it was finished


def overtaking(world, keys, *, group="payment"):
    """Two records in hand at once; the later one is finished first."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n, key=key) for n, key in enumerate(keys)]
    shop.close()
    payment = member_of(world, group)
    payment.receive("orders", 0, 0, 1)
    begun = world.tick()
    payment.process(sent[1], start=begun)
    payment.process(sent[0], start=begun)
    return sent, payment


def test_finished_against_the_order_of_one_key(told, world):
    """Handled at once, the later record of the key finished first: completion-reorder, an error."""
    sent, payment = overtaking(world, "kk")
    payment.commit("orders", 0, 2)
    payment.close()
    store = told(world)
    assert store.kinds() == [("completion-reorder", "error")]
    finding = store.finding("completion-reorder")
    assert (finding["offsets"], finding["group"]) == ([0], "payment")
    assert (reordered(store, sent[0].id), reordered(store, sent[1].id)) == ("yes", "no")


@pytest.mark.parametrize("keys", [("a", "b"), (None, None), ("a", None)])
def test_finished_against_the_order_across_keys(told, world, keys):
    """Different keys, or none: info; concurrent handling is meant to do that."""
    sent, payment = overtaking(world, keys)
    payment.commit("orders", 0, 2)
    payment.close()
    store = told(world)
    assert store.kinds() == [("completion-reorder", "info")]
    assert reordered(store, sent[0].id) == "no"


def test_a_retry_that_ends_late_is_no_completion_reorder(told, world):
    """First completed attempts count: 0 failed first, then 1 was done, then 0 again ok."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n, key="k") for n in range(2)]
    shop.close()
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(sent[0], error="ValueError", attempt=1)
    payment.process(sent[1])
    payment.process(sent[0], attempt=2)
    payment.commit("orders", 0, 2)
    payment.close()
    assert told(world).findings("completion-reorder") == []


def test_handled_one_after_the_other(told, world):
    """Sequential handling in order: nothing."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n, key="k") for n in range(5)]
    payment = member_of(world)
    payment.receive("orders", 0, 0, 4)
    for order in sent:
        payment.process(order)
    payment.commit("orders", 0, 5)
    assert told(world).kinds() == []


def test_finished_out_of_order_on_two_partitions(told, world):
    """Partitions are handled independently."""
    shop = world.service("shop")
    first = shop.send("orders", 0, 0, key="k")
    second = shop.send("orders", 1, 1, key="k")
    payment = member_of(world)
    payment.assign("orders", 1, 1)
    payment.receive("orders", 0, 0)
    payment.receive("orders", 1, 1)
    begun = world.tick()
    payment.process(second, start=begun)
    payment.process(first, start=begun)
    assert told(world).kinds() == []


# clocks


def test_a_producers_clock_set_back(told, world):
    """Numbers decide: sent 1, 2, 3 and stored in that order, whatever its clock said."""
    shop = world.service("shop")
    shop.send("orders", 0, 0, key="k")
    shop.clock_off_ms = -3_600_000
    shop.send("orders", 0, 1, key="k")
    shop.clock_off_ms = 3_600_000
    shop.send("orders", 0, 2, key="k")
    assert told(world).kinds() == []


def test_a_consumers_clock_set_back(told, world):
    """The member's clock went back an hour between two polls: nothing is reordered, nothing committed early."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n, key="k") for n in range(4)]
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(sent[0])
    payment.clock_off_ms = -3_600_000
    payment.process(sent[1])
    payment.commit("orders", 0, 2)
    payment.receive("orders", 0, 2, 3)
    payment.process(sent[2])
    payment.process(sent[3])
    payment.commit("orders", 0, 4)
    payment.close()
    store = told(world)
    assert store.kinds() == []
    assert [store.consumed(order.id, "payment") for order in sent] == ["processed"] * 4


@pytest.mark.parametrize("hours", [-1, 1, 24])
def test_hosts_hours_apart(told, world, hours):
    """Producer and members on clocks hours apart: the same answers, no reordering, no inversion."""
    shop = world.service("shop", host="alpha")
    sent = [shop.send("orders", 0, n, key="k") for n in range(2)]
    payment = member_of(world, host="beta")
    payment.clock_off_ms = hours * 3_600_000
    payment.receive("orders", 0, 0)
    payment.process(sent[0])
    payment.commit("orders", 0, 1)
    payment.revoke("orders", 0, 1)
    payment.close()
    other = member_of(world, at=1, generation=2, host="gamma")
    other.receive("orders", 0, 1)
    other.process(sent[1])
    other.commit("orders", 0, 2)
    other.close()
    store = told(world)
    assert [kind for kind, _ in store.kinds() if kind != "clock-skew"] == []
    for order in sent:
        event = store.event(order.id)
        assert [line["answer"] for line in event["consumed"]] == ["processed"]
        assert (event["duplicated"]["answer"], event["reordered"]["answer"]) == ("no", "no")


def test_a_send_known_by_its_consumer_takes_part_in_the_order(told, world):
    """Number 1 is in doubt and was seen at 6; number 2 of the same key was acked at 5: log-reorder."""
    shop = world.service("shop")
    first = shop.send("orders", 0, key="k", outcome="in-doubt")
    second = shop.send("orders", 0, 5, key="k")
    shop.close()
    payment = member_of(world, at=5)
    payment.receive("orders", 0, 5, 6)
    payment.process(second)
    payment.process(first, offset=6)
    payment.commit("orders", 0, 7)
    payment.close()
    store = told(world)
    assert ("log-reorder", "error") in store.kinds()
    assert reordered(store, first.id) == "yes"


def test_keys_known_from_the_sends_count_for_deliveries(told, world):
    """The consumer tells no keys; the sends do: one key, an error."""
    shop = world.service("shop")
    for n in range(2):
        shop.send("orders", 0, n, key="k")
    payment = member_of(world)
    payment.receive("orders", 0, 1)
    payment.receive("orders", 0, 0)
    payment.close()
    assert told(world).kinds() == [("delivery-reorder", "error")]


def test_keys_known_from_the_sends_count_for_completions(told, world):
    """The consumer tells no keys; the sends do: one key, an error."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n, key="k") for n in range(2)]
    shop.close()
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    begun = world.tick()
    for order in reversed(sent):
        payment.process(order, start=begun, attributes={"messaging.kafka.message.key": None})
    payment.commit("orders", 0, 2)
    payment.close()
    store = told(world)
    assert store.kinds() == [("completion-reorder", "error")]
    assert reordered(store, sent[0].id) == "yes"


def test_between_the_last_ack_and_the_overtaker_stands_another_producers_record(told, world):
    """What is asked about one event knows every offset at which an earlier copy of it could stand."""
    shop, other = world.service("shop"), world.service("other")
    shop.send("orders", 0, 0, key="k", seq=1)
    for offset in range(1, 9):
        other.send("orders", 0, offset)
    begun = world.tick()
    shop.send("orders", 0, 9, key="k", seq=3)
    late = shop.send("orders", 0, 10, key="k", seq=2, start=begun)
    shop.close()
    other.close()
    store = told(world)
    assert store.finding("log-reorder")["offsets"] == [10]
    assert store.event(late.id)["reordered"]["answer"] == "yes"


def test_below_the_lowest_known_offset_no_copy_is_looked_for(told, world):
    """Of offset 0 nothing was ever told, and nobody who could have is dark: number 2 overtook number 1."""
    shop = world.service("shop")
    begun = world.tick()
    early = shop.send("orders", 0, 1, key="k", seq=2)
    late = shop.send("orders", 0, 2, key="k", seq=1, start=begun)
    shop.close()
    store = told(world)
    assert store.finding("log-reorder")["offsets"] == [2]
    assert reordered(store, late.id) == "yes"
    assert reordered(store, early.id) == "no"


def test_what_nobody_identified_may_be_its_first_copy(told, world):
    """Nothing is known of offset 1: number 1 may stand there as well, before what seems to have overtaken it."""
    shop = world.service("shop")
    begun = world.tick()
    world.service("other").send("orders", 0, 0)
    early = shop.send("orders", 0, 2, key="k", seq=2)
    late = shop.send("orders", 0, 3, key="k", seq=1, start=begun)
    shop.close()
    store = told(world)
    assert store.findings("log-reorder") == []
    assert reordered(store, late.id) == "unknown"
    assert reordered(store, early.id) == "no"


def test_below_what_another_producer_had_acked_before_it_no_copy_of_it_stands(told, world):
    """Offset 0 is not known, but what stands at 1 was acked before number 1 was sent."""
    world.service("other").send("orders", 0, 1)
    shop = world.service("shop")
    begun = world.tick()
    shop.send("orders", 0, 2, key="k", seq=2)
    shop.send("orders", 0, 3, key="k", seq=1, start=begun)
    assert told(world).finding("log-reorder")["offsets"] == [3]


def test_what_overwrote_another_event_and_was_read_takes_part_in_inversions(told, world):
    """Two events were acked at one record; the one that was read there was begun after what it caused."""
    shop = world.service("shop")
    for offset in (0, 1):
        shop.send("orders", 0, offset)
    order = shop.send("orders", 0, 1)
    payment = world.service("payment")
    paid = payment.send("payments", 0, 0, cause=order)
    audit = world.service("audit", group="audit")
    audit.assign("orders", 0, 0)
    audit.assign("payments", 0, 0)
    for sent in (paid, order):
        audit.receive(sent.destination, 0, sent.offset)
        audit.process(sent)
    audit.close()
    assert set(told(world).kinds()) >= {("causal-inversion", "error"), ("offset-conflict", "error")}


def test_overtaken_by_a_producer_whose_clock_was_set_back(told, world):
    """Numbers order its spans: they do not tell that what overtook was acked before the overtaken one was begun."""
    shop = world.service("shop")
    begun = world.tick()
    shop.send("orders", 0, 0, key="k", seq=2, start=begun)
    shop.send("orders", 0, 1, key="k", seq=1, start=begun)
    shop.clock_off_ms = -60_000
    shop.send("orders", 0, 2)
    shop.close()
    assert told(world).finding("log-reorder")["offsets"] == [1]


def test_what_a_crashed_owner_may_have_been_handed_first_overtook_nothing(told, world):
    """Offset 1 came before 0 to the second owner; the first one died and may have been handed 1 already."""
    shop = world.service("shop")
    for offset in range(2):
        shop.send("orders", 0, offset, key="k")
    shop.close()
    member_of(world)
    world.wait(10_000)
    second = member_of(world, generation=2)
    second.receive("orders", 0, 1)
    second.receive("orders", 0, 0)
    second.close()
    assert told(world).findings("delivery-reorder") == []


def test_an_inversion_stands_where_the_cause_was_begun(told, world):
    """The cause went to two destinations, and was begun first on the second one, after its effect."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, id="order")
    paid = world.service("payment").send("payments", 0, 0, cause=order)
    copy = shop.send("payments", 0, 1, id="order")
    shop.close()
    audit = world.service("audit", group="audit")
    audit.assign("orders", 0, 0)
    audit.assign("payments", 0, 0)
    audit.receive("payments", 0, 0, 1)
    audit.process(paid)
    audit.process(copy)
    audit.receive("orders", 0, 0)
    audit.process(order)
    audit.close()
    finding = told(world).finding("causal-inversion")
    assert (finding["destination"], finding["partition"], finding["offsets"]) == ("payments", 0, [1])
