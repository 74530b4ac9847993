"""Other instrumentations: no numbers, no outcomes, no groups; what follows all the same, and what never follows."""

from __future__ import annotations

import pytest

from tests.histories.world import CLIENT, CONSUMER, PRODUCER, Sent

JAVA = "io.opentelemetry.kafka-clients-0.11"
KAFKA_PYTHON = "opentelemetry.instrumentation.kafka"
CONFLUENT = "opentelemetry.instrumentation.confluent_kafka"
AIOKAFKA = "opentelemetry.instrumentation.aiokafka"
PIKA = "opentelemetry.instrumentation.pika"
KAFKAJS = "@opentelemetry/instrumentation-kafkajs"
SARAMA = "github.com/dnwe/otelsarama"
KOTEL = "github.com/twmb/franz-go/plugin/kotel"

KAFKA = {"messaging.system": "kafka"}


def java_send(world, *, offset=5, partition=0, service="shop", **more):
    """Send one message under the Java agent."""
    attributes = KAFKA | {
        "messaging.operation": "publish",
        "messaging.destination.name": "orders",
        "messaging.destination.partition.id": str(partition),
        "messaging.kafka.message.offset": offset,
        "messaging.client_id": "producer-1",
    }
    shop = world.foreign(service, JAVA, **{"service.instance.id": f"{service}-1", "host.name": "alpha"})
    return shop.span("orders publish", PRODUCER, attributes, **more)


def java_process(world, send, *, offset=5, group="payment", service="payment", instance="1", **more):
    """Handle one message under the Java agent."""
    attributes = KAFKA | {
        "messaging.operation": "process",
        "messaging.destination.name": "orders",
        "messaging.destination.partition.id": "0",
        "messaging.kafka.message.offset": offset,
        "messaging.kafka.consumer.group": group,
        "messaging.client_id": "consumer-1",
    }
    app = world.foreign(service, JAVA, **{"service.instance.id": f"{service}-{instance}", "host.name": "alpha"})
    return app.span("orders process", CONSUMER, attributes, parent=send, **more)


def test_a_java_send_with_its_offset_is_published(told, world):
    """The agent's offset is an ack: yes, acked."""
    send = java_send(world)
    store = told(world)
    assert store.published("orders:0:5") == ("yes", "acked")
    assert store.event("orders:0:5")["published"]["evidence"] == [send.ref]
    assert store.kinds() == []


def test_a_java_processing_without_error_is_processed_grade_b(told, world):
    """Most clients never report a failed handler: ok as far as instrumented, grade B."""
    java_process(world, java_send(world))
    line = told(world).line("orders:0:5", "payment")
    assert (line["answer"], line["grade"]) == ("processed", "B")
    assert "assumed" not in line


def test_a_java_processing_with_error_is_no_success(told, world):
    """An ERROR status is a failed attempt; nobody can say that there was no other, so it is failed or unknown."""
    java_process(world, java_send(world), error=True)
    store = told(world)
    assert store.consumed("orders:0:5", "payment") in {"failed", "unknown"}
    line = store.line("orders:0:5", "payment")
    assert [delivery["outcome"] for delivery in line["deliveries"]] == ["failed"]


@pytest.mark.parametrize("style", ["old", "new", "both"])
def test_place_minus_one_is_no_place(told, world, style):
    """Partition -1 and offset -1 beside ERROR: no place, no ack, no record at -1."""
    old = {
        "messaging.operation": "publish",
        "messaging.destination.partition.id": "-1",
        "messaging.kafka.message.offset": -1,
    }
    new = {
        "messaging.operation.type": "send",
        "messaging.destination.partition.id": "-1",
        "messaging.kafka.offset": -1,
    }
    attributes = {"old": old, "new": new, "both": old | new}[style]
    shop = world.foreign("shop", JAVA, **{"service.instance.id": "shop-1"})
    send = shop.span(
        "orders publish",
        PRODUCER,
        KAFKA | {"messaging.destination.name": "orders"} | attributes,
        exception="org.apache.kafka.common.errors.TimeoutException",
    )
    store = told(world)
    event = store.event(f"trace:{send.trace_id}")
    assert event["published"]["answer"] != "yes"
    assert event["published"]["records"] == []
    assert store.findings("offset-conflict", "ghost-publish", "resend", "republish") == []


def test_many_sends_at_minus_one_are_no_conflict(told, world):
    """Five failed sends all say -1: not one record, no conflict, no duplicate."""
    for _ in range(5):
        java_send(world, offset=-1, partition=-1, error=True)
    assert told(world).findings("offset-conflict", "resend", "republish", "log-reorder") == []


