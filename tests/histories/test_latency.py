"""How long events take: from the start of their publication to the end of their processing, per group and in all."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowtrail_collector.errors import UsageError
from flowtrail_collector.source import Window
from tests.histories.parts import handle, member_of, orders_of
from tests.histories.test_clocks import both_ways
from tests.histories.world import CONSUMER, MS, PRODUCER, START_NS, World

HOUR_MS = 3_600_000


def row_of(document: dict[str, Any], group: str, destination: str = "orders") -> dict[str, Any]:
    """Return the row of a group."""
    (row,) = [row for row in document["rows"] if (row["group"], row["destination"]) == (group, destination)]
    return dict(row)


def convergence_of(document: dict[str, Any], destination: str = "orders") -> dict[str, Any]:
    """Return the row of a destination."""
    (row,) = [row for row in document["convergence"] if row["destination"] == destination]
    return dict(row)


def missing(row: dict[str, Any]) -> dict[str, int]:
    """Return what was not measured, by its reason."""
    return {one["reason"]: one["events"] for one in row.get("unmeasured", row.get("unconverged"))}


def percentiles(row: dict[str, Any]) -> tuple[float | None, ...]:
    """Return the row's percentiles and its maximum."""
    return tuple(row[name] for name in ("p50_ms", "p95_ms", "p99_ms", "max_ms"))


def nearest_rank(values: list[float]) -> tuple[float, ...]:
    """Return p50, p95, p99 and the maximum of what was measured, by the definition."""
    ordered = sorted(values)
    return tuple(ordered[max(1, math.ceil(len(ordered) * share / 100)) - 1] for share in (50, 95, 99, 100))


def test_from_the_start_of_the_send_to_the_end_of_the_processing(told, world):
    """One event, two groups: each has its latency, and the event has converged when the last has it."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0)
    payment = member_of(world)
    handle(payment, order)
    kitchen = member_of(world, "kitchen")
    kitchen.receive("orders", 0, 0)
    last = kitchen.process(order)
    document = told(world).latency()
    took = (last.end_ns - order.span.start_ns) / MS
    first = next(span for span in world.spans if span.name == "process orders")
    assert percentiles(row_of(document, "kitchen")) == (took,) * 4
    assert row_of(document, "payment")["max_ms"] == (first.end_ns - order.span.start_ns) / MS
    converged = convergence_of(document)
    assert percentiles(converged) == (took,) * 4
    assert (converged["events"], converged["groups"], converged["unconverged"]) == (1, ["kitchen", "payment"], [])
    assert not converged["unreliable"]
    assert converged["range_ms"] is None


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(
        st.tuples(st.integers(0, 50), st.lists(st.one_of(st.none(), st.integers(0, 400)), min_size=2, max_size=2)),
        min_size=1,
        max_size=30,
    )
)
def test_percentiles_are_those_of_the_definition(told, events):
    """Whatever took how long in whichever order: ranks are those of a sorted list, and nobody's wait is invented."""
    world = World()
    shop = world.service("shop")
    members = [member_of(world, group) for group in ("payment", "kitchen")]
    latencies: tuple[list[float], ...] = ([], [])
    converged: list[float] = []
    for offset, (pause, ends) in enumerate(events):
        world.wait(pause)
        order = shop.send("orders", 0, offset)
        for place, (member, after) in enumerate(zip(members, ends, strict=True)):
            if after is not None:
                start = order.span.end_ns
                member.process(order, start=start, end=start + after * MS)
                latencies[place].append((start + after * MS - order.span.start_ns) / MS)
        if None not in ends:
            converged.append(max(latencies[0][-1], latencies[1][-1]))
    document = told(world).latency()
    for group, measured in zip(("payment", "kitchen"), latencies, strict=True):
        row = row_of(document, group)
        assert row["events"] == len(measured)
        assert percentiles(row) == (nearest_rank(measured) if measured else (None,) * 4)
        assert sum(missing(row).values()) == len(events) - len(measured)
    row = convergence_of(document)
    assert row["events"] == len(converged)
    assert percentiles(row) == (nearest_rank(converged) if converged else (None,) * 4)
    assert sum(missing(row).values()) == len(events) - len(converged)


def test_nothing_known_is_no_row(told, world):
    """Without messages there are no rows, and no zeros."""
    world.service("shop").close()
    document = told(world).latency()
    assert (document["rows"], document["convergence"]) == ([], [])


