"""Was it duplicated? Resend, republish, redelivery, replay, and everything that only looks like them."""

from __future__ import annotations

import pytest

from tests.histories.parts import handle, member_of, orders_of
from tests.histories.world import CLIENT, CONSUMER, PRODUCER


def duplicated(store, what):
    return store.event(what)["duplicated"]["answer"]


# resend


def test_one_send_number_read_at_two_offsets_is_a_resend(told, world):
    """The producer's retry was written twice; consumers read one epoch and number at 5 and 6: resend, an error."""
    (order,) = orders_of(world, 1, first=6)
    payment = member_of(world, at=5)
    payment.receive("orders", 0, 5, 6)
    payment.process(order, offset=5)
    payment.process(order, offset=6)
    payment.commit("orders", 0, 7)
    payment.close()
    store = told(world)
    finding = store.finding("resend")
    assert (finding["severity"], finding["destination"], finding["partition"]) == ("error", "orders", 0)
    assert finding["offsets"] == [5, 6]
    assert finding["message_ids"] == [order.id]
    assert store.kinds() == [("resend", "error")]
    event = store.event(order.id)
    assert event["duplicated"]["answer"] == "yes"
    assert [row["kind"] for row in event["duplicated"]["findings"]] == ["resend"]
    assert sorted(row["offset"] for row in event["published"]["records"]) == [5, 6]


def test_a_resend_that_two_groups_read_is_one_finding(told, world):
    """The log holds it twice, whoever reads it: one resend, not one per group."""
    (order,) = orders_of(world, 1, first=6)
    for group in ("payment", "kitchen"):
        member = member_of(world, group, at=5)
        member.receive("orders", 0, 5, 6)
        member.process(order, offset=5)
        member.process(order, offset=6)
        member.commit("orders", 0, 7)
        member.close()
    assert told(world).kinds() == [("resend", "error")]


def test_equal_send_numbers_of_two_producer_starts_are_two_sends(told, world):
    """Every start of a producer counts from one: number 1 of two epochs is no resend."""
    first = world.service("shop").send("orders", 0, 0)
    second = world.service("shop").send("orders", 0, 1)
    assert first.seq == second.seq
    payment = member_of(world)
    handle(payment, first, second)
    assert told(world).kinds() == []


def test_equal_send_numbers_to_two_destinations_are_two_sends(told, world):
    """Numbers count per destination."""
    shop = world.service("shop")
    first = shop.send("orders", 0, 0)
    shop.send("mails", 0, 0)
    store = told(world)
    assert store.kinds() == []
    assert duplicated(store, first.id) == "no"


def test_one_send_read_by_two_groups_is_no_resend(told, world):
    """The same record in two groups is what a log is for."""
    (order,) = orders_of(world, 1)
    for group in ("payment", "kitchen"):
        member = member_of(world, group)
        handle(member, order)
        member.close()
    store = told(world)
    assert store.kinds() == []
    assert duplicated(store, order.id) == "no"


def test_one_creation_context_at_two_offsets_is_a_resend(told, world):
    """A foreign producer's one send span, and two records whose processings name it: resend."""
    shop = world.foreign("shop", "opentelemetry.instrumentation.confluent_kafka")
    send = shop.span(
        "orders send",
        PRODUCER,
        {"messaging.system": "kafka", "messaging.destination": "orders", "messaging.operation": "publish"},
    )
    payment = member_of(world, at=5)
    payment.receive("orders", 0, 5, 6)
    for offset in (5, 6):
        payment.span(
            "process",
            "process",
            "orders",
            {
                "messaging.consumer.group.name": "payment",
                "messaging.destination.partition.id": "0",
                "messaging.kafka.offset": offset,
            },
            kind=CONSUMER,
            trace=send.trace_id,
            parent=send.span_id,
        )
    payment.commit("orders", 0, 7)
    payment.close()
    store = told(world)
    assert store.kinds() == [("resend", "error")]
    assert store.finding("resend")["offsets"] == [5, 6]


