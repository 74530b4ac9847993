"""Records and logs: two events at one place, topics created anew, clusters; and who is who."""

from __future__ import annotations

import pytest

from tests.histories.parts import handle, member_of
from tests.histories.world import CONSUMER


def test_two_events_acked_at_one_record(told, world):
    """An acked record was overwritten: offset-conflict, an error that names both."""
    world.service("shop").send("orders", 0, 5, id="a")
    world.service("shop").send("orders", 0, 5, id="b")
    store = told(world)
    finding = store.finding("offset-conflict")
    assert finding["severity"] == "error"
    assert set(finding["message_ids"]) == {"a", "b"}
    assert (finding["destination"], finding["partition"], finding["offsets"]) == ("orders", 0, [5])
    assert store.kinds() == [("offset-conflict", "error")]


def test_one_event_told_by_two_spans_is_no_conflict(told, world):
    """Producer and consumer name the same record and the same id: nothing."""
    order = world.service("shop").send("orders", 0, 5)
    payment = member_of(world, at=5)
    payment.receive("orders", 0, 5)
    payment.process(order)
    assert told(world).kinds() == []


def test_a_consumer_that_knows_no_ids_makes_no_conflict(told, world):
    """A foreign consumer's `orders.0.5` is a place, not another event's id."""
    order = world.service("shop").send("orders", 0, 5)
    foreign = world.foreign("payment", "opentelemetry.instrumentation.confluent_kafka")
    foreign.span(
        "orders process",
        CONSUMER,
        {
            "messaging.system": "kafka",
            "messaging.destination": "orders",
            "messaging.operation": "process",
            "messaging.kafka.partition": 0,
            "messaging.message.id": "orders.0.5",
        },
        links=[order.span.link()],
    )
    store = told(world)
    assert store.kinds() == []
    assert store.consumed(order.id, "payment") == "processed"


def test_a_topic_created_anew(told, world):
    """The acked offsets start again at 0: another log, no conflict, no reordering, no redelivery."""
    shop = world.service("shop")
    payment = world.service("payment", group="payment")
    for generation in (1, 2):
        sent = [shop.send("orders", 0, n, key="k") for n in range(3)]
        payment.assign("orders", 0, 0, generation=generation)
        payment.receive("orders", 0, 0, 2)
        for order in sent:
            payment.process(order)
        payment.commit("orders", 0, 3)
        payment.revoke("orders", 0, 3)
        world.wait(10_000)
    payment.close()
    store = told(world)
    assert store.kinds() == []


def test_a_record_of_a_topic_created_anew_is_two_events(told, world):
    """Asked for a place that two logs had, both events are told apart."""
    shop = world.service("shop")
    for round_ in "ab":
        for n in range(3):
            shop.send("orders", 0, n, id=f"{round_}{n}")
        world.wait(10_000)
    store = told(world)
    assert {event["message_id"] for event in store.ask("orders:0:1")["events"]} == {"a1", "b1"}
    assert store.published("a1") == ("yes", "acked")
    assert store.kinds() == []


def test_the_same_place_in_two_clusters(told, world):
    """Two clusters' orders:0:5: two records, no conflict."""
    for cluster in ("east", "west"):
        shop = world.service("shop")
        shop.cluster = cluster
        shop.send("orders", 0, 5, id=cluster)
    store = told(world)
    assert store.kinds() == []
    assert {event["message_id"] for event in store.ask("orders:0:5")["events"]} == {"east", "west"}