def test_what_is_not_processed_has_no_number(told, world):
    """Nobody knows of a processing: null, not zero, and counted with the reason; failed ones are told apart."""
    sent = orders_of(world, 3)
    payment = member_of(world)
    handle(payment, sent[0], error="OutOfStock")
    document = told(world).latency()
    row = row_of(document, "payment")
    assert (row["events"], *percentiles(row)) == (0, None, None, None, None)
    assert missing(row) == {"not ended ok": 1, "no processing known": 2}
    assert missing(convergence_of(document)) == {"not ended ok": 1, "no processing known": 2}


def test_with_holes_in_its_telemetry_nobody_can_tell(told, world):
    """A span of the group is missing: it may have been the processing."""
    sent = orders_of(world, 2)
    payment = member_of(world)
    handle(payment, sent[0])
    payment.skip_number()
    payment.close()
    document = told(world).latency()
    assert missing(row_of(document, "payment")) == {"telemetry gap": 1}
    assert missing(convergence_of(document)) == {"telemetry gap": 1}


def test_a_publication_that_nobody_told_of(told, world):
    """The producer is not instrumented: when the event began is not known, and the event is not measured."""
    order = world.service("shop").send("orders", 0, 0)
    handle(member_of(world), order)
    document = told(world.without(order.span)).latency()
    row = row_of(document, "payment")
    assert (row["events"], row["p50_ms"]) == (0, None)
    assert missing(row) == missing(convergence_of(document)) == {"publication not known": 1}


def test_the_first_processing_that_ended_ok_counts(told, world):
    """A retry after a failure counts from the send to its own end; what is handled a second time changes nothing."""
    first, second = orders_of(world, 2)
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    payment.process(first, error="OutOfStock")
    done = payment.process(first)
    other = payment.process(second)
    world.wait(1000)
    again = member_of(world, generation=2)
    handle(again, first, second)
    row = row_of(told(world).latency(), "payment")
    assert row["events"] == 2
    assert percentiles(row) == nearest_rank(
        [(done.end_ns - first.span.start_ns) / MS, (other.end_ns - second.span.start_ns) / MS]
    )


def test_of_two_generations_the_earlier_counts_whatever_clocks_say(told, world):
    """The redelivery's host is an hour behind: its processing seems to come first, and does not count as first."""
    (order,) = orders_of(world, 1)
    done = None
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    done = payment.process(order)
    other = world.service("payment", group="payment", host="beta", generation=2)
    other.clock_off_ms = -HOUR_MS
    other.assign("orders", 0, 0)
    handle(other, order)
    row = row_of(told(world).latency(), "payment")
    assert row["max_ms"] == (done.end_ns - order.span.start_ns) / MS
    assert (row["across_hosts"], row["negative"], row["unreliable"]) == (0, 0, False)


def across(world: World, off_ms: float = 0.0) -> float:
    """Send an order from host alpha to host beta, whose clock is off; return what a true clock would measure."""
    shop = world.service("shop", host="alpha")
    order = shop.send("orders", 0, 0)
    shop.close()
    payment = world.service("payment", group="payment", host="beta")
    payment.clock_off_ms = off_ms
    payment.assign("orders", 0, 0)
    handle(payment, order)
    ended = next(span for span in world.spans if span.name == "process orders")
    return (ended.end_ns - order.span.start_ns) / MS - off_ms


def test_two_hosts_without_a_bound(told, world):
    """Nothing tells how far the clocks are apart: shown as measured, without a range, and said to be unreliable."""
    took = across(world)
    document = told(world).latency()
    for row in (row_of(document, "payment"), convergence_of(document)):
        assert percentiles(row) == (took,) * 4
        assert (row["across_hosts"], row["range_ms"], row["unreliable"]) == (1, None, True)
        assert row["reason"] == "nothing bounds how far the hosts' clocks are apart"


def test_two_hosts_with_a_bound(told, world):
    """Messages both ways bound the clocks: the range holds the truth, and the measurement is not doubted."""
    took = across(world)
    both_ways(world, "alpha", "beta")
    store = told(world)
    document = store.latency("topic:orders")
    for row in (row_of(document, "payment"), convergence_of(document)):
        assert percentiles(row) == (took,) * 4
        low, high = row["range_ms"]["max_ms"]
        assert low <= took <= high
        assert (row["unreliable"], row["reason"]) == (False, None)
    (delivery,) = store.line("orders:0:0", "payment")["deliveries"]
    assert row_of(document, "payment")["range_ms"]["p50_ms"] == delivery["latency_range_ms"]