def test_offset_minus_one_beside_a_real_partition(told, world):
    """Kotel knows the partition and says -1 for the offset: no record."""
    shop = world.foreign("shop", KOTEL)
    send = shop.span(
        "orders publish",
        PRODUCER,
        KAFKA
        | {
            "messaging.operation": "publish",
            "messaging.destination.name": "orders",
            "messaging.kafka.destination.partition": 2,
            "messaging.kafka.message.offset": -1,
        },
        error=True,
    )
    event = told(world).event(f"trace:{send.trace_id}")
    assert event["published"]["records"] == []
    assert event["published"]["answer"] != "yes"


def test_java_poll_and_process_are_one_delivery(told, world):
    """The agent tells one delivery twice: the poll with links and the processing. One delivery, no redelivery."""
    send = java_send(world)
    app = world.foreign("payment", JAVA, **{"service.instance.id": "payment-1", "host.name": "alpha"})
    group = KAFKA | {"messaging.destination.name": "orders", "messaging.kafka.consumer.group": "payment"}
    poll = app.span(
        "orders receive",
        CONSUMER,
        group
        | {
            "messaging.operation": "receive",
            "messaging.destination.partition.id": "0",
            "messaging.batch.message_count": 1,
        },
        links=[send.link(**{"messaging.kafka.message.offset": 5})],
    )
    app.span(
        "orders process",
        CONSUMER,
        group
        | {
            "messaging.operation": "process",
            "messaging.destination.partition.id": "0",
            "messaging.kafka.message.offset": 5,
        },
        parent=poll,
        links=[send.link()],
    )
    store = told(world)
    line = store.line("orders:0:5", "payment")
    assert line["answer"] == "processed"
    assert len(line["deliveries"]) == 1
    assert store.kinds() == []
    assert store.event("orders:0:5")["duplicated"]["answer"] != "yes"


def test_two_java_processings_of_two_groups(told, world):
    """One record, two groups: two lines, no duplicate."""
    send = java_send(world)
    java_process(world, send, group="payment")
    java_process(world, send, group="kitchen", service="kitchen")
    store = told(world)
    assert store.answers("orders:0:5") == {"payment": "processed", "kitchen": "processed"}
    assert store.kinds() == []


def test_two_java_processings_of_one_group_are_no_error(told, world):
    """One group handled it twice, but a seek would not be told: a warning at most."""
    send = java_send(world)
    java_process(world, send)
    world.wait(5000)
    java_process(world, send, instance="2")
    store = told(world)
    assert [pair for pair in store.kinds() if pair[1] == "error"] == []
    assert store.event("orders:0:5")["duplicated"]["answer"] == "yes"


def test_nothing_is_inferred_from_a_foreign_groups_silence(told, world):
    """Three records sent, the group is seen handling the last: the others may have been sampled out; unknown."""
    for offset in (5, 6):
        java_send(world, offset=offset)
    java_process(world, java_send(world, offset=7), offset=7)
    store = told(world)
    assert store.consumed("orders:0:5", "payment") == "unknown"
    assert store.kinds() == []
    event = store.event("orders:0:5")
    assert (event["duplicated"]["answer"], event["reordered"]["answer"]) == ("unknown", "unknown")


def test_foreign_clocks_make_no_reordering(told, world):
    """Kafkajs rounds the starts of a batch to the millisecond and jitters the ends: no order is read from them."""
    sends = [java_send(world, offset=5 + n) for n in range(3)]
    app = world.foreign("payment", KAFKAJS)
    begun = world.tick()
    for n in (2, 0, 1):
        app.span(
            "orders",
            CONSUMER,
            KAFKA
            | {
                "messaging.operation": "process",
                "messaging.destination": "orders",
                "messaging.destination.partition.id": "0",
                "messaging.kafka.message.offset": str(5 + n),
            },
            start=begun,
            end=begun + 1000 * (n + 1),
            parent=sends[n],
        )
    store = told(world)
    assert store.findings("delivery-reorder", "completion-reorder", "log-reorder") == []


def test_offsets_as_text(told, world):
    """Kafkajs writes the offset as a string under the new name: offset 0."""
    app = world.foreign("shop", KAFKAJS)
    app.span(
        "send orders",
        PRODUCER,
        KAFKA
        | {
            "messaging.operation.type": "send",
            "messaging.destination.name": "orders",
            "messaging.destination.partition.id": "0",
            "messaging.kafka.offset": "0",
        },
    )
    assert told(world).published("orders:0:0") == ("yes", "acked")