def test_a_cluster_id_that_comes_late_is_the_same_cluster(told, world):
    """A producer's first spans lack the cluster's id: the record is still the one that consumers name with it."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 5)
    shop.cluster = "east"
    shop.send("orders", 0, 6)
    payment = world.service("payment", group="payment")
    payment.cluster = "east"
    payment.assign("orders", 0, 5)
    payment.receive("orders", 0, 5)
    payment.process(order)
    payment.commit("orders", 0, 6)
    store = told(world)
    assert store.consumed(order.id, "payment") == "processed"
    assert store.kinds() == []
    assert len(store.ask("orders:0:5")["events"]) == 1


def test_cloudevents_ids_count_with_their_source(told, world):
    """Two sources may use one id: two events, no republish."""
    for source in ("/shop", "/bakery"):
        shop = world.service(source[1:])
        shop.send(
            "orders",
            0,
            0 if source == "/shop" else 1,
            id=None,
            attributes={"cloudevents.event_id": "1", "cloudevents.event_source": source},
        )
    store = told(world)
    assert store.kinds() == []
    assert len(store.ask("id:1")["events"]) == 2


def test_destinations_with_odd_names(told, world):
    """Dots, dashes, colons and blanks in names are part of them."""
    shop = world.service("shop")
    for number, name in enumerate(("eu.orders-v1", "urn:orders", "my orders", "BESTELLUNGEN_ß")):
        shop.send(name, 0, number, id=f"m{number}")
    store = told(world)
    assert store.event("eu.orders-v1:0:0")["message_id"] == "m0"
    assert store.event("urn:orders:0:1")["message_id"] == "m1"
    assert store.event("my orders:0:2")["message_id"] == "m2"
    assert store.event("BESTELLUNGEN_ß:0:3")["message_id"] == "m3"


# what only looks like a topic created anew


def read_whole(told, world, sent):
    """Let a group read all of it, and return the store."""
    payment = member_of(world)
    payment.receive("orders", 0, 0, len(sent) - 1)
    for order in sent:
        payment.process(order)
    payment.commit("orders", 0, len(sent))
    payment.close()
    return told(world)


def test_the_first_record_came_from_a_host_an_hour_ahead(told, world):
    """By the clocks offset 0 was acked last: still one log."""
    fast = world.service("fast", host="beta")
    fast.clock_off_ms = 3_600_000
    sent = [fast.send("orders", 0, 0)]
    shop = world.service("shop")
    sent += [shop.send("orders", 0, n) for n in range(1, 5)]
    fast.close()
    shop.close()
    store = read_whole(told, world, sent)
    assert store.kinds() == [("clock-skew", "info")]
    assert {store.consumed(order.id, "payment") for order in sent} == {"processed"}
    assert len(store.ask("orders:0:0")["events"]) == 1


def test_the_clock_went_back_after_the_first_record(told, world):
    """One producer, its clock set back by an hour after offset 0: still one log."""
    shop = world.service("shop")
    shop.clock_off_ms = 3_600_000
    sent = [shop.send("orders", 0, 0, key="k")]
    shop.clock_off_ms = 0
    sent += [shop.send("orders", 0, n, key="k") for n in range(1, 5)]
    shop.close()
    store = read_whole(told, world, sent)
    assert store.kinds() == []
    assert {store.consumed(order.id, "payment") for order in sent} == {"processed"}


def test_the_first_records_ack_came_last(told, world):
    """Another producer's offsets 1 and 2 were acked while the ack of 0 was on its way: one log."""
    slow, quick = world.service("slow"), world.service("quick")
    moments = [world.tick() for _ in range(6)]
    second = quick.send("orders", 0, 1, start=moments[1], end=moments[2])
    third = quick.send("orders", 0, 2, start=moments[3], end=moments[4])
    first = slow.send("orders", 0, 0, start=moments[0], end=moments[5])
    slow.close()
    quick.close()
    store = read_whole(told, world, [first, second, third])
    assert store.kinds() == []
    assert {store.consumed(order.id, "payment") for order in (first, second, third)} == {"processed"}


def test_handled_before_its_ack_arrived(told, world):
    """The consumer was faster than the producer's ack: published, processed, nothing strange."""
    shop = world.service("shop")
    begun = world.tick()
    payment = member_of(world)
    order = shop.send("orders", 0, 0, start=begun, end=begun + 50_000_000)
    payment.receive("orders", 0, 0)
    payment.process(order)
    payment.commit("orders", 0, 1)
    store = told(world)
    assert store.published(order.id) == ("yes", "acked")
    assert store.consumed(order.id, "payment") == "processed"
    assert store.kinds() == []