@pytest.mark.parametrize(
    ("off_ms", "negative", "reason"),
    [
        (HOUR_MS, 0, "the hosts' clocks disagree"),
        (-HOUR_MS, 1, "some seem to end before they begin: the hosts' clocks disagree"),
    ],
)
@pytest.mark.parametrize("since", [None, START_NS])
def test_a_clock_that_is_an_hour_off_is_flagged_and_not_adjusted(told, world, off_ms, negative, reason, since):
    """What was measured is shown as it was, beside the range in which the truth lies; of no window it falls out."""
    took = across(world, off_ms)
    both_ways(world, "alpha", "beta", off_ms)
    document = told(world).latency("topic:orders", Window(since, None))
    for row in (row_of(document, "payment"), convergence_of(document)):
        assert percentiles(row) == (took + off_ms,) * 4
        low, high = row["range_ms"]["p99_ms"]
        assert low <= took <= high < 60_000
        assert (row["negative"], row["unreliable"], row["reason"]) == (negative, True, reason)


def test_without_a_bound_what_ends_before_it_begins_is_flagged(told, world):
    """A negative latency is shown as it is."""
    took = across(world, -HOUR_MS)
    row = row_of(told(world).latency(), "payment")
    assert (row["max_ms"], row["negative"], row["range_ms"]) == (took - HOUR_MS, 1, None)
    assert row["unreliable"]


def test_the_range_of_a_percentile_is_not_that_of_one_event(told, world):
    """Some events cross hosts and some do not: of the latter the range is what was measured."""
    shop = world.service("shop", host="alpha")
    sent = [shop.send("orders", 0, n) for n in range(4)]
    shop.close()
    near = member_of(world)
    handle(near, *sent[:3])
    far = world.service("payment", group="payment", host="beta", generation=2)
    far.assign("orders", 0, 3)
    handle(far, sent[3])
    both_ways(world, "alpha", "beta")
    row = row_of(told(world).latency("topic:orders"), "payment")
    assert row["across_hosts"] == 1
    assert row["range_ms"]["p50_ms"] == [row["p50_ms"]] * 2
    low, high = row["range_ms"]["max_ms"]
    assert low <= row["max_ms"] <= high
    assert low < high


def test_a_group_that_is_assumed(told, world):
    """Nobody named a group: the service stands for it, and it is said."""
    order = world.service("shop").send("orders", 0, 0)
    handle(member_of(world, None, service="mailer"), order, commit=False)
    document = told(world).latency()
    row = row_of(document, "mailer")
    assert (row["assumed"], row["events"]) == (True, 1)
    assert convergence_of(document)["groups"] == ["mailer"]


def test_a_group_is_not_waited_for_below_its_start(told, world):
    """It came later and began at the end of the log: earlier events have converged without it."""
    sent = orders_of(world, 3)
    handle(member_of(world), *sent)
    late = member_of(world, "audit", at=2)
    handle(late, sent[2])
    document = told(world).latency()
    assert convergence_of(document)["events"] == 3
    assert (row_of(document, "audit")["events"], missing(row_of(document, "audit"))) == (1, {})


def test_a_declared_group_that_was_never_seen(told, world):
    """It is expected: without it nothing has converged, and nobody can say that it did not process anything."""
    sent = orders_of(world, 2)
    handle(member_of(world), *sent)
    store = told(world).declare('[expect]\norders = ["audit"]\n')
    document = store.latency()
    assert convergence_of(document)["events"] == 0
    assert convergence_of(document)["groups"] == ["audit", "payment"]
    assert missing(convergence_of(document)) == {"processing not instrumented": 2}
    assert row_of(document, "payment")["events"] == 2


def test_nobody_reads_it(told, world):
    """No group is known at the destination: nothing to wait for, and no number."""
    orders_of(world, 2)
    document = told(world).latency()
    assert document["rows"] == []
    row = convergence_of(document)
    assert (row["events"], row["p50_ms"], row["groups"]) == (0, None, [])
    assert missing(row) == {"no group reads it": 2}


def test_an_event_that_was_published_again(told, world):
    """Each record counts from its own send; the event has converged with its first record, since its first send."""
    shop = world.service("shop")
    first = shop.send("orders", 0, 0, id="m")
    world.wait(1000)
    second = shop.send("orders", 0, 1, id="m")
    payment = member_of(world)
    payment.receive("orders", 0, 0, 1)
    done = [payment.process(order) for order in (first, second)]
    document = told(world).latency()
    row = row_of(document, "payment")
    assert (row["events"], missing(row)) == (2, {})
    assert row["max_ms"] == (done[0].end_ns - first.span.start_ns) / MS
    assert row["p50_ms"] == (done[1].end_ns - second.span.start_ns) / MS
    converged = convergence_of(document)
    assert (converged["events"], converged["max_ms"]) == (1, row["max_ms"])