def test_a_batch_below_one_span_is_no_resend(told, world):
    """An application's own span is parent of many handlings: only a send is a creation context."""
    app = world.foreign("app", "app")
    work = app.span("nightly job", 1, {})
    payment = member_of(world, at=5)
    payment.receive("orders", 0, 5, 6)
    for offset in (5, 6):
        payment.span(
            "process",
            "process",
            "orders",
            {
                "messaging.consumer.group.name": "payment",
                "messaging.destination.partition.id": "0",
                "messaging.kafka.offset": offset,
            },
            kind=CONSUMER,
            trace=work.trace_id,
            parent=work.span_id,
        )
    payment.commit("orders", 0, 7)
    assert told(world).kinds() == []


def test_the_fan_out_of_one_handler_is_no_resend(told, world):
    """One handled order causes two invoices with ids of their own: two events, no duplicate."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    begun = world.tick()
    first = payment.send("invoices", 0, 0, cause=order)
    second = payment.send("invoices", 0, 1, cause=order)
    payment.process(order, start=begun)
    payment.commit("orders", 0, 1)
    store = told(world)
    assert store.kinds() == []
    assert [duplicated(store, sent.id) for sent in (first, second)] == ["no", "no"]


# republish


def test_one_message_id_sent_twice_is_a_republish(told, world):
    """Two send operations of the application with one id: republish, a warning, both records named."""
    shop = world.service("shop")
    shop.send("orders", 0, 5, id="m")
    shop.send("orders", 0, 9, id="m")
    shop.close()
    store = told(world)
    finding = store.finding("republish")
    assert (finding["severity"], finding["message_ids"], finding["offsets"]) == ("warning", ["m"], [5, 9])
    assert store.kinds() == [("republish", "warning")]
    assert duplicated(store, "m") == "yes"


def test_a_republish_by_another_instance(told, world):
    """Two processes of a service send the same id: still the same message twice."""
    for offset in (5, 9):
        world.service("shop").send("orders", 0, offset, id="m")
    assert told(world).kinds() == [("republish", "warning")]


def test_a_republish_by_two_services_names_both(told, world):
    """Shop and checkout publish one id: the sentence names both, the finding the one that was first."""
    world.service("shop").send("orders", 0, 5, id="m")
    world.service("checkout").send("orders", 0, 9, id="m")
    finding = told(world).finding("republish")
    assert finding["producer"] == "shop"
    assert finding["summary"].startswith("checkout and shop published this event twice to orders")


def test_a_republish_to_another_partition(told, world):
    """The destination is what counts, not the partition."""
    shop = world.service("shop")
    shop.send("orders", 0, 5, id="m")
    shop.send("orders", 1, 5, id="m")
    store = told(world)
    assert store.kinds() == [("republish", "warning")]
    assert sorted((row["partition"], row["offset"]) for row in store.event("m")["published"]["records"]) == [
        (0, 5),
        (1, 5),
    ]


def test_a_copy_on_another_destination_is_no_republish(told, world):
    """The same id forwarded to an audit topic is not a duplicate."""
    shop = world.service("shop")
    shop.send("orders", 0, 5, id="m")
    shop.send("audit", 0, 5, id="m")
    store = told(world)
    assert store.kinds() == []
    assert {event["duplicated"]["answer"] for event in store.ask("m")["events"]} == {"no"}


def test_a_copy_with_an_origin_is_no_republish(told, world):
    """Re-driven from the dead letters to its own topic: a copy with its origin."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 5, id="m")
    dead = shop.send("orders.dlq", 0, 0, id="m", origin=order)
    shop.send("orders", 0, 9, id="m", origin=dead)
    store = told(world)
    assert store.findings("republish", "resend") == []
    assert store.event("orders:0:5")["duplicated"]["answer"] == "no"


def test_a_send_after_a_definite_failure_is_no_republish(told, world):
    """The first try is certainly not in the log."""
    shop = world.service("shop")
    shop.send("orders", 0, id="m", outcome="failed", error="RecordTooLarge")
    shop.send("orders", 0, 9, id="m")
    store = told(world)
    assert store.kinds() == []
    assert duplicated(store, "m") == "no"


def test_messages_without_ids_are_no_republish(told, world):
    """No id is not the same id."""
    shop = world.service("shop")
    shop.send("orders", 0, 5, id=None)
    shop.send("orders", 0, 6, id=None)
    assert told(world).kinds() == []


