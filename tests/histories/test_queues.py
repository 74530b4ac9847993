"""Queue brokers: no offsets, no positions; what the spans tell is said, and nothing is guessed."""

from __future__ import annotations

from tests.histories.world import CLIENT, CONSUMER, PRODUCER

RABBIT = {"messaging.system": "rabbitmq"}
SQS = {"messaging.system": "aws_sqs"}
GUESSES = {"pending", "skipped", "failed", "unfinished", "missing", "not-expected", "received"}


def rabbit_send(world, message_id="m", *, service="shop", **more):
    shop = world.foreign(service, "io.opentelemetry.rabbitmq-2.7")
    return shop.span(
        "orders publish",
        PRODUCER,
        RABBIT
        | {
            "messaging.operation": "publish",
            "messaging.destination.name": "shop:orders",
            "messaging.rabbitmq.destination.routing_key": "orders",
            "messaging.message.id": message_id,
        },
        **more,
    )


def rabbit_process(world, send, message_id="m", *, service="payment", **more):
    app = world.foreign(service, "io.opentelemetry.rabbitmq-2.7")
    return app.span(
        "orders process",
        CONSUMER,
        RABBIT
        | {
            "messaging.operation": "process",
            "messaging.destination.name": "shop:orders:orders",
            "messaging.rabbitmq.destination.routing_key": "orders",
            "messaging.message.id": message_id,
        },
        parent=send,
        **more,
    )


def answers_of(document):
    return {line["answer"] for event in document["events"] for line in event["consumed"]}


def test_a_rabbit_message_that_was_handled(told, world):
    """Sent and handled, joined by id and trace: published (seen), processed by somebody, no finding."""
    rabbit_process(world, rabbit_send(world))
    store = told(world)
    document = store.ask("m")
    assert answers_of(document) == {"processed"}
    assert "no" not in {event["published"]["answer"] for event in document["events"]}
    assert store.kinds() == []


def test_a_rabbit_message_nobody_was_seen_with(told, world):
    """Sent, and no consumer's span: unknown, never pending, lost or failed."""
    rabbit_send(world)
    rabbit_process(world, rabbit_send(world, "other"), "other")
    store = told(world)
    document = store.ask("m")
    assert {event["published"]["answer"] for event in document["events"]} == {"unknown"}
    assert not answers_of(document) & GUESSES
    assert store.kinds() == []


def test_rabbits_delivery_tags_are_no_offsets(told, world):
    """Settle spans with a delivery tag only: no record, no finding."""
    app = world.foreign("payment", "io.opentelemetry.rabbitmq-2.7")
    for tag in (1, 2, 3):
        app.span(
            "ack orders",
            CLIENT,
            RABBIT
            | {
                "messaging.operation.type": "settle",
                "messaging.destination.name": "orders",
                "messaging.rabbitmq.delivery_tag": tag,
            },
        )
    rabbit_process(world, rabbit_send(world))
    assert told(world).kinds() == []


def test_pikas_send_inside_a_send_is_one_publication(told, world):
    """Pika wraps publish twice, with one message id: one publication, no republish."""
    shop = world.foreign("shop", "opentelemetry.instrumentation.pika")
    attributes = RABBIT | {
        "messaging.destination": "orders",
        "messaging.message_id": "m",
        "net.peer.name": "rabbit",
    }
    begun = world.tick()
    outer = shop.span("orders send", PRODUCER, attributes, start=begun, end=begun + 9_000_000)
    shop.span("orders send", PRODUCER, attributes, parent=outer, start=begun + 1_000_000, end=begun + 8_000_000)
    store = told(world)
    assert store.kinds() == []
    assert store.event("m")["duplicated"]["answer"] != "yes"


def test_two_sends_of_one_id_to_a_queue_are_a_republish(told, world):
    """The twin of pika's: two sends one after the other with one id: republish, a warning."""
    rabbit_send(world)
    world.wait(5000)
    rabbit_send(world)
    store = told(world)
    assert store.kinds() == [("republish", "warning")]
    assert {event["duplicated"]["answer"] for event in store.ask("m")["events"]} == {"yes"}


def test_a_rabbit_message_handled_twice(told, world):
    """Two handlings without offsets, attempts or positions: no error, for nobody tells of the acknowledgements."""
    send = rabbit_send(world)
    rabbit_process(world, send)
    world.wait(5000)
    rabbit_process(world, send)
    assert [pair for pair in told(world).kinds() if pair[1] == "error"] == []