def test_a_send_that_was_tried_again(told, world):
    """The first try timed out without an ack, the second was acked: the event began with the first."""
    shop = world.service("shop")
    first = shop.send("orders", 0, None, id="m", outcome="in-doubt", error="KafkaTimeoutError")
    second = shop.send("orders", 0, 0, id="m")
    payment = member_of(world)
    handle(payment, second)
    done = next(span for span in world.spans if span.name == "process orders")
    document = told(world).latency()
    assert row_of(document, "payment")["max_ms"] == (done.end_ns - second.span.start_ns) / MS
    assert convergence_of(document)["max_ms"] == (done.end_ns - first.span.start_ns) / MS


def test_an_ack_that_never_came(told, world):
    """In doubt, and consumed: by its id the send is known, and so is when it began."""
    order = world.service("shop").send("orders", 0, None, outcome="in-doubt", error="KafkaTimeoutError")
    payment = member_of(world)
    payment.receive("orders", 0, 7)
    done = payment.process(order, offset=7, partition=0)
    document = told(world).latency()
    took = (done.end_ns - order.span.start_ns) / MS
    assert row_of(document, "payment")["max_ms"] == convergence_of(document)["max_ms"] == took


def test_what_was_aborted_was_never_published(told, world):
    """Nobody is waited for; what a committed transaction wrote is."""
    shop = world.service("shop")
    shop.send("orders", 0, 0, attributes={"flowtrail.transaction.id": "tx"})
    shop.end_transaction("tx", "aborted")
    kept = shop.send("orders", 0, 2, attributes={"flowtrail.transaction.id": "tx"})
    shop.end_transaction("tx", "committed")
    handle(member_of(world), kept)
    document = told(world).latency()
    assert (convergence_of(document)["events"], missing(convergence_of(document))) == (1, {})
    assert (row_of(document, "payment")["events"], missing(row_of(document, "payment"))) == (1, {})


def test_two_events_at_one_record_are_not_measured(told, world):
    """Of which of them the processing was, and when that one began, is not for us to choose."""
    shop = world.service("shop")
    shop.send("orders", 0, 5, id="a")
    order = shop.send("orders", 0, 5, id="b")
    handle(member_of(world, at=5), order)
    row = row_of(told(world).latency(), "payment")
    assert (row["events"], missing(row)) == (0, {"two events at one record": 1})


def test_a_topic_that_was_created_again(told, world):
    """Offset 0 twice, in two logs: each processing belongs to its own send."""
    took = []
    for generation in (1, 2):
        shop = world.service("shop")
        order = shop.send("orders", 0, 0)
        payment = member_of(world, generation=generation)
        handle(payment, order)
        world.wait(5000)
        done = [span for span in world.spans if span.name == "process orders"][-1]
        took.append((done.end_ns - order.span.start_ns) / MS)
    row = row_of(told(world).latency(), "payment")
    assert (row["events"], missing(row)) == (2, {})
    assert percentiles(row) == nearest_rank(took)


def test_a_copy_on_a_retry_destination(told, world):
    """Failed, copied to a retry destination, handled there: the event took until then, and the copy its own time."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(order, error="OutOfStock")
    copy = payment.send("orders.retry", 0, 0, id=order.id, origin=order, origin_group="payment")
    payment.commit("orders", 0, 1)
    world.wait(3000)
    payment.assign("orders.retry", 0, 0)
    payment.receive("orders.retry", 0, 0)
    done = payment.process(copy)
    document = told(world).latency()
    took = (done.end_ns - order.span.start_ns) / MS
    assert row_of(document, "payment")["max_ms"] == convergence_of(document)["max_ms"] == took > 3000
    assert row_of(document, "payment", "orders.retry")["max_ms"] == (done.end_ns - copy.span.start_ns) / MS


def test_a_copy_of_what_the_group_never_came_to_read(told, world):
    """The group began behind the record, and was handed its copy: it has processed it all the same."""
    order, after = orders_of(world, 2)
    payment = member_of(world, at=1)
    handle(payment, after)
    copy = world.service("fixer").send("orders.retry", 0, 0, id=order.id, origin=order)
    payment.assign("orders.retry", 0, 0)
    payment.receive("orders.retry", 0, 0)
    done = payment.process(copy)
    row = row_of(told(world).latency(), "payment")
    assert (row["events"], row["max_ms"]) == (2, (done.end_ns - order.span.start_ns) / MS)


def test_a_copy_by_id_is_one_of_the_first_record(told, world):
    """The event was published again after its copy was handled: that record is nobody's, and nothing is negative."""
    shop = world.service("shop")
    order = shop.send("orders", 0, 0, id="m")
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(order, error="OutOfStock")
    copy = payment.send("orders.retry", 0, 0, id="m")
    payment.assign("orders.retry", 0, 0)
    payment.receive("orders.retry", 0, 0)
    done = payment.process(copy)
    shop.send("orders", 0, 1, id="m")
    row = row_of(told(world).latency(), "payment")
    assert (row["events"], row["negative"], missing(row)) == (1, 0, {"no processing known": 1})
    assert row["max_ms"] == (done.end_ns - order.span.start_ns) / MS