def test_equal_correlation_ids_are_no_republish(told, world):
    """A flow has many events."""
    shop = world.service("shop")
    shop.send("orders", 0, 5, id="a", flow="f")
    shop.send("orders", 0, 6, id="b", flow="f")
    store = told(world)
    assert store.kinds() == []
    assert len(store.ask("flow:f")["events"]) == 2


# redelivery


def test_two_members_both_ok_after_a_rebalance(told, world):
    """Both owners ended it ok and nobody moved back: redelivery, an error, reason rebalance."""
    (order,) = orders_of(world, 1)
    first = member_of(world)
    second = world.service("payment", group="payment")
    second.assign("orders", 1, 0)
    handle(first, order, commit=False)
    first.revoke("orders", 0, 0)
    first.assign("orders", 2, 0, generation=2)
    second.assign("orders", 0, 0, generation=2)
    handle(second, order)
    second.close()
    first.close()
    store = told(world)
    finding = store.finding("redelivery")
    assert store.kinds() == [("redelivery", "error")]
    assert finding["reason"] == "rebalance"
    assert (finding["group"], finding["destination"], finding["partition"], finding["offsets"], finding["count"]) == (
        "payment",
        "orders",
        0,
        [0],
        2,
    )
    assert finding["message_ids"] == [order.id]
    assert duplicated(store, order.id) == "yes"
    line = store.line(order.id, "payment")
    assert [delivery["member"] for delivery in line["deliveries"]] == [first.member, second.member]
    assert [delivery["attempt"] for delivery in line["deliveries"]] == [1, 2]


def test_after_a_restart(told, world):
    """The member ended in order and another took its place in the group: reason restart."""
    (order,) = orders_of(world, 1)
    first = member_of(world)
    handle(first, order, commit=False)
    first.revoke("orders", 0, 0)
    first.close()
    second = member_of(world, generation=3)
    handle(second, order)
    second.close()
    store = told(world)
    finding = store.finding("redelivery")
    assert (finding["severity"], finding["reason"]) == ("error", "restart")


INFERRED = {"flowtrail.outcome.inferred": True}


def in_place(told, world, *attempts, between=lambda member: None, dark=False):
    """Be handed one order once, and process it as told; return the findings on duplicates."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    for place, more in enumerate(attempts):
        if place:
            between(payment)
        payment.process(order, **more)
    payment.commit("orders", 0, 1)
    if dark:
        payment.skip_number()
    payment.close()
    return told(world), order


def test_handled_ok_twice_in_place(told, world):
    """One receive, two processings that ended ok, one after the other: an error, reason in place."""
    store, order = in_place(told, world, {}, {})
    finding = store.finding("redelivery")
    assert (finding["severity"], finding["reason"], finding["count"]) == ("error", "in place", 2)
    assert finding["summary"] == "payment was handed this event once and handled it twice, 2 ms apart"
    assert len(finding["evidence"]) == 3
    assert duplicated(store, order.id) == "yes"


def test_what_looks_like_handled_twice_in_place(told, world):
    """A retry after a failure; an iteration's inferred end before the processing itself: nothing."""
    for attempts in ([{"error": "ValueError"}, {}], [{"attributes": INFERRED}, {}], [{}, {"attributes": INFERRED}]):
        store, _ = in_place(told, type(world)(), *attempts)
        assert store.findings("redelivery") == [], attempts