def test_places_with_many_digits(told, world):
    """Offsets near the end of 63 bits are offsets."""
    offset = 2**62
    order = world.service("shop").send("orders", 0, offset)
    payment = member_of(world, at=offset)
    payment.receive("orders", 0, offset)
    payment.process(order)
    payment.commit("orders", 0, offset + 1)
    payment.close()
    store = told(world)
    assert store.answers(f"orders:0:{offset}") == {"payment": "processed"}
    assert store.kinds() == []


def test_the_overwritten_event_is_not_proven_delivered(told, world):
    """After a conflict the group was handed offset 5: it was one event's, and the other's answer is unknown."""
    lost = world.service("shop").send("orders", 0, 5, id="a")
    kept = world.service("shop").send("orders", 0, 5, id="b")
    payment = member_of(world, at=5)
    payment.receive("orders", 0, 5)
    payment.process(kept)
    payment.commit("orders", 0, 6)
    payment.close()
    store = told(world)
    assert store.consumed(lost.id, "payment") == "unknown"
    assert store.consumed(kept.id, "payment") == "processed"
    assert store.kinds() == [("offset-conflict", "error")]


def test_acked_one_and_handed_another(told, world):
    """The ack named 5, and at 5 the group was handed another event: a conflict."""
    world.service("shop").send("orders", 0, 5, id="a")
    other = world.service("shop").send("orders", 0, None, id="b", outcome="in-doubt", error="KafkaTimeoutError")
    payment = member_of(world, at=5)
    payment.receive("orders", 0, 5)
    payment.process(other, offset=5)
    payment.commit("orders", 0, 6)
    payment.close()
    store = told(world)
    assert ("offset-conflict", "error") in store.kinds()
    assert set(store.finding("offset-conflict")["message_ids"]) == {"a", "b"}
    assert store.consumed("a", "payment") == "unknown"


def handled_at_five(world, kept, generation):
    """Let a member handle what stands at 5."""
    member = member_of(world, at=5, generation=generation)
    member.receive("orders", 0, 5)
    member.process(kept, offset=5)
    return member


def test_handled_twice_where_another_event_was_acked(told, world):
    """The ack of what was read is lost: what is handled twice is that, not the event which was acked there."""
    world.service("shop").send("orders", 0, 5, id="a")
    kept = world.service("office").send("orders", 0, 5, id="b")
    handled_at_five(world, kept, 1).close()
    handled_at_five(world, kept, 2).close()
    store = told(world.without(kept.span))
    assert store.finding("redelivery")["message_ids"] == ["b"]
    assert store.findings("offset-conflict") == []
    assert store.event("b")["duplicated"]["answer"] == "yes"
    assert store.consumed("b", "payment") == "processed"
    assert store.event("a")["duplicated"]["answer"] == "unknown"
    assert store.event("a")["findings"] == []
    assert store.consumed("a", "payment") == "unknown"


def test_one_event_was_handled_where_another_was_handled_before(told, world):
    """As where a topic was created again and nobody told: each was handled once."""
    acked = world.service("shop").send("orders", 0, 5, id="a")
    before = world.service("office").send("orders", 0, 5, id="b")
    handled_at_five(world, before, 1).close()
    handled_at_five(world, acked, 2).close()
    store = told(world.without(before.span))
    assert store.findings("redelivery") == []
    assert store.consumed("a", "payment") == "unknown"
    assert store.event("a")["duplicated"]["answer"] == "unknown"


def test_acked_one_and_handed_one_acked_elsewhere(told, world):
    """B was acked at 7 and is read at 5, where a was acked: a was never resent, nor duplicated."""
    world.service("shop").send("orders", 0, 5, id="a")
    other = world.service("shop").send("orders", 0, 7, id="b")
    payment = member_of(world, at=5)
    payment.receive("orders", 0, 5)
    payment.process(other, offset=5)
    payment.close()
    store = told(world)
    assert store.event("a")["duplicated"]["answer"] != "yes"
    assert ("offset-conflict", "error") in store.kinds()