def test_a_dead_letter_is_not_processed(told, world):
    """Whoever keeps dead letters has not processed the event."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(order, error="OutOfStock")
    copy = payment.send("orders.dlq", 0, 0, id=order.id, origin=order, origin_group="payment")
    payment.commit("orders", 0, 1)
    keeper = world.service("keeper", group="keeper")
    keeper.assign("orders.dlq", 0, 0)
    keeper.receive("orders.dlq", 0, 0)
    keeper.process(copy)
    document = told(world).latency()
    assert missing(row_of(document, "payment")) == {"not ended ok": 1}
    assert convergence_of(document)["events"] == 0
    assert row_of(document, "keeper", "orders.dlq")["events"] == 1


KAFKA = {"messaging.system": "kafka", "messaging.destination.name": "orders"}
PLACE = {"messaging.destination.partition.id": "0", "messaging.kafka.offset": 5}


@pytest.mark.parametrize("join", ["parent", "link"])
def test_a_foreign_send_without_a_place(told, world, join):
    """Most instrumentations know no offset when they send: the consumer's parent or link leads to the send."""
    shop = world.foreign("shop", "opentelemetry.instrumentation.kafka", **{"host.name": "alpha"})
    send = shop.span("orders send", PRODUCER, KAFKA | {"messaging.operation.type": "send"})
    app = world.foreign("payment", "opentelemetry.instrumentation.kafka", **{"host.name": "alpha"})
    told_by = {"parent": send} if join == "parent" else {"links": [send.link()]}
    done = app.span("orders process", CONSUMER, KAFKA | PLACE | {"messaging.operation.type": "process"}, **told_by)
    document = told(world).latency()
    row = row_of(document, "payment")
    assert (row["assumed"], row["events"], missing(row)) == (True, 1, {})
    assert row["max_ms"] == convergence_of(document)["max_ms"] == (done.end_ns - send.start_ns) / MS