def test_a_group_that_is_only_assumed_says_so(told, world):
    """kafka-python's spans name no group: the service's name stands for it, assumed."""
    send = java_send(world)
    app = world.foreign("payment", CONFLUENT)
    app.span(
        "orders process",
        CONSUMER,
        KAFKA
        | {
            "messaging.destination": "orders",
            "messaging.operation": "process",
            "messaging.kafka.partition": 0,
            "messaging.message.id": "orders.0.5",
        },
        links=[send.link()],
    )
    line = told(world).line("orders:0:5", "payment")
    assert line["assumed"] is True
    assert (line["answer"], line["grade"]) == ("processed", "B")


def test_a_named_group_beside_the_service_name(told, world):
    """The same service's spans with a group name are that group's, not the assumed one's."""
    send = java_send(world)
    java_process(world, send, group="billing", service="payment")
    lines = told(world).event("orders:0:5")["consumed"]
    assert [(line["group"], "assumed" in line) for line in lines] == [("billing", False)]


def test_a_failed_kafka_python_send_has_no_attributes(told, world):
    """Name `orders send`, PRODUCER, ERROR, an exception and nothing else: not published as far as known, no record."""
    shop = world.foreign("shop", KAFKA_PYTHON)
    send = shop.span("orders send", PRODUCER, {}, exception="kafka.errors.KafkaTimeoutError")
    store = told(world)
    event = store.event(f"trace:{send.trace_id}")
    assert event["destination"] == "orders"
    assert event["published"]["answer"] in {"in-doubt", "unknown"}
    assert store.findings("publish-failed") == []


def test_old_and_new_names_on_one_span(told, world):
    """`messaging/dup` writes both vocabularies: one event, one record."""
    shop = world.foreign("shop", JAVA)
    shop.span(
        "send orders",
        PRODUCER,
        KAFKA
        | {
            "messaging.operation": "publish",
            "messaging.operation.type": "send",
            "messaging.operation.name": "send",
            "messaging.destination": "orders",
            "messaging.destination.name": "orders",
            "messaging.kafka.destination.partition": 0,
            "messaging.destination.partition.id": "0",
            "messaging.kafka.message.offset": 5,
            "messaging.kafka.offset": 5,
            "messaging.message_id": "m",
            "messaging.message.id": "m",
        },
    )
    store = told(world)
    assert len(store.ask("orders:0:5")["events"]) == 1
    assert store.event("m")["published"]["records"][0]["offset"] == 5
    assert store.kinds() == []


def test_old_names_of_one_service_and_new_names_of_another(told, world):
    """A send in the old vocabulary and its processing in the new one are one event."""
    send = java_send(world)
    app = world.foreign("payment", "app", **{"service.instance.id": "p"})
    app.span(
        "process orders",
        CONSUMER,
        KAFKA
        | {
            "messaging.operation.type": "process",
            "messaging.destination.name": "orders",
            "messaging.destination.partition.id": "0",
            "messaging.kafka.offset": 5,
            "messaging.consumer.group.name": "payment",
        },
        links=[send.link()],
    )
    store = told(world)
    assert store.answers("orders:0:5") == {"payment": "processed"}


def test_ours_and_theirs_on_one_record(told, world):
    """Flowtrail's producer, a foreign consumer: the verdict joins them, and claims no absence."""
    order = world.service("shop").send("orders", 0, 5)
    java_process(world, order.span)
    store = told(world)
    event = store.event(order.id)
    assert [(line["group"], line["answer"]) for line in event["consumed"]] == [("payment", "processed")]
    assert event["duplicated"]["answer"] == "unknown"
    assert store.kinds() == []


def test_otelsarama_digits_are_an_offset(told, world):
    """An id of digits beside no offset is the offset: record orders:1:42, not message 42."""
    shop = world.foreign("shop", SARAMA)
    shop.span(
        "orders publish",
        PRODUCER,
        KAFKA
        | {
            "messaging.destination": "orders",
            "messaging.destination_kind": "topic",
            "messaging.operation": "publish",
            "messaging.kafka.partition": 1,
            "messaging.message.id": "42",
        },
    )
    event = told(world).event("orders:1:42")
    assert event["published"]["answer"] == "yes"
    assert event["message_id"] is None