def test_two_spans_that_overlap_are_one_handling(told, world):
    """A processing within a processing is one attempt told twice."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    begun = world.tick()
    payment.process(order)
    payment.process(order, start=begun)
    payment.commit("orders", 0, 1)
    payment.close()
    assert told(world).kinds() == []


def test_handled_twice_in_place_with_a_move_between(told, world):
    """It sought back in between; the record came out of its own buffer again: wanted."""
    store, _ = in_place(told, world, {}, {}, between=lambda member: member.seek("orders", 0, 0))
    assert store.findings("redelivery") == []


def test_handled_twice_in_place_by_a_dark_member(told, world):
    """A seek and a receive may stand in the hole: a warning."""
    store, _ = in_place(told, world, {}, {}, dark=True)
    assert store.finding("redelivery")["severity"] == "warning"


def test_one_finding_per_record_and_group(told, world):
    """Three records handled twice by one group: three errors, so that scripts can count."""
    sent = orders_of(world, 3)
    first = member_of(world)
    handle(first, *sent, commit=False)
    first.revoke("orders", 0, 0)
    first.close()
    second = member_of(world, generation=2)
    handle(second, *sent)
    second.close()
    store = told(world)
    assert store.kinds() == [("redelivery", "error")] * 3
    assert sorted(finding["offsets"] for finding in store.findings("redelivery")) == [[0], [1], [2]]


def test_handed_again_but_handled_once_is_a_warning(told, world):
    """The first owner was handed it and left before it began: the normal price, a warning at most."""
    first, second = orders_of(world, 2)
    early = member_of(world)
    early.receive("orders", 0, 0, 1)
    early.process(first)
    early.commit("orders", 0, 1)
    early.revoke("orders", 0, 1)
    early.close()
    late = member_of(world, at=1, generation=2)
    handle(late, second)
    late.close()
    store = told(world)
    assert {severity for _, severity in store.kinds()} <= {"warning"}
    assert {kind for kind, _ in store.kinds()} <= {"redelivery"}


def test_after_a_crash_it_may_have_been_a_seek(told, world):
    """The crashed member's tail may hide a move back: handled ok twice is a warning here, not an error."""
    (order,) = orders_of(world, 1)
    first = member_of(world)
    handle(first, order, commit=False)
    second = member_of(world, generation=2)
    handle(second, order)
    second.close()
    store = told(world)
    assert store.kinds() == [("redelivery", "warning")]
    assert duplicated(store, order.id) == "yes"


def test_a_dark_member_makes_it_no_error(told, world):
    """A seek may stand in the hole: a redelivery is a warning."""
    (order,) = orders_of(world, 1)
    first = member_of(world)
    handle(first, order, commit=False)
    first.skip_number()
    first.revoke("orders", 0, 0)
    second = member_of(world, generation=2)
    handle(second, order)
    second.close()
    store = told(world)
    assert ("redelivery", "error") not in store.kinds()
    assert ("redelivery", "warning") in store.kinds()


def test_after_a_failure_it_is_a_retry(told, world):
    """The first attempt failed: redelivery, info, retry; not duplicated."""
    (order,) = orders_of(world, 1)
    first = member_of(world)
    handle(first, order, commit=False, error="ValueError")
    first.revoke("orders", 0, 0)
    first.close()
    second = member_of(world, generation=2)
    handle(second, order)
    second.close()
    store = told(world)
    finding = store.finding("redelivery")
    assert (finding["severity"], finding["reason"]) == ("info", "retry")
    assert duplicated(store, order.id) == "no"


def test_the_same_group_in_two_clusters(told, world):
    """Two clusters, each with a topic orders and a group payment: record 0 is two records."""
    for cluster in ("east", "west"):
        shop = world.service("shop")
        shop.cluster = cluster
        order = shop.send("orders", 0, 0, id=f"m-{cluster}")
        payment = world.service("payment", group="payment")
        payment.cluster = cluster
        payment.assign("orders", 0, 0)
        handle(payment, order)
        payment.close()
    store = told(world)
    assert store.kinds() == []
    assert {event["message_id"] for event in store.ask("orders:0:0")["events"]} == {"m-east", "m-west"}


def test_the_same_offset_of_two_partitions(told, world):
    """orders:0:5 and orders:1:5 are two records."""
    shop = world.service("shop")
    sent = [shop.send("orders", partition, 5) for partition in (0, 1)]
    payment = world.service("payment", group="payment")
    for order in sent:
        payment.assign("orders", order.partition, 5)
        payment.receive("orders", order.partition, 5)
        payment.process(order)
        payment.commit("orders", order.partition, 6)
    payment.close()
    assert told(world).kinds() == []


def test_a_seek_back_is_a_replay(told, world):
    """Sought back over three records: one replay, info, as a range; nothing is duplicated."""
    sent = orders_of(world, 3)
    payment = member_of(world)
    handle(payment, *sent, commit=False)
    payment.seek("orders", 0, 0)
    handle(payment, *sent)
    payment.close()
    store = told(world)
    assert store.kinds() == [("replay", "info")]
    assert store.finding("replay")["offsets"] == [0, 1, 2]
    assert store.finding("replay")["group"] == "payment"
    assert [duplicated(store, order.id) for order in sent] == ["no"] * 3


