"""Attempt chains as other frameworks tell them: by the headers that an instrumentation captured from their copies."""

from __future__ import annotations

from typing import Any

import pytest

from tests.histories.parts import member_of, orders_of
from tests.histories.test_queues import rabbit_process, rabbit_send
from tests.histories.world import CONSUMER, PRODUCER

JAVA = "io.opentelemetry.kafka-clients-0.11"
RABBIT = "io.opentelemetry.rabbitmq-2.7"


def java(world: Any, verb: str, destination: str, offset: int, *, service: str, group: str | None, **more: Any) -> Any:
    """Publish or process one record under the Java agent."""
    attributes = {
        "messaging.system": "kafka",
        "messaging.operation": verb,
        "messaging.destination.name": destination,
        "messaging.destination.partition.id": "0",
        "messaging.kafka.message.offset": offset,
        "messaging.kafka.consumer.group": group,
    } | more.pop("headers", {})
    app = world.foreign(service, JAVA, **{"service.instance.id": f"{service}-1", "host.name": "alpha"})
    return app.span(
        f"{destination} {verb}",
        PRODUCER if verb == "publish" else CONSUMER,
        {name: value for name, value in attributes.items() if value is not None},
        **more,
    )


def binary(number: int, width: int) -> str:
    return number.to_bytes(width, "big").decode("ascii")


def spring(kind: str, topic: str, partition: int, offset: int, group: str) -> dict[str, Any]:
    return {
        f"messaging.header.kafka_{kind}_topic": [topic],
        f"messaging.header.kafka_{kind}_partition": [binary(partition, 4)],
        f"messaging.header.kafka_{kind}_offset": [binary(offset, 8)],
        f"messaging.header.kafka_{kind}_consumer_group": [group],
    }


def connect(topic: str, partition: int, offset: int) -> dict[str, Any]:
    return {
        "messaging.header.__connect.errors.topic": [topic],
        "messaging.header.__connect.errors.partition": [str(partition)],
        "messaging.header.__connect.errors.offset": [str(offset)],
        "messaging.header.__connect.errors.connector.name": ["sink"],
    }


def story(world: Any, group: str, *copies: tuple[str, dict[str, Any], bool]) -> Any:
    """Fail to handle an order, then handle its copies: destination, headers, and whether that fails as well."""
    send = java(world, "publish", "orders", 5, service="shop", group=None)
    java(world, "process", "orders", 5, service="payment", group=group, parent=send, exception="java.io.IOException")
    for destination, headers, fails in copies:
        copy = java(world, "publish", destination, 0, service="payment", group=None, headers=headers)
        more = {"exception": "java.io.IOException"} if fails else {}
        java(world, "process", destination, 0, service="payment", group=group, parent=copy, headers=headers, **more)
    return send


def test_spring_s_retry_topics_are_one_chain(told, world):
    """Spring's retryable topics: orders, orders-retry-0, orders-retry-1; handled at the third attempt."""
    story(
        world,
        "payment",
        ("orders-retry-0", spring("original", "orders", 0, 5, "payment") | attempt(2), True),
        ("orders-retry-1", spring("original", "orders", 0, 5, "payment") | attempt(3), False),
    )
    store = told(world)
    line = store.line("orders:0:5", "payment")
    assert (line["answer"], line["reason"]) == ("processed", "retried on orders-retry-1")
    assert [(one.get("destination"), one["attempt"], one["outcome"]) for one in line["deliveries"]] == [
        (None, 1, "failed"),
        ("orders-retry-0", 2, "failed"),
        ("orders-retry-1", 3, "ok"),
    ]


def attempt(number: int) -> dict[str, Any]:
    return {"messaging.header.retry_topic_attempts": [binary(number, 4)]}


@pytest.mark.parametrize(
    ("group", "destination", "headers"),
    [
        ("payment", "orders-dlt", spring("dlt_original", "orders", 0, 5, "payment")),
        ("connect-sink", "sink.dlq", connect("orders", 0, 5)),
        (
            "payment",
            "parked",
            {
                "messaging.header.flowtrail_origin_destination": ["orders"],
                "messaging.header.flowtrail_origin_partition": ["0"],
                "messaging.header.flowtrail_origin_offset": ["5"],
                "messaging.header.flowtrail_origin_group": ["payment"],
            },
        ),
    ],
    ids=["Spring", "Connect", "our own"],
)
def test_a_copy_on_a_dead_letter_destination(told, world, group, destination, headers):
    """The copy's headers say where it came from: dead-lettered, one chain, one error."""
    send = java(world, "publish", "orders", 5, service="shop", group=None)
    java(world, "process", "orders", 5, service="payment", group=group, parent=send, exception="java.io.IOException")
    java(world, "publish", destination, 0, service="payment", group=None, headers=headers)
    store = told(world)
    line = store.line("orders:0:5", group)
    assert (line["answer"], line["reason"]) == ("dead-lettered", destination)
    assert [kind for kind, severity in store.kinds() if severity == "error"] == ["dead-lettered"]


