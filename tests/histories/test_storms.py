"""Storms and loops: how much one event caused, and chains that come round again; and what only looks like them."""

from __future__ import annotations

from typing import Any

import pytest

from flowtrail_collector.questions import following

TYPED = {"cloudevents.event_type": "OrderPlaced"}


def chain(world: Any, count: int, *destinations: str, attributes: Any = TYPED, services: Any = None) -> list[Any]:
    """Publish `count` events, each caused by the one before, to the destinations in turn, from one service each."""
    senders = {name: world.service((services or {}).get(name, f"to-{name}")) for name in destinations}
    sent: list[Any] = []
    for n in range(count):
        name = destinations[n % len(destinations)]
        cause = sent[-1] if sent else None
        sent.append(senders[name].send(name, 0, n // len(destinations), cause=cause, attributes=attributes))
    return sent


def fan(world: Any, cause: Any, count: int, destination: str = "mails", first: int = 0, **more: Any) -> list[Any]:
    """Publish events that one event caused."""
    mailer = world.service("mailer")
    return [mailer.send(destination, 0, first + n, cause=cause, **more) for n in range(count)]


# loop


def test_a_chain_that_passes_one_place_four_times_is_a_loop(told, world):
    """Shop -> orders -> billing -> invoices -> shop ...: the fourth OrderPlaced by one service: a loop, an error."""
    sent = chain(world, 7, "orders", "invoices")
    store = told(world)
    assert store.kinds() == [("loop", "error")]
    finding = store.finding("loop")
    assert (finding["destination"], finding["producer"], finding["count"]) == ("orders", "to-orders", 4)
    assert finding["offsets"] == [0, 1, 2, 3]
    assert finding["message_ids"] == sorted(order.id for order in sent[::2])
    assert set(finding["evidence"]) == {order.span.ref for order in sent}
    assert finding["grade"] == "A"


def test_three_passings_are_within_the_limit(told, world):
    """The limit is three: three times is not more often."""
    chain(world, 6, "orders", "invoices")
    assert told(world).kinds() == []


def test_every_place_of_a_loop_is_named(told, world):
    """Eight rounds to two places: a finding for each, since each is where it could be stopped."""
    chain(world, 16, "orders", "invoices")
    store = told(world)
    assert sorted((row["destination"], row["count"]) for row in store.findings("loop")) == [
        ("invoices", 8),
        ("orders", 8),
    ]


@pytest.mark.parametrize("asked", [0, 1, 8, 15])
def test_asking_about_any_event_of_a_loop_tells_of_it(told, world, asked):
    """Its own passing is named, wherever in the chain the event stands."""
    sent = chain(world, 16, "orders", "invoices")
    (found,) = told(world).event(sent[asked].id)["findings"]
    assert (found["kind"], found["destination"], found["count"]) == ("loop", sent[asked].destination, 8)


def test_a_chain_beyond_what_is_followed_is_said_to_be_longer(told, world, monkeypatch):
    """Asked from its middle, a chain of forty events in forty traces is followed for three steps."""
    sent = chain(world, 40, "orders")
    store = told(world)
    assert store.event(sent[20].id)["findings"][0]["count"] == 40
    monkeypatch.setattr(following, "MOST_STEPS", 3)
    (found,) = store.event(sent[20].id)["findings"]
    assert found["kind"] == "loop"
    assert 4 <= found["count"] < 40
    assert "at least" in found["summary"]


def test_four_effects_of_one_cause_are_no_loop(told, world):
    """Brothers pass one place four times; no chain does."""
    (order,) = chain(world, 1, "orders")
    fan(world, order, 4, attributes=TYPED)
    assert told(world).kinds() == []


def test_another_type_is_another_place(told, world):
    """A saga sends four different commands to one destination."""
    saga = world.service("saga")
    cause = None
    for n, kind in enumerate(["Reserve", "Charge", "Ship", "Notify", "Close"]):
        cause = saga.send("commands", 0, n, cause=cause, attributes={"cloudevents.event_type": kind})
    assert told(world).kinds() == []


def test_without_types_a_loop_is_only_suspected(told, world):
    """Five commands of unknown type count as of one type; they may be five different ones, so its grade is C."""
    chain(world, 5, "commands", attributes={})
    finding = told(world).finding("loop")
    assert (finding["severity"], finding["reason"], finding["grade"]) == ("error", "event type unknown", "C")


def test_another_service_is_another_place(told, world):
    """Five services write to one log, one after the other, each for the one before."""
    cause = None
    for n in range(5):
        cause = world.service(f"stage-{n}").send("log", 0, n, cause=cause, attributes=TYPED)
    assert told(world).kinds() == []


def test_instances_of_one_service_are_one(told, world):
    """A loop goes round over four processes of the same service."""
    cause = None
    for n in range(4):
        cause = world.service("shop").send("orders", 0, n, cause=cause, attributes=TYPED)
    assert told(world).kinds() == [("loop", "error")]


def test_copies_on_retry_destinations_pass_nothing(told, world):
    """Six attempts over a retry destination, each copy caused by the one before: an attempt chain, no loop."""
    (order,) = chain(world, 1, "orders")
    payment = world.service("payment")
    last = order
    for n in range(6):
        last = payment.send("orders.retry", 0, n, cause=last, origin=order, attributes=TYPED)
    payment.send("orders.dlq", 0, 0, cause=last, origin=order, attributes=TYPED)
    assert told(world).findings("loop", "storm") == []


def test_copies_by_their_destination_s_name_pass_nothing(told, world):
    """The application forwards to its retry topic itself, under new ids and without an origin."""
    (order,) = chain(world, 1, "orders")
    payment = world.service("payment")
    last = order
    for n in range(6):
        last = payment.send("orders.retry", 0, n, cause=last, attributes=TYPED)
    assert told(world).kinds() == []


def test_a_loop_through_a_retry_destination_is_one(told, world):
    """Each round is caused by the copy of the round before: the chain goes on through the copies."""
    shop, payment = world.service("shop"), world.service("payment")
    copy = None
    for n in range(4):
        order = shop.send("orders", 0, n, cause=copy, attributes=TYPED)
        copy = payment.send("orders.retry", 0, n, cause=order, origin=order, attributes=TYPED)
    finding = told(world).finding("loop")
    assert (finding["destination"], finding["count"]) == ("orders", 4)


def test_one_event_sent_again_passes_once(told, world):
    """Four sends with one id are one event: a republish."""
    order, invoice = chain(world, 2, "orders", "invoices")
    shop = world.service("to-orders")
    for n in range(1, 4):
        shop.send("orders", 0, n, id=order.id, cause=invoice, attributes=TYPED)
    assert told(world).kinds() == [("republish", "warning")]


def test_a_redelivered_event_is_no_new_one(told, world):
    """The handler ran twice and sent its effect once each: two effects of one cause, no chain."""
    (order,) = chain(world, 1, "orders")
    payment = world.service("payment", group="payment")
    payment.assign("orders", 0, 0)
    for n in range(4):
        payment.receive("orders", 0, 0)
        payment.process(order)
        payment.send("payments", 0, n, cause=order, attributes=TYPED)
        payment.seek("orders", 0, 0)
    assert told(world).findings("loop", "storm") == []


def test_failed_and_aborted_sends_pass_nothing(told, world):
    """What never was published caused nothing: three stand, one failed, one was aborted."""
    shop = world.service("shop")
    cause = None
    for n in range(3):
        cause = shop.send("orders", 0, n, cause=cause, attributes=TYPED)
    shop.send("orders", 0, outcome="failed", error="RecordTooLarge", cause=cause, attributes=TYPED)
    aborted = {"flowtrail.transaction.id": "t", "flowtrail.transaction.outcome": "aborted"}
    shop.send("orders", 0, 3, cause=cause, attributes=TYPED | aborted)
    assert told(world).findings("loop") == []


def test_ids_that_name_one_another_end(told, world):
    """Two events claim to have caused each other: no chain begins there, nothing is claimed, the question ends."""
    shop = world.service("shop")
    told_of = {"cloudevents.event_type": "OrderPlaced"}
    shop.send("orders", 0, 0, id="a", attributes=told_of | {"flowtrail.causation.id": "b"})
    shop.send("orders", 0, 1, id="b", attributes=told_of | {"flowtrail.causation.id": "a"})
    store = told(world)
    assert store.kinds() == []
    assert store.event("a")["findings"] == []


def test_a_loop_by_links_and_parents(told, world):
    """No causation ids: every second send links to what it answers, the others stand below a processing."""
    shop, billing = world.service("shop"), world.service("billing", group="billing")
    billing.assign("orders", 0, 0)
    before = None
    for n in range(4):
        order = shop.send("orders", 0, n, attributes=TYPED)
        if before is not None:
            order.span.links.append(before.span.link())
        billing.receive("orders", 0, n)
        begun = world.tick()
        before = billing.send("invoices", 0, n, attributes=TYPED, trace=order.span.trace_id)
        before.span.parent = billing.process(order, start=begun).span_id
    store = told(world)
    assert [(row["destination"], row["count"]) for row in store.findings("loop")] == [("invoices", 4), ("orders", 4)]
    assert store.event("orders:0:2")["findings"][0]["kind"] == "loop"


def test_a_chain_of_ids_that_consumers_tell(told, world):
    """The middle event's sender is not instrumented: its consumer read the causation id from the headers."""
    shop = world.service("shop")
    audit = world.service("audit", group="audit")
    audit.assign("invoices", 0, 0)
    cause = None
    for n in range(4):
        order = shop.send("orders", 0, n, cause=cause, attributes=TYPED)
        unseen = shop.send("invoices", 0, n, id=f"i-{n}", cause=order)
        world.spans.remove(unseen.span)
        audit.process(unseen, attributes={"flowtrail.causation.id": order.id})
        cause = unseen
    assert [row["destination"] for row in told(world).findings("loop")] == ["orders"]


# storm


def test_more_than_a_hundred_effects_are_a_storm(told, world):
    """One order, 101 mails: a storm, at the order."""
    (order,) = chain(world, 1, "orders")
    mails = fan(world, order, 101)
    store = told(world)
    assert store.kinds() == [("storm", "warning")]
    finding = store.finding("storm")
    assert (finding["destination"], finding["partition"], finding["offsets"]) == ("orders", 0, [0])
    assert (finding["message_ids"], finding["count"], finding["producer"]) == ([order.id], 101, "to-orders")
    assert set(finding["evidence"]) == {order.span.ref, *(mail.span.ref for mail in mails)}
    assert [row["kind"] for row in store.event(order.id)["findings"]] == ["storm"]
    assert store.event(mails[7].id)["findings"] == []


def test_a_hundred_are_within_the_limit(told, world):
    """Not more than the limit."""
    (order,) = chain(world, 1, "orders")
    fan(world, order, 100)
    assert told(world).kinds() == []


def test_effects_of_effects_count(told, world):
    """Ten invoices with ten mails each: 110 in all."""
    (order,) = chain(world, 1, "orders")
    for n, invoice in enumerate(fan(world, order, 10, "invoices")):
        fan(world, invoice, 10, first=10 * n)
    store = told(world)
    assert store.finding("storm")["count"] == 110
    assert store.event(order.id)["findings"][0]["count"] == 110


def test_it_stands_where_it_began_and_where_it_spread(told, world):
    """Order -> invoice -> 150 mails: the order's storm counts 151, the invoice's own 150."""
    _, invoice = sent = chain(world, 2, "orders", "invoices")
    fan(world, invoice, 150)
    found = {row["message_ids"][0]: row["count"] for row in told(world).findings("storm")}
    assert found == {sent[0].id: 151, invoice.id: 150}


def test_an_effect_that_was_sent_again_counts_once(told, world):
    """A hundred events, ten of them published twice, their copies and retries: a hundred."""
    (order,) = chain(world, 1, "orders")
    mails = fan(world, order, 100)
    mailer = world.service("mailer")
    for n, mail in enumerate(mails[:10]):
        mailer.send("mails", 0, 100 + n, id=mail.id, cause=order)
        mailer.send("mails.retry", 0, n, cause=mail, origin=mail)
        mailer.send("mails.dlq", 0, n, cause=mail)
    assert told(world).findings("storm") == []


def test_one_flow_without_causes_is_no_storm(told, world):
    """200 events share a correlation id; nothing says that one caused another."""
    shop = world.service("shop")
    for n in range(200):
        shop.send("orders", 0, n, flow="f")
    assert told(world).kinds() == []


def test_a_batch_is_the_cause_of_nothing(told, world):
    """One span handled a batch and sent a hundred and more below it: which record caused which, nobody knows."""
    shop = world.service("shop")
    sent = [shop.send("orders", 0, n, id=None) for n in range(2)]
    payment = world.service("payment", group="payment")
    links = [order.span.link(**{"messaging.kafka.offset": order.offset}) for order in sent]
    batch = payment.span(
        "process",
        "process",
        "orders",
        {"messaging.consumer.group.name": "payment", "messaging.destination.partition.id": "0"},
        links=links,
    )
    for n in range(120):
        invoice = payment.send("invoices", 0, n, trace=batch.trace_id)
        invoice.span.parent = batch.span_id
    assert told(world).findings("storm") == []