def test_a_reset_back_is_a_replay(told, world):
    """`reset` moves like `seek`."""
    sent = orders_of(world, 2)
    payment = member_of(world)
    handle(payment, *sent, commit=False)
    payment.reset("orders", 0, 0)
    handle(payment, *sent)
    payment.close()
    assert told(world).kinds() == [("replay", "info")]


def test_a_seek_forward_explains_no_redelivery(told, world):
    """A seek to a later offset is not a move back: what was handled ok twice stays an error."""
    sent = orders_of(world, 3)
    first = member_of(world)
    handle(first, sent[0], commit=False)
    first.seek("orders", 0, 2)
    first.revoke("orders", 0, 0)
    first.close()
    second = member_of(world, generation=2)
    handle(second, sent[0])
    second.close()
    assert ("redelivery", "error") in told(world).kinds()


def test_the_usual_reset_from_the_command_line(told, world):
    """All left in order behind 3; the next owner is assigned 1: reset from outside, a replay, no redelivery."""
    sent = orders_of(world, 3)
    first = member_of(world)
    handle(first, *sent)
    first.revoke("orders", 0, 3)
    first.close()
    second = member_of(world, at=1, generation=2)
    handle(second, sent[1], sent[2])
    second.close()
    store = told(world)
    assert store.kinds() == [("replay", "info")]
    assert store.finding("replay")["offsets"] == [1, 2]
    assert duplicated(store, sent[1].id) == "no"
    assert duplicated(store, sent[0].id) == "no"


def test_a_commit_that_failed_was_never_a_position(told, world):
    """The last commit was refused; the next owner starts below it and handles again: no reset, a redelivery."""
    sent = orders_of(world, 2)
    first = member_of(world)
    handle(first, *sent, commit=False)
    first.commit("orders", 0, 2, error="CommitFailedError")
    first.revoke("orders", 0, 0)
    first.close()
    second = member_of(world, generation=2)
    handle(second, *sent)
    second.close()
    store = told(world)
    assert store.findings("replay") == []
    assert [kind for kind, severity in store.kinds() if severity == "error"] == ["redelivery"] * 2


def test_the_receive_and_its_processing_are_one_delivery(told, world):
    """Two spans of one record, group and member: one delivery."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    handle(payment, order)
    store = told(world)
    assert len(store.line(order.id, "payment")["deliveries"]) == 1


def test_a_processing_without_a_receive_is_a_delivery(told, world):
    """Some clients' receives are not seen: the processing alone tells of the delivery."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    handle(payment, order, poll=False)
    payment.close()
    store = told(world)
    assert store.consumed(order.id, "payment") == "processed"
    assert store.kinds() == []


def test_twice_without_receives_is_still_twice(told, world):
    """Two members' processings of one record, no receive spans: redelivery."""
    (order,) = orders_of(world, 1)
    for generation in (1, 2):
        payment = member_of(world, generation=generation)
        handle(payment, order, poll=False, commit=False)
        payment.revoke("orders", 0, 0)
        payment.close()
    assert told(world).kinds() == [("redelivery", "error")]