def test_two_layers_that_tell_of_one_delivery_and_of_one_send(told, world):
    """Spans of one instance that overlap are one attempt, which failed if one of them did; a send in a send is one."""
    shop = world.foreign("shop", "outer", **{"host.name": "alpha"})
    start = world.tick()
    send = shop.span("orders send", PRODUCER, KAFKA | {"messaging.operation.type": "send"}, start=start)
    inner = KAFKA | PLACE | {"messaging.operation.type": "send"}
    shop.span("orders send", PRODUCER, inner, parent=send, start=start + MS // 2, end=send.end_ns - 1)
    process = KAFKA | PLACE | {"messaging.operation.type": "process", "messaging.consumer.group.name": "payment"}
    for name, errors in (("payment", (False, False)), ("kitchen", (False, True))):
        app = world.foreign(name, "layers", **{"host.name": "alpha", "service.instance.id": name})
        own = process | {"messaging.consumer.group.name": name}
        begin, end = world.tick(), world.tick()
        app.span("orders process", CONSUMER, own, start=begin, end=end, error=errors[0])
        last = app.span("orders process", CONSUMER, own, start=begin + 1, end=end + 9, error=errors[1])
        if name == "payment":
            done = last
    document = told(world).latency()
    assert row_of(document, "payment")["max_ms"] == (done.end_ns - send.start_ns) / MS
    assert row_of(document, "payment")["events"] == 1
    assert missing(row_of(document, "kitchen")) == {"not ended ok": 1}


def test_one_span_for_a_batch(told, world):
    """What it names on its links was processed when it ended."""
    sent = orders_of(world, 3)
    app = world.foreign("payment", "io.opentelemetry.kafka-clients-0.11", **{"host.name": "alpha"})
    done = app.span(
        "orders process",
        CONSUMER,
        KAFKA | {"messaging.operation.type": "process", "messaging.destination.partition.id": "0"},
        links=[order.span.link(**{"messaging.kafka.offset": order.offset}) for order in sent],
    )
    row = row_of(told(world).latency(), "payment")
    assert row["events"] == 3
    assert percentiles(row) == nearest_rank([(done.end_ns - order.span.start_ns) / MS for order in sent])


@pytest.mark.parametrize("message_id", ["m", None])
def test_a_queue(told, world, message_id):
    """No record, no offset: the message's id, or the consumer's parent, leads to the send."""
    rabbit = {
        "messaging.system": "rabbitmq",
        "messaging.destination.name": "orders",
        "messaging.message.id": message_id,
    }
    common = {name: value for name, value in rabbit.items() if value}
    shop = world.foreign("shop", "pika", **{"host.name": "alpha"})
    send = shop.span("orders publish", PRODUCER, common | {"messaging.operation.type": "send"})
    app = world.foreign("payment", "pika", **{"host.name": "alpha"})
    done = app.span("orders process", CONSUMER, common | {"messaging.operation.type": "process"}, parent=send)
    shop.span("orders publish", PRODUCER, common | {"messaging.message.id": "x", "messaging.operation.type": "send"})
    document = told(world).latency()
    row = row_of(document, "payment")
    assert (row["events"], missing(row)) == (1, {})
    assert row["max_ms"] == convergence_of(document)["max_ms"] == (done.end_ns - send.start_ns) / MS


def test_the_window_is_that_of_the_publication(told, world):
    """Sent before it: not counted, whenever it was processed. Processed after it: not known yet."""
    shop = world.service("shop")
    payment = member_of(world)
    early = shop.send("orders", 0, 0)
    world.wait(HOUR_MS)
    since = START_NS + int(world.ms * MS)
    handle(payment, early)
    within = shop.send("orders", 0, 1)
    handle(payment, within)
    last = shop.send("orders", 0, 2)
    until = START_NS + int(world.ms * MS)
    handle(payment, last)
    store = told(world)
    row = row_of(store.latency(), "payment")
    assert (row["events"], missing(row)) == (3, {})
    row = row_of(store.latency(window=Window(since, None)), "payment")
    assert (row["events"], missing(row)) == (2, {})
    document = store.latency(window=Window(since, until))
    row = row_of(document, "payment")
    assert (row["events"], missing(row)) == (1, {"no processing known": 1})
    assert row["max_ms"] < 100
    assert document["window"]["since"] < document["window"]["until"]


def test_who_told_nothing_in_the_window_is_not_waited_for(told, world):
    """A group that is gone since long is not expected of what came after it."""
    (early,) = orders_of(world, 1)
    gone = member_of(world, "audit")
    handle(gone, early)
    gone.close()
    world.wait(HOUR_MS)
    since = START_NS + int(world.ms * MS)
    order = world.service("shop").send("orders", 0, 1)
    handle(member_of(world, at=1), order)
    store = told(world)
    document = store.latency(window=Window(since, None))
    assert (convergence_of(document)["groups"], convergence_of(document)["events"]) == (["payment"], 1)
    assert missing(convergence_of(store.latency())) == {"no processing known": 1}


def test_filters(told, world):
    """Destination, group, partition and system; a partition is chosen before anything is counted."""
    shop = world.service("shop")
    payment = member_of(world)
    sent = [shop.send("orders", 0, 0), shop.send("orders", 1, 0), shop.send("mails", 0, 0)]
    for order in sent:
        payment.process(order)
    kitchen = member_of(world, "kitchen")
    kitchen.process(sent[0])
    store = told(world)

    def groups(filter_text: str) -> list[tuple[str, str, int]]:
        return [(row["destination"], row["group"], row["events"]) for row in store.latency(filter_text)["rows"]]

    assert groups("topic:mails") == [("mails", "payment", 1)]
    assert groups("group:kitchen") == [("orders", "kitchen", 1)]
    assert groups("topic:orders group:payment") == [("orders", "payment", 2)]
    assert groups("topic:orders partition:1 group:payment") == [("orders", "payment", 1)]
    assert groups("system:rabbitmq") == []
    assert [row["destination"] for row in store.latency("group:kitchen")["convergence"]] == ["orders"]
    with pytest.raises(UsageError, match="latency has no severity to filter by"):
        store.latency("severity:error")