def test_rabbit_messages_without_ids(told, world):
    """No id at all: two messages in two traces are two events."""
    shop = world.foreign("shop", "io.opentelemetry.rabbitmq-2.7")
    for _ in range(2):
        shop.span(
            "orders publish",
            PRODUCER,
            RABBIT | {"messaging.operation": "publish", "messaging.destination.name": "orders"},
        )
    store = told(world)
    assert store.kinds() == []


def test_an_sqs_message(told, world):
    """Sent with the service's message id, received and handled: no finding, processed."""
    shop = world.foreign("shop", "botocore")
    send = shop.span(
        "send orders",
        PRODUCER,
        {
            "messaging.system": "AmazonSQS",
            "messaging.operation.type": "send",
            "messaging.destination.name": "orders",
            "messaging.message.id": "sqs-1",
        },
    )
    app = world.foreign("payment", "botocore")
    app.span(
        "process orders",
        CONSUMER,
        SQS
        | {
            "messaging.operation.type": "process",
            "messaging.destination.name": "orders",
            "messaging.message.id": "sqs-1",
        },
        links=[send.link()],
    )
    store = told(world)
    event = store.event("sqs-1")
    assert event["system"] == "aws_sqs"
    assert event["published"]["answer"] == "yes"
    assert {line["answer"] for line in event["consumed"]} == {"processed"}
    assert store.kinds() == []


def test_queue_messages_have_no_lag(told, world):
    """No positions in this system: no row of lag is made up."""
    rabbit_process(world, rabbit_send(world))
    store = told(world)
    rows = store.everything()["lag"]["rows"]
    assert [row for row in rows if row["lag"] is not None] == []


def test_a_celery_retry_is_an_attempt_and_no_republish(told, world):
    """Celery publishes the same task id again from the retrying task: an attempt of one message."""
    web = world.foreign("web", "opentelemetry.instrumentation.celery")
    worker = world.foreign("worker", "opentelemetry.instrumentation.celery")
    task = {"messaging.destination": "celery", "celery.task_name": "mail", "messaging.message.id": "task-1"}
    send = web.span("apply_async/mail", PRODUCER, task | {"celery.action": "apply_async"})
    begun = world.tick()
    run = worker.span(
        "run/mail", CONSUMER, task | {"celery.action": "run", "celery.state": "RETRY"}, parent=send, start=begun
    )
    again = worker.span("apply_async/mail", PRODUCER, task | {"celery.action": "apply_async"}, parent=run, start=begun)
    worker.span("run/mail", CONSUMER, task | {"celery.action": "run", "celery.state": "SUCCESS"}, parent=again)
    store = told(world)
    assert store.findings("republish", "resend") == []
    assert [pair for pair in store.kinds() if pair[1] == "error"] == []


def test_an_sqs_message_with_the_services_id_was_acked(told, world):
    """The message id from the service is its ack: yes, acked, without any consumer."""
    shop = world.foreign("shop", "botocore")
    shop.span(
        "send orders",
        PRODUCER,
        SQS
        | {
            "messaging.operation.type": "send",
            "messaging.destination.name": "orders",
            "messaging.message.id": "sqs-1",
        },
    )
    assert told(world).published("sqs-1") == ("yes", "acked")


def test_a_foreign_batch_is_told_by_its_links(told, world):
    """One process span for three records, each told by a link: all three processed, grade B."""
    base = {"messaging.system": "kafka", "messaging.destination.name": "orders"}
    place = {"messaging.destination.partition.id": "0"}
    shop = world.foreign("shop", "io.opentelemetry.kafka-clients-0.11")
    sends = [
        shop.span(
            "orders publish",
            PRODUCER,
            base | place | {"messaging.operation": "publish", "messaging.kafka.message.offset": n},
        )
        for n in range(3)
    ]
    payment = world.foreign("payment", "io.opentelemetry.kafka-clients-0.11")
    payment.span(
        "orders process",
        CONSUMER,
        base
        | place
        | {
            "messaging.operation": "process",
            "messaging.kafka.consumer.group": "payment",
            "messaging.batch.message_count": 3,
        },
        links=[send.link(**{"messaging.kafka.message.offset": n}) for n, send in enumerate(sends)],
    )
    store = told(world)
    assert [store.consumed(f"orders:0:{n}", "payment") for n in range(3)] == ["processed"] * 3