def test_a_nested_span_of_the_handler_is_no_second_processing(told, world):
    """What the handler does inside (an internal span of the same trace) is not another processing."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    begun = world.tick()
    inner = world.foreign("payment", "app", **{"service.instance.id": payment.instance})
    child = inner.span("charge card", CLIENT, {"http.request.method": "POST"})
    span = payment.process(order, start=begun)
    child.trace_id, child.parent = span.trace_id, span.span_id
    payment.commit("orders", 0, 1)
    store = told(world)
    assert len(store.line(order.id, "payment")["deliveries"]) == 1
    assert store.kinds() == []


# two groups without a name


def test_two_services_without_group_names_are_two_groups(told, world):
    """Where telemetry names no group, the service stands for it, assumed: two services, no duplicate."""
    (order,) = orders_of(world, 1)
    for name in ("payment", "kitchen"):
        service = world.foreign(name, "opentelemetry.instrumentation.kafka")
        service.span(
            "orders process",
            CONSUMER,
            {
                "messaging.system": "kafka",
                "messaging.destination": "orders",
                "messaging.operation": "process",
                "messaging.kafka.partition": 0,
                "messaging.kafka.message.offset": 0,
            },
            links=[order.span.link()],
        )
    store = told(world)
    lines = store.event(order.id)["consumed"]
    assert {(line["group"], line.get("assumed"), line["answer"]) for line in lines} == {
        ("payment", True, "processed"),
        ("kitchen", True, "processed"),
    }
    assert store.kinds() == []


def test_one_service_without_a_group_name_twice_is_suspected_only(told, world):
    """Two processings under an assumed group may be two groups of one service: neither an error nor a warning."""
    (order,) = orders_of(world, 1)
    for instance in ("a", "b"):
        service = world.foreign("payment", "opentelemetry.instrumentation.kafka", **{"service.instance.id": instance})
        service.span(
            "orders process",
            CONSUMER,
            {
                "messaging.system": "kafka",
                "messaging.destination": "orders",
                "messaging.operation": "process",
                "messaging.kafka.partition": 0,
                "messaging.kafka.message.offset": 0,
            },
            links=[order.span.link()],
        )
    store = told(world)
    assert not [kind for kind, severity in store.kinds() if severity == "error"]
    assert duplicated(store, order.id) != "no"


def test_no_is_only_said_of_what_is_covered(told, world):
    """A dark reader may have been handed it twice: duplicated is unknown, not no."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.skip_number()
    handle(payment, order)
    payment.close()
    store = told(world)
    assert duplicated(store, order.id) == "unknown"
    assert store.event(order.id)["reordered"]["answer"] == "unknown"


def test_yes_needs_no_coverage(told, world):
    """What was seen twice was there twice, whatever else was lost."""
    shop = world.service("shop")
    shop.send("orders", 0, 5, id="m")
    shop.skip_number()
    shop.send("orders", 0, 9, id="m")
    store = told(world)
    assert duplicated(store, "m") == "yes"


@pytest.mark.parametrize("restarted", [False, True])
def test_a_rebalance_without_repetition_is_nothing(told, world, restarted):
    """Ownership moves behind the commit: no record twice, no finding."""
    first, second = orders_of(world, 2)
    early = member_of(world)
    handle(early, first)
    early.revoke("orders", 0, 1)
    if restarted:
        early.close()
    late = member_of(world, at=1, generation=2)
    handle(late, second)
    late.close()
    store = told(world)
    assert store.kinds() == []
    assert duplicated(store, first.id) == "no"
    assert duplicated(store, second.id) == "no"


# moves, owners and clocks in between


def test_after_an_attempt_that_never_ended_it_is_a_retry(told, world):
    """The first owner left 0 unfinished and did 1: handed again, 0 is a retry (info) and 1 was handled ok twice."""
    sent = orders_of(world, 2)
    first = member_of(world)
    first.receive("orders", 0, 0, 1)
    first.process(sent[1])
    first.revoke("orders", 0, 0)
    first.close()
    second = member_of(world, generation=2)
    handle(second, *sent)
    second.close()
    store = told(world)
    found = {tuple(row["offsets"]): (row["kind"], row["severity"]) for row in store.findings()}
    assert found == {(0,): ("redelivery", "info"), (1,): ("redelivery", "error")}
    assert store.findings("redelivery")[1]["reason"] == "retry"
    assert [duplicated(store, order.id) for order in sent] == ["no", "yes"]


def test_an_assign_below_the_acked_commit_after_a_crash(told, world):
    """Even behind a crash, an assignment below the acknowledged position is a reset from outside: replay."""
    sent = orders_of(world, 3)
    first = member_of(world)
    handle(first, *sent)
    second = member_of(world, at=1, generation=2)
    handle(second, sent[1], sent[2])
    second.close()
    store = told(world)
    assert store.kinds() == [("replay", "info")]
    assert duplicated(store, sent[1].id) == "no"


def test_the_next_owner_sought_back(told, world):
    """Assigned behind the record, the second owner sought back to it: replay, whoever moved."""
    (order,) = orders_of(world, 1)
    first = member_of(world)
    handle(first, order)
    first.revoke("orders", 0, 1)
    first.close()
    second = member_of(world, at=1, generation=2)
    second.seek("orders", 0, 0)
    handle(second, order)
    second.close()
    assert told(world).kinds() == [("replay", "info")]