def test_aiokafkas_three_layers_are_one_delivery(told, world):
    """Getmany's receive spans link to each other: the record was handed out once."""
    send = java_send(world)
    app = world.foreign("payment", AIOKAFKA)
    base = KAFKA | {
        "messaging.destination.name": "orders",
        "messaging.destination.partition.id": "0",
        "messaging.kafka.consumer.group": "payment",
    }
    begun = world.tick()
    inner = app.span(
        "orders receive",
        CONSUMER,
        base | {"messaging.operation.name": "receive", "messaging.kafka.message.offset": 5},
        parent=send,
        start=begun,
    )
    app.span(
        "orders receive",
        CONSUMER,
        base | {"messaging.operation.name": "receive", "messaging.batch.message_count": 1},
        links=[inner.link()],
        start=begun,
    )
    store = told(world)
    assert len(store.line("orders:0:5", "payment")["deliveries"]) == 1
    assert store.kinds() == []


def test_a_sampled_consumer_is_not_a_missing_one(told, world):
    """A send whose consumer recorded nothing: nobody is accused."""
    java_send(world)
    store = told(world)
    assert store.event("orders:0:5")["consumed"] == []
    assert store.kinds() == []


def test_spans_that_are_no_messaging_at_all(told, world):
    """HTTP and database spans around the messages change nothing."""
    app = world.foreign("shop", "app")
    root = app.span("POST /orders", 2, {"http.request.method": "POST"})
    send = java_send(world, parent=root)
    java_process(world, send)
    app.span("INSERT orders", CLIENT, {"db.system": "postgresql"}, parent=root)
    store = told(world)
    assert store.answers("orders:0:5") == {"payment": "processed"}
    assert len(store.ask(f"trace:{root.trace_id}")["events"]) == 1
    assert store.kinds() == []


def test_a_send_inside_the_creation_of_its_message_is_one_publication(told, world):
    """Neither hides the other, and the id that the creation knows is the send's."""
    web = world.foreign("web", "some.instrumentation", **{"service.instance.id": "w"})
    base = {"messaging.system": "kafka", "messaging.destination.name": "orders"}
    named = base | {"messaging.message.id": "m-1"}
    made = web.span("orders create", PRODUCER, named | {"messaging.operation.type": "create"})
    placed = {"messaging.destination.partition.id": "0", "messaging.kafka.offset": 4}
    web.span("orders send", CLIENT, named | placed | {"messaging.operation.type": "send"}, parent=made)
    bare = web.span(
        "orders create", PRODUCER, base | {"messaging.operation.type": "create", "messaging.message.id": "m-2"}
    )
    web.span("orders send", CLIENT, base | {"messaging.operation.type": "send"}, parent=bare)
    (first,) = told(world).ask("id:m-1")["events"]
    assert (first["published"]["answer"], first["published"]["reason"]) == ("yes", "acked")
    assert [(one["partition"], one["offset"]) for one in first["published"]["records"]] == [(0, 4)]
    (second,) = told(world).ask("id:m-2")["events"]
    assert second["published"]["answer"] == "unknown"


def test_what_a_foreign_producer_may_have_aborted_is_not_skipped(told, world):
    """Its instrumentation tells of no transactions, the broker of no compaction: nobody is accused."""
    java_send(world, offset=0)
    later = java_send(world, offset=2)
    payment = world.service("payment", group="payment")
    payment.assign("orders", 0, 0)
    payment.receive("orders", 0, 2)
    sent = Sent("orders", 0, 2, None, None, "k", None, None, later)
    payment.process(sent)
    payment.commit("orders", 0, 3)
    payment.close()
    store = told(world).broker(policy="delete")
    assert store.consumed("orders:0:0", "payment") == "unknown"
    assert store.findings("skipped", "lost") == []


def test_a_failed_send_whose_producer_is_dark_is_unknown(told, world):
    """It may have sent the event again and not told of it."""
    shop = world.foreign("shop", JAVA, **{"service.instance.id": "shop-1"})
    attributes = KAFKA | {"messaging.operation": "publish", "messaging.destination.name": "orders"}
    attributes["messaging.header.message_id"] = ["m-1"]
    shop.span("orders publish", PRODUCER, attributes, exception="RecordTooLargeException")
    store = told(world)
    assert store.published("m-1") == ("unknown", "telemetry gap")
    assert store.findings("publish-failed") == []


def test_two_records_that_name_one_acked_send_are_a_resend(told, world):
    """The send was acked at 6, and its reader was handed 5 as well, both below that send: one creation, two offsets."""
    send = java_send(world, offset=6)
    for offset in (5, 6):
        java_process(world, send, offset=offset)
    found = told(world).finding("resend")
    assert (found["offsets"], found["reason"], found["grade"]) == ([5, 6], "same creation context", "B")