def test_a_second_copy_in_a_topic_created_anew_is_the_old_events(told, world):
    """A send stood at 1 and 2 of the old topic; the event at 1 of the new one is no duplicate."""
    shop, payment = world.service("shop"), world.service("payment", group="payment")
    first = shop.send("orders", 0, 0)
    twice = shop.send("orders", 0, 2)
    payment.assign("orders", 0, 0)
    payment.receive("orders", 0, 0, 1)
    payment.process(first)
    payment.process(twice, offset=1)
    payment.revoke("orders", 0, 0)
    world.wait(1000)
    shop.send("orders", 0, 0)
    new = shop.send("orders", 0, 1)
    shop.close()
    payment.close()
    store = told(world)
    assert store.event(twice.id)["duplicated"]["answer"] == "yes"
    assert store.event(new.id)["duplicated"]["findings"] == []


@pytest.mark.parametrize("restarted", [False, True])
def test_a_topic_that_was_created_again_after_telemetry_began_in_the_middle_of_the_old_one(told, world, restarted):
    """Offsets 5 to 7 were acked, then 0 to 7: sent between two events at 5, what stands at 0 begins another log."""
    shop = world.service("shop")
    old = [shop.send("orders", 0, n) for n in (5, 6, 7)]
    first = member_of(world, at=5)
    handle(first, *old)
    first.close()
    if restarted:
        shop.close()
        shop = world.service("shop")
    new = [shop.send("orders", 0, n) for n in range(8)]
    shop.close()
    second = member_of(world, generation=5)
    handle(second, *new)
    second.close()
    store = told(world)
    assert store.kinds() == []
    assert [store.consumed(order.id, "payment") for order in (old[0], new[5])] == ["processed"] * 2
    assert store.event(new[5].id)["duplicated"]["answer"] == "no"


def test_a_topic_that_was_created_again_is_no_reordered_log(told, world):
    """What was acked minutes before the first record of the new log is not behind it: they are two logs."""
    shop = world.service("shop")
    for n in (5, 6, 7):
        shop.send("orders", 0, n, key="k")
    world.wait(180_000)
    new = [shop.send("orders", 0, n, key="k") for n in range(3)]
    shop.close()
    store = told(world)
    assert store.findings("log-reorder") == []
    assert store.event(new[0].id)["reordered"]["answer"] == "no"


def test_no_conflict_where_the_first_record_of_a_new_log_may_hide_in_a_hole(told, world):
    """Offsets 1 and 2 were acked twice, and what was sent to 0 meanwhile may never have arrived: nothing is claimed."""
    shop = world.service("shop")
    old = [shop.send("orders", 0, n) for n in range(3)]
    shop.skip_number()
    for n in (1, 2):
        shop.send("orders", 0, n)
    shop.close()
    store = told(world)
    assert store.findings("offset-conflict") == []
    assert store.published(old[1].id)[0] != "no"


def test_a_conflict_after_a_hole_is_one(told, world):
    """What a hole hides was sent before either of the two events."""
    shop = world.service("shop")
    shop.skip_number()
    shop.send("orders", 0, 4)
    for _ in range(2):
        shop.send("orders", 0, 5)
    shop.close()
    assert [row["offsets"] for row in told(world).findings("offset-conflict")] == [[5]]


def test_one_record_of_a_log_that_was_created_again_is_asked_for(told, world):
    """What the group committed in the old log says nothing of a record of the new one, asked for alone or not."""
    shop = world.service("shop")
    old = [shop.send("orders", 0, n) for n in (5, 6, 7)]
    first = member_of(world, at=5)
    handle(first, *old)
    first.close()
    world.wait(180_000)
    new = [shop.send("orders", 0, n) for n in range(5)]
    shop.close()
    second = member_of(world, generation=5)
    handle(second, *new[:2])
    store = told(world)
    assert store.kinds() == []
    assert [store.consumed(order.id, "payment") for order in new] == ["processed"] * 2 + ["pending"] * 3