def test_a_seek_back_explains_only_what_lies_behind_it(told, world):
    """Sought back to 3, then a rebalance hands out 0..4 again: 3 and 4 are a replay, 0 to 2 were handled ok twice."""
    sent = orders_of(world, 5)
    first = member_of(world)
    handle(first, *sent, commit=False)
    first.seek("orders", 0, 3)
    first.revoke("orders", 0, 0)
    first.close()
    second = member_of(world, generation=2)
    handle(second, *sent)
    second.close()
    store = told(world)
    assert store.kinds() == [("redelivery", "error")] * 3 + [("replay", "info")]
    assert store.finding("replay")["offsets"] == [3, 4]
    assert sorted(row["offsets"] for row in store.findings("redelivery")) == [[0], [1], [2]]


def test_three_times_is_one_finding_that_counts_three(told, world):
    """One finding per record and group, with the number of deliveries."""
    (order,) = orders_of(world, 1)
    for generation in (1, 2, 3):
        payment = member_of(world, generation=generation)
        handle(payment, order, commit=False)
        payment.revoke("orders", 0, 0)
        payment.close()
    store = told(world)
    assert store.finding("redelivery")["count"] == 3
    assert len(store.line(order.id, "payment")["deliveries"]) == 3


def test_a_slow_owner_that_ended_after_the_next(told, world):
    """The first owner ended ok only after the second had: handled ok twice, an error."""
    (order,) = orders_of(world, 1)
    first = member_of(world)
    first.receive("orders", 0, 0)
    begun = world.tick()
    second = member_of(world, generation=2)
    handle(second, order)
    first.process(order, start=begun)
    first.close()
    second.close()
    assert told(world).kinds() == [("redelivery", "error")]


@pytest.mark.parametrize("type_", ["settle", "close", None])
def test_a_close_is_known_by_its_name(told, world, type_):
    """Whatever its operation type, `messaging.operation.name` `close` ends an instance in order."""
    (order,) = orders_of(world, 1)
    first = member_of(world)
    handle(first, order, commit=False)
    first.span(type_, "close", None, {})
    second = member_of(world, generation=2)
    handle(second, order)
    second.close()
    assert told(world).kinds() == [("redelivery", "error")]


def test_owners_on_hosts_an_hour_apart(told, world):
    """The first owner's clock is an hour ahead: generations order them, so failed and then ok is a retry."""
    (order,) = orders_of(world, 1)
    first = member_of(world, host="beta")
    first.clock_off_ms = 3_600_000
    handle(first, order, commit=False, error="ValueError")
    first.revoke("orders", 0, 0)
    first.close()
    second = member_of(world, generation=2)
    handle(second, order)
    second.close()
    store = told(world)
    assert [(row["severity"], row["reason"]) for row in store.findings("redelivery")] == [("info", "retry")]
    assert [delivery["member"] for delivery in store.line(order.id, "payment")["deliveries"]] == [
        first.member,
        second.member,
    ]


def test_two_consumers_of_one_process(told, world):
    """One instance, two members one after the other: two owners, handled ok twice."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    handle(payment, order, commit=False)
    payment.revoke("orders", 0, 0)
    payment.member = "payment-second-consumer"
    payment.assign("orders", 0, 0, generation=2)
    handle(payment, order)
    payment.close()
    assert told(world).kinds() == [("redelivery", "error")]


def test_a_resend_to_another_partition(told, world):
    """One send number stands in two partitions: a resend."""
    (order,) = orders_of(world, 1, first=5)
    payment = member_of(world, at=5)
    payment.assign("orders", 1, 0)
    payment.receive("orders", 0, 5)
    payment.process(order)
    payment.receive("orders", 1, 0)
    payment.process(order, partition=1, offset=0)
    payment.close()
    assert told(world).kinds() == [("resend", "error")]


def test_a_repeated_handler_publishes_its_effect_again(told, world):
    """The handler failed after it had sent, and sends the same id again when retried: republish of the effect."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    for offset, error in enumerate(("ValueError", None)):
        payment.receive("orders", 0, 0)
        payment.send("invoices", 0, offset, id="invoice", cause=order)
        payment.process(order, error=error)
        if error:
            payment.seek("orders", 0, 0)
    payment.commit("orders", 0, 1)
    payment.close()
    store = told(world)
    assert store.findings("republish")[0]["message_ids"] == ["invoice"]
    assert duplicated(store, "invoice") == "yes"
    assert duplicated(store, order.id) == "no"


