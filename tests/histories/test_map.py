"""What flows where: drawn from what was seen, with how fast, how long it waits, how far behind and what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from flowtrail_collector.errors import UsageError
from flowtrail_collector.source import Window
from tests.histories.parts import handle, member_of, orders_of
from tests.histories.test_clocks import both_ways
from tests.histories.world import CLIENT, CONSUMER, MS, PRODUCER, START_NS, World


def edges_of(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the edges by their ends."""
    return {(edge["from"], edge["to"]): edge for edge in document["edges"]}


def node_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return one node."""
    (node,) = [node for node in document["nodes"] if node["id"] == name]
    return dict(node)


def causes_of(document: dict[str, Any]) -> dict[tuple[str, str, str], int]:
    """Return how many sends were caused, by where the cause came from, as which group, and where they went."""
    return {(cause["from"], cause["group"], cause["to"]): cause["count"] for cause in document["causes"]}


def chain(world: World) -> None:
    """Let two orders be paid for, the second payment fail to be handled by the kitchen, and nobody read its dishes."""
    sent = orders_of(world, 2)
    payment = member_of(world)
    kitchen = world.service("kitchen", group="kitchen")
    kitchen.assign("payments", 0, 0)
    for place, order in enumerate(sent):
        payment.receive("orders", 0, place)
        span = payment.process(order)
        paid = payment.send("payments", 0, place, cause=order, trace=span.trace_id)
        payment.commit("orders", 0, place + 1)
        kitchen.receive("payments", 0, place)
        kitchen.process(paid, error="OutOfStock" if place else None)
        kitchen.commit("payments", 0, place + 1)
    payment.close()
    kitchen.close()


ORDERS, PAYMENTS = "destination:kafka/orders", "destination:kafka/payments"


def test_a_chain_from_service_to_service(told, world):
    """Every edge that was used is there with its count, and none else."""
    chain(world)
    document = told(world).map()
    edges = edges_of(document)
    assert {ends: (edge["kind"], edge["count"], edge["failed"]) for ends, edge in edges.items()} == {
        ("service:shop", ORDERS): ("publishes", 2, 0),
        (ORDERS, "group:payment"): ("consumes", 2, 0),
        ("service:payment", PAYMENTS): ("publishes", 2, 0),
        (PAYMENTS, "group:kitchen"): ("consumes", 2, 1),
    }
    assert causes_of(document) == {(ORDERS, "group:payment", PAYMENTS): 2}
    assert node_of(document, "group:payment")["services"] == ["payment"]
    assert node_of(document, "service:payment")["groups"] == ["payment"]
    assert node_of(document, ORDERS)["partitions"] == 1


def test_rates_are_counted_over_the_time_that_was_told_of(told, world):
    """Events per second from the window's first span to the newest."""
    chain(world)
    document = told(world).map()
    took = (max(span.end_ns for span in world.spans) - min(span.start_ns for span in world.spans)) / 1e9
    assert document["seconds"] == pytest.approx(took)
    assert edges_of(document)["service:shop", ORDERS]["rate"] == pytest.approx(2 / took, rel=1e-4)


def test_lag_and_status_are_those_of_the_lag_question(told, world):
    """The edge and the group say what `flowtrail lag` says."""
    sent = orders_of(world, 5)
    handle(member_of(world), *sent[:2])
    store = told(world)
    document, row = store.map(), store.lag("payment", "orders", 0)
    for shown in (edges_of(document)[ORDERS, "group:payment"], node_of(document, "group:payment")):
        assert (shown["lag"], shown["status"], shown["time_lag_ms"]) == (3, row["status"], row["time_lag_ms"])


def test_the_wait_runs_from_the_publication_to_the_first_processing(told, world):
    """Nearest rank over the first processings; a second one is no wait."""
    waits = []
    shop = world.service("shop")
    payment = member_of(world)
    for offset in range(20):
        order = shop.send("orders", 0, offset)
        world.wait(offset)
        span = payment.process(order)
        waits.append((span.start_ns - order.span.start_ns) / MS)
        world.wait(500)
        payment.process(order)
    edge = edges_of(told(world).map())[ORDERS, "group:payment"]
    assert edge["p95_wait_ms"] == sorted(waits)[18]
    assert (edge["waits"], edge["waits_across_hosts"], edge["wait_range_ms"]) == (20, 0, None)