def test_a_record_that_another_send_was_acked_at_is_no_second_copy(told, world):
    """A list of headers that is used again: the reader of 6 names the first send, and the second was acked there."""
    first = java_send(world, offset=5)
    java_send(world, offset=6)
    java_process(world, first, offset=5)
    java_process(world, first, offset=6)
    assert told(world).findings("resend") == []


def test_whoever_names_our_send_was_handed_our_event(told, world):
    """A foreign reader knows no ids: its parent tells that what timed out and what failed was published."""
    shop = world.service("shop")
    doubted = shop.send("orders", None, None, outcome="in-doubt", error="KafkaTimeoutError")
    failed = shop.send("orders", None, None, outcome="failed", error="NotEnoughReplicasError")
    java_process(world, doubted.span, offset=5)
    java_process(world, failed.span, offset=6)
    world.wait(200_000)
    shop.close()
    store = told(world)
    assert store.published(doubted.id) == ("yes", "seen")
    assert store.consumed(doubted.id, "payment") == "processed"
    assert store.finding("ghost-publish")["message_ids"] == [failed.id]
    assert store.findings("publish-in-doubt") == []


def test_whoever_names_the_creation_names_the_send(told, world):
    """A span for the message's creation around a send that knows no offset: its reader's link leads to the record."""
    web = world.foreign("web", "some.instrumentation", **{"service.instance.id": "w"})
    base = {"messaging.system": "kafka", "messaging.destination.name": "orders"}
    made = web.span("orders create", PRODUCER, base | {"messaging.operation.type": "create"})
    web.span("orders send", CLIENT, base | {"messaging.operation.type": "send"}, parent=made)
    java_process(world, made, offset=4)
    store = told(world)
    assert store.published("orders:0:4") == ("yes", "seen")


def test_a_reordered_log_is_proven_although_a_reader_is_dark(told, world):
    """Nothing but the copies that were acked can stand there, down to the beginning: whoever reads adds nothing."""
    shop = world.service("shop")
    shop.send("orders", 0, 0, key="k", seq=1)
    late = shop.send("orders", 0, 2, key="k", seq=2)
    shop.send("orders", 0, 1, key="k", seq=3)
    java_process(world, late.span, offset=2)
    assert told(world).finding("log-reorder")["offsets"] == [2]


def test_below_what_is_known_of_a_log_a_dark_reader_may_tell_of_a_copy(told, world):
    """The log begins further down: an earlier copy may stand there, and only the dark reader was handed it."""
    shop = world.service("shop")
    late = shop.send("orders", 0, 12, key="k", seq=2)
    shop.send("orders", 0, 11, key="k", seq=3)
    java_process(world, late.span, offset=12)
    assert told(world).findings("log-reorder") == []


@pytest.mark.parametrize("tie", ["parent", "link", "message id"])
def test_a_processing_that_names_no_record_of_a_send_that_does(told, world, tie):
    """A consumer that tells no offset, and a send that was acked at one: the event was processed, grade B."""
    order = world.service("shop").send("orders", 0, 5)
    app = world.foreign("payment", KAFKA_PYTHON)
    attributes = KAFKA | {"messaging.operation": "process", "messaging.destination": "orders"}
    span = app.span(
        "orders process",
        CONSUMER,
        attributes | ({"messaging.message.id": order.id} if tie == "message id" else {}),
        parent=order.span if tie == "parent" else None,
        links=[order.span.link()] if tie == "link" else [],
    )
    line = told(world).line("orders:0:5", "payment")
    assert (line["answer"], line["grade"], line["evidence"]) == ("processed", "B", [span.ref])


def test_a_batch_of_which_only_links_tell(told, world):
    """One span for three records names none of them; its links lead to their sends: all three were processed."""
    shop = world.service("shop")
    orders = [shop.send("orders", 0, n) for n in range(3)]
    world.foreign("payment", JAVA).span(
        "orders process",
        CONSUMER,
        KAFKA
        | {
            "messaging.operation": "process",
            "messaging.destination.name": "orders",
            "messaging.kafka.consumer.group": "payment",
            "messaging.batch.message_count": 3,
        },
        links=[order.span.link() for order in orders],
    )
    store = told(world)
    assert [store.consumed(order.id, "payment") for order in orders] == ["processed"] * 3


def test_a_receive_that_names_no_record_of_a_send_that_does(told, world):
    """It was handed out, and more is not told: received."""
    order = world.service("shop").send("orders", 0, 5)
    world.foreign("payment", CONFLUENT).span(
        "orders receive",
        CONSUMER,
        KAFKA | {"messaging.operation": "receive", "messaging.destination": "orders"},
        links=[order.span.link()],
    )
    assert told(world).consumed(order.id, "payment") == "received"