def dead_letter(world: Any, headers: dict[str, Any], exchange: str = "shop.dlx", queue: str = "orders.dead") -> Any:
    """Handle what was dead-lettered, under the Java agent with captured headers."""
    app = world.foreign("janitor", RABBIT)
    attributes = {
        "messaging.system": "rabbitmq",
        "messaging.operation": "process",
        "messaging.destination.name": f"{exchange}:orders:{queue}",
        "messaging.rabbitmq.destination.routing_key": "orders",
        "messaging.message.id": "m",
    }
    return app.span(f"{queue} process", CONSUMER, attributes | headers)


DEATH = {
    "messaging.header.x_death": [
        "[{reason=rejected, count=1, exchange=shop, time=Fri Nov 20 12:00:00 UTC 2026, routing-keys=[o], queue=orders}]"
    ]
}


def test_a_rabbit_message_that_died(told, world):
    """Refused in its queue, and handled where dead letters go: dead-lettered, an error with both spans."""
    send = rabbit_send(world)
    failed = rabbit_process(world, send, error=True)
    dead = dead_letter(world, DEATH)
    store = told(world)
    (event,) = [event for event in store.ask("m")["events"] if event["destination"] == "shop"]
    (line,) = event["consumed"]
    assert (line["group"], line["answer"], line["reason"]) == ("orders", "dead-lettered", "shop.dlx")
    finding = store.finding("dead-lettered")
    assert (finding["destination"], finding["group"], finding["message_ids"]) == ("shop", "orders", ["m"])
    assert set(finding["evidence"]) == {failed.ref, dead.ref}
    assert [row["kind"] for row in event["findings"]] == ["dead-lettered"]


def test_a_rabbit_message_that_died_elsewhere(told, world):
    """It died in another queue of the exchange: nothing follows for this one."""
    rabbit_process(world, rabbit_send(world), error=True)
    dead_letter(world, {name: [text.replace("queue=orders", "queue=mails")] for name, (text,) in DEATH.items()})
    store = told(world)
    (event,) = [event for event in store.ask("m")["events"] if event["destination"] == "shop"]
    assert [line["answer"] for line in event["consumed"]] == ["unknown"]
    assert store.findings("dead-lettered", "failed") == []


def test_a_rabbit_message_that_came_back_to_its_queue(told, world):
    """Refused, delayed, sent to the same exchange again, handled: processed; a copy at home is no dead letter."""
    send = rabbit_send(world)
    rabbit_process(world, send, error=True)
    again = rabbit_process(world, send)
    again.attributes |= DEATH
    store = told(world)
    assert {line["answer"] for event in store.ask("m")["events"] for line in event["consumed"]} == {"processed"}
    assert store.findings("dead-lettered", "failed") == []


def test_a_masstransit_fault(told, world):
    """The error queue's copy names the queue's address; the queue is the destination there."""
    app = world.foreign("payment", "MassTransit")
    base = {"messaging.system": "rabbitmq", "messaging.operation": "process", "messaging.message.id": "m"}
    app.span("orders process", CONSUMER, base | {"messaging.destination.name": "orders"}, error=True)
    fault = {
        "messaging.header.MT_Fault_InputAddress": ["rabbitmq://broker/shop/orders?durable=true"],
        "messaging.header.MT_Fault_RetryCount": ["3"],
    }
    app.span("orders_error process", CONSUMER, base | {"messaging.destination.name": "orders_error"} | fault)
    store = told(world)
    (event,) = [event for event in store.ask("m")["events"] if event["destination"] == "orders"]
    assert event["consumed"][0]["answer"] == "dead-lettered"


def test_whoever_keeps_dead_letters_has_not_processed_the_event(told, world):
    """Another service archives the dead letters, well: the event stays dead-lettered for the group that failed."""
    (order,) = orders_of(world, 1)
    payment = member_of(world)
    payment.receive("orders", 0, 0)
    payment.process(order, error="ValueError")
    copy = payment.send("orders.dlq", 0, 0, id=order.id, origin=order, origin_group="payment")
    payment.commit("orders", 0, 1)
    payment.close()
    archive = world.service("archive", group="archive")
    archive.assign("orders.dlq", 0, 0)
    archive.receive("orders.dlq", 0, 0)
    archive.process(copy)
    archive.commit("orders.dlq", 0, 1)
    archive.close()
    store = told(world)
    assert store.line(f"orders:0:{order.offset}", "payment")["answer"] == "dead-lettered"
    assert store.kinds() == [("dead-lettered", "error")]


def test_a_copy_is_of_the_group_whose_member_sent_it(told, world):
    """Payment passes an order on without saying for whom; the other group that reads orders has not been handed it."""
    order = world.service("shop").send("orders", 0, 5)
    member_of(world, "audit", at=5)
    payment = member_of(world, "payment", at=5)
    payment.receive("orders", 0, 5)
    payment.process(order, error="ValueError")
    copy = payment.send("orders-retry", 0, 0, id=order.id)
    payment.commit("orders", 0, 6)
    retrying = world.service("payment", group="payment")
    retrying.assign("orders-retry", 0, 0)
    retrying.receive("orders-retry", 0, 0)
    retrying.process(copy)
    store = told(world)
    assert store.consumed("orders:0:5", "payment") == "processed"
    assert store.consumed("orders:0:5", "audit") == "pending"