def test_a_wait_between_two_hosts_is_an_estimate_with_a_range(told, world):
    """Shown as measured, with the bounds that both directions give; unreliable where the clocks contradict it."""
    both_ways(world, "alpha", "beta", off_ms=50.0, delay_ms=3.0)
    edges = edges_of(told(world).map())
    there, back = (
        next(edge for ends, edge in edges.items() if ends[1] == f"group:reader-{host}") for host in ("beta", "alpha")
    )
    assert there["waits_across_hosts"] == back["waits_across_hosts"] == 1
    assert there["p95_wait_ms"] > 50
    assert back["p95_wait_ms"] < 0
    assert back["waits_unreliable"]
    low, high = there["wait_range_ms"]
    assert 0 <= low <= high < there["p95_wait_ms"]


def test_a_wait_that_nothing_bounds_has_no_range(told, world):
    """One direction alone says nothing of the clocks."""
    shop = world.service("shop", host="alpha")
    member = member_of(world, host="beta")
    handle(member, shop.send("orders", 0, 0))
    edge = edges_of(told(world).map())[ORDERS, "group:payment"]
    assert (edge["waits_across_hosts"], edge["wait_range_ms"], edge["waits_unreliable"]) == (1, None, True)


def test_findings_stand_at_their_edge(told, world):
    """A failure at its reader, a failed publication at its sender, what names neither at the destination."""
    chain(world)
    shop = world.service("shop")
    shop.send("orders", 0, None, outcome="failed", error="RecordTooLarge")
    shop.send("dishes", 0, 0)
    shop.close()
    store = told(world)
    document = store.map()
    edges = edges_of(document)
    assert edges[PAYMENTS, "group:kitchen"]["findings"] == [{"kind": "failed", "severity": "error", "count": 1}]
    publishing = edges["service:shop", ORDERS]
    assert publishing["findings"] == [{"kind": "publish-failed", "severity": "error", "count": 1}]
    assert (publishing["count"], publishing["failed"]) == (3, 1)
    unread = [{"kind": "unread-destination", "severity": "warning", "count": 1}]
    assert node_of(document, "destination:kafka/dishes")["findings"] == unread
    counted = sum(
        one["count"] for shown in (*document["nodes"], *document["edges"], document) for one in shown["findings"]
    )
    assert counted == len(store.findings())


def test_findings_that_were_not_asked_for_are_null(told, world):
    """Which is not none; everything else is as it was."""
    chain(world)
    store = told(world)
    without, document = store.map(findings=False), store.map()
    assert {edge["findings"] for edge in without["edges"]} == {None}
    for shown in (*document["nodes"], *document["edges"], document):
        shown["findings"] = None
    assert without == document


def test_dead_letters_hang_on_the_group_that_gave_up(told, world):
    """Their destination is one of dead letters by its name, and what caused them is told by their origin."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    handle(payment, order, error="CardDeclined")
    payment.send("orders.dlq", 0, 0, id=order.id, origin=order, origin_group="payment")
    payment.close()
    document = told(world).map()
    letters = "destination:kafka/orders.dlq"
    assert node_of(document, letters)["dead_letter"]
    assert not node_of(document, ORDERS)["dead_letter"]
    assert causes_of(document) == {(ORDERS, "group:payment", letters): 1}


def test_a_send_below_a_processing_is_caused_by_it(told, world):
    """Without a causation id the parent tells; what stands below nothing was caused by nobody."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    span = payment.process(order)
    below = payment.send("payments", 0, 0, trace=span.trace_id)
    below.span.parent = span.span_id
    payment.send("payments", 0, 1)
    document = told(world).map()
    assert causes_of(document) == {(ORDERS, "group:payment", PAYMENTS): 1}
    assert edges_of(document)["service:payment", PAYMENTS]["count"] == 2


def test_one_publish_told_by_two_spans_is_one(told, world):
    """A send inside a send to the same destination, and a creation whose sending is told, count once."""
    web = world.foreign("web", "opentelemetry.instrumentation.pika", **{"service.instance.id": "w"})
    base = {"messaging.system": "rabbitmq", "messaging.destination.name": "jobs"}
    outer = web.span("jobs send", PRODUCER, base | {"messaging.operation.type": "send"})
    web.span("jobs send", CLIENT, base | {"messaging.operation.type": "send"}, parent=outer)
    made = web.span("jobs create", PRODUCER, base | {"messaging.operation.type": "create"})
    web.span("jobs send", CLIENT, base | {"messaging.operation.type": "send"}, trace=made.trace_id)
    web.span("jobs create", PRODUCER, base | {"messaging.operation.type": "create"})
    edge = edges_of(told(world).map())["service:web", "destination:rabbitmq/jobs"]
    assert edge["count"] == 3