def test_a_lost_commit_is_named(told, world):
    """The member stayed, its commit was refused, and it was handed the records again: commit lost."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    handle(payment, order, commit=False)
    payment.commit("orders", 0, 1, error="CommitFailedError")
    payment.revoke("orders", 0, 0)
    payment.assign("orders", 0, 0, generation=2)
    handle(payment, order)
    payment.close()
    store = told(world)
    finding = store.finding("redelivery")
    assert (finding["severity"], finding["reason"]) == ("error", "commit lost")


def test_without_generations_a_restart_is_no_rebalance(told, world):
    """Neither generation nor member is told; the first closed in order before the second began: restart."""
    (order,) = orders_of(world, 1)
    for _ in range(2):
        payment = member_of(world, generation=None)
        payment.member = None
        handle(payment, order, commit=False)
        payment.close()
    finding = told(world).finding("redelivery")
    assert finding["reason"] != "rebalance"


def test_a_ghost_names_its_place(told, world):
    """The failed send was seen at orders:0:5: the finding says so."""
    order = world.service("shop").send("orders", 0, outcome="failed", error="UnknownServerError")
    payment = member_of(world, at=5)
    payment.receive("orders", 0, 5)
    payment.process(order, offset=5)
    payment.close()
    finding = told(world).finding("ghost-publish")
    assert (finding["partition"], finding["offsets"]) == (0, [5])


def test_a_republish_names_the_place_of_a_send_in_doubt(told, world):
    """The first send is in doubt and was seen at 5, the second acked at 6: both places."""
    shop = world.service("shop")
    first = shop.send("orders", 0, id="m", outcome="in-doubt")
    second = shop.send("orders", 0, 6, id="m")
    shop.close()
    payment = member_of(world, at=5)
    payment.receive("orders", 0, 5, 6)
    payment.process(first, offset=5)
    payment.process(second)
    payment.commit("orders", 0, 7)
    payment.close()
    assert told(world).finding("republish")["offsets"] == [5, 6]


def test_a_reset_forward_to_the_log_start_moves_nothing_back(told, world):
    """The next owner begins at 0, where nothing is any more, and is reset to 1, which its forerunner had handled."""
    sent = orders_of(world, 2)
    first = member_of(world)
    handle(first, *sent, commit=False)
    first.revoke("orders", 0, 0)
    first.close()
    second = member_of(world, generation=2)
    second.reset("orders", 0, 1)
    handle(second, sent[1])
    second.close()
    store = told(world)
    assert store.findings("replay") == []
    assert store.finding("redelivery")["severity"] == "error"
    assert duplicated(store, sent[1].id) == "yes"


def test_what_overwrote_a_second_copy_is_no_duplicate(told, world):
    """An event was published twice, and another one stands where the second copy was acked."""
    shop = world.service("shop")
    order, _ = shop.send("orders", 0, 0, id="twice"), shop.send("orders", 0, 1, id="twice")
    other = shop.send("orders", 0, 1)
    shop.close()
    payment = member_of(world)
    handle(payment, order, other)
    payment.commit("orders", 0, 2)
    payment.close()
    store = told(world)
    assert duplicated(store, order.id) == "yes"
    assert duplicated(store, other.id) != "yes"


def test_an_earlier_copy_may_be_in_a_hole(told, world):
    """The producer's first span is missing: it may have told of this very event."""
    shop = world.service("shop")
    shop.skip_number()
    before, order = shop.send("orders", 0, 1), shop.send("orders", 0, 2)
    shop.close()
    payment = member_of(world, at=1)
    handle(payment, before, order)
    payment.close()
    store = told(world)
    assert duplicated(store, order.id) == "unknown"
    assert store.event(order.id)["reordered"]["answer"] == "no"