def test_one_handling_told_by_two_spans_is_one(told, world):
    """Processings of one record that overlap in one foreign instance count once; its group is assumed."""
    (order,) = orders_of(world, 1)
    reader = world.foreign("reader", "kotel", **{"service.instance.id": "r"})
    place = {
        "messaging.system": "kafka",
        "messaging.destination.name": "orders",
        "messaging.destination.partition.id": "0",
        "messaging.kafka.offset": order.offset,
        "messaging.operation.type": "process",
    }
    start = world.tick()
    reader.span("orders process", CONSUMER, place, start=start, end=start + 9 * MS)
    reader.span("orders process", CONSUMER, place, start=start + 2 * MS, end=start + 5 * MS)
    edge = edges_of(told(world).map())[ORDERS, "group:reader"]
    assert (edge["count"], edge["assumed"], edge["services"]) == (1, True, ["reader"])


def test_a_group_that_only_the_broker_tells_of_has_a_rate_and_no_count(told, world):
    """What it processed is not known; how its position moves is."""
    orders_of(world, 5)
    store = told(world)
    from tests.histories.conftest import Round

    store.watch(Round(("m",), 0, end=5), Round(("m",), 4, end=5))
    edge = edges_of(store.map())[ORDERS, "group:payment"]
    assert (edge["count"], edge["rate_from"], edge["lag"]) == (None, "positions", 1)
    assert edge["rate"] > 0


def test_a_traced_group_that_read_nothing_in_the_window_has_a_zero(told, world):
    """It is known to have done nothing, which is not unknown."""
    handle(member_of(world), *orders_of(world, 1))
    world.wait(3_600_000)
    orders_of(world, 1, first=1)
    edge = edges_of(told(world).map(window=Window(START_NS + 3_000_000 * MS, None)))[ORDERS, "group:payment"]
    assert (edge["count"], edge["rate"], edge["rate_from"], edge["lag"]) == (0, 0.0, "spans", 1)


def test_a_window_counts_its_own_and_knows_when_the_rest_was_sent(told, world):
    """What was sent before the window and processed in it has waited that long."""
    (order,) = orders_of(world, 1)
    world.wait(3_600_000)
    payment = member_of(world)
    span = payment.process(order)
    edges = edges_of(told(world).map(window=Window(START_NS + 3_000_000 * MS, None)))
    assert set(edges) == {(ORDERS, "group:payment")}
    waited = (span.start_ns - order.span.start_ns) / MS
    assert edges[ORDERS, "group:payment"]["p95_wait_ms"] == waited


@pytest.mark.parametrize(
    ("filter_text", "kept"),
    [
        ("topic:orders", {("service:shop", ORDERS), (ORDERS, "group:payment")}),
        ("group:kitchen", {("service:payment", PAYMENTS), (PAYMENTS, "group:kitchen")}),
        ("service:payment", {(ORDERS, "group:payment"), ("service:payment", PAYMENTS)}),
        ("group:!kitchen", {("service:shop", ORDERS), (ORDERS, "group:payment")}),
        ("status:stalled", set()),
        ("topic:payments service:shop", set()),
    ],
)
def test_a_filter_keeps_edges_and_what_feeds_them(told, world, filter_text, kept):
    """A reader is kept with those who publish what it reads; nodes are those that the edges touch."""
    chain(world)
    document = told(world).map(filter_text)
    assert set(edges_of(document)) == kept
    assert {node["id"] for node in document["nodes"]} == {end for ends in kept for end in ends}


def test_a_filter_by_what_edges_do_not_have_is_refused(told, world):
    """With the words that they have."""
    with pytest.raises(UsageError, match="map has no key to filter by; it has destination, group"):
        told(world).map("key:42")


def test_an_empty_store_has_an_empty_map(told, world):
    """And no time that rates could be counted over."""
    world.service("shop").close()
    document = told(world).map()
    assert (document["nodes"], document["edges"], document["seconds"]) == ([], [], None)
