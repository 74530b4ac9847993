"""One vector for every name that a canonical column ever had, and for what must not be taken for one."""

from collections.abc import Mapping

from tests.foreign.vectors.build import BY_HAND, CLIENT, CONSUMER, INTERNAL, PRODUCER, SERVER, Value, Vector, vector

JAVA_SQS = "io.opentelemetry.aws-sdk-2.2"
JAVA_ROCKETMQ = "io.opentelemetry.rocketmq-client-5.0"
NODE_AWS = "@opentelemetry/instrumentation-aws-sdk"


def _kafka(operation: str, **more: object) -> dict[str, object]:
    return {"system": "kafka", "operation": operation, "destination": "orders", **more}


def row(name: str, sent: Mapping[str, Value], expected: dict[str, object], kind: int = CONSUMER) -> Vector:
    """Build a span of no instrumentation in particular: a Kafka process span unless `sent` says otherwise."""
    base: dict[str, Value] = {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": "orders",
    }
    return vector(name, BY_HAND, "process orders", kind, {**base, **sent}, {**_kafka("process"), **expected})


def _server(name: str, sent: Mapping[str, Value], address: str, port: int | None) -> Vector:
    """Build a span whose server is told in some way; a port of None is one that was not told."""
    return row(name, sent, {"server_address": address, **({} if port is None else {"server_port": port})})


def _alias(old: str, value: Value, column: str, canonical: object) -> Vector:
    return row(f"{old} = {value!r}", {old: value}, {column: canonical})


TABLE = [
    *(
        vector(
            f"messaging.operation = {old}",
            BY_HAND,
            "a span",
            kind,
            {"messaging.system": "kafka", "messaging.operation": old, "messaging.destination.name": "orders"},
            _kafka(operation),
        )
        for old, kind, operation in [
            ("publish", PRODUCER, "send"),
            ("publish", CLIENT, "send"),
            ("send", PRODUCER, "send"),
            ("create", PRODUCER, "create"),
            ("receive", CONSUMER, "receive"),
            ("receive", CLIENT, "receive"),
            ("process", CONSUMER, "process"),
            ("deliver", CONSUMER, "process"),
            ("settle", CLIENT, "settle"),
        ]
    ),
    *(
        vector(
            f"messaging.operation.type = {sent}",
            BY_HAND,
            "a span",
            kind,
            {"messaging.system": "kafka", "messaging.operation.type": sent, "messaging.destination.name": "orders"},
            _kafka(operation),
        )
        for sent, kind, operation in [
            ("publish", PRODUCER, "send"),
            ("deliver", CONSUMER, "process"),
            ("create", PRODUCER, "create"),
            ("send", CLIENT, "send"),
            ("receive", CLIENT, "receive"),
            ("process", CONSUMER, "process"),
            ("settle", CLIENT, "settle"),
        ]
    ),
    *(
        vector(
            f"no operation, named {span_name!r}, kind {kind}",
            BY_HAND,
            span_name,
            kind,
            {"messaging.system": "kafka", "messaging.destination.name": "orders"},
            _kafka(operation),
        )
        for span_name, kind, operation in [
            ("orders send", PRODUCER, "send"),
            ("orders publish", PRODUCER, "send"),
            ("send orders", PRODUCER, "send"),
            ("publish orders", CLIENT, "send"),
            ("create orders", PRODUCER, "create"),
            ("orders receive", CONSUMER, "receive"),
            ("receive orders", CLIENT, "receive"),
            ("poll orders", CLIENT, "receive"),
            ("orders process", CONSUMER, "process"),
            ("process orders", CONSUMER, "process"),
        ]
    ),
    *(
        vector(
            f"{old} names the destination",
            BY_HAND,
            "a span",
            CONSUMER,
            {"messaging.system": "kafka", "messaging.operation": "process", old: "orders"},
            _kafka("process"),
        )
        for old in ("messaging.destination", "messaging.source.name", "messaging.destination.name")
    ),
    _alias("messaging.destination.partition.id", "3", "partition", 3),
    _alias("messaging.kafka.partition", 3, "partition", 3),
    _alias("messaging.kafka.destination.partition", 3, "partition", 3),
    _alias("messaging.kafka.source.partition", 3, "partition", 3),
    _alias("messaging.kafka.source.partition", "3", "partition", 3),
    _alias("messaging.kafka.offset", 1042, "offset", 1042),
    _alias("messaging.kafka.offset", "1042", "offset", 1042),
    _alias("messaging.kafka.message.offset", 1042, "offset", 1042),
    _alias("messaging.kafka.message.offset", "1042", "offset", 1042),
    _alias("messaging.kafka.offset", 9_223_372_036_854_775_807, "offset", 9_223_372_036_854_775_807),
    row("a partition that is no number is no partition", {"messaging.destination.partition.id": "shard-a"}, {}),
    row("an offset that is no number is no offset", {"messaging.kafka.offset": "latest"}, {}),
    row("a number beyond 64 bits is no offset", {"messaging.kafka.offset": "99999999999999999999"}, {}),
    row(
        "the new name wins over an old one that disagrees",
        {"messaging.kafka.offset": 1042, "messaging.kafka.message.offset": 7, "messaging.operation": "receive"},
        {"offset": 1042},
    ),
    row(
        "a message id of digits beside an offset is an id",
        {"messaging.message.id": "42", "messaging.kafka.offset": 1042},
        {"message_id": "42", "offset": 1042},
    ),
    row(
        "an id that looks like a place of another topic is an id",
        {"messaging.message.id": "invoices.3.1042", "messaging.kafka.offset": 7},
        {"message_id": "invoices.3.1042", "offset": 7},
    ),
    row(
        "topic.partition.offset states the partition too",
        {"messaging.message.id": "orders.3.1042"},
        {"partition": 3, "offset": 1042},
    ),
    vector(
        "in another system than Kafka a message id of digits is an id",
        BY_HAND,
        "process orders",
        CONSUMER,
        {
            "messaging.system": "gcp_pubsub",
            "messaging.operation.type": "process",
            "messaging.destination.name": "orders",
            "messaging.message.id": "11223344",
        },
        {"system": "gcp_pubsub", "operation": "process", "destination": "orders", "message_id": "11223344"},
    ),
    *(
        _alias(old, "payment", "consumer_group", "payment")
        for old in (
            "messaging.consumer.group.name",
            "messaging.kafka.consumer_group",
            "messaging.kafka.consumer.group",
            "messaging.rocketmq.client_group",
            "messaging.eventhubs.consumer.group",
        )
    ),
    row("no group is null: the question assumes the service, the store does not", {}, {}),
    vector(
        "a RocketMQ producer's group consumes nothing",
        JAVA_ROCKETMQ,
        "orders publish",
        PRODUCER,
        {
            "messaging.system": "rocketmq",
            "messaging.operation": "publish",
            "messaging.destination.name": "orders",
            "messaging.message.id": "01F8C1F7E1D5B30E2B05B2F3C700000000",
            "messaging.rocketmq.client_group": "orders-producers",
        },
        {
            "system": "rocketmq",
            "operation": "send",
            "destination": "orders",
            "message_id": "01F8C1F7E1D5B30E2B05B2F3C700000000",
        },
    ),
    *(
        _alias(old, "client-1", "client_id", "client-1")
        for old in (
            "messaging.client.id",
            "messaging.kafka.client_id",
            "messaging.client_id",
            "messaging.consumer_id",
            "messaging.consumer.id",
        )
    ),
    _alias("messaging.message.id", "m-1", "message_id", "m-1"),
    _alias("messaging.message_id", "m-1", "message_id", "m-1"),
    _alias("messaging.message.conversation_id", "flow-1", "correlation_id", "flow-1"),
    _alias("messaging.conversation_id", "flow-1", "correlation_id", "flow-1"),
    _alias("messaging.message.body.size", 5, "body_size", 5),
    _alias("messaging.message_payload_size_bytes", 5, "body_size", 5),
    _alias("messaging.message.payload_size_bytes", 5, "body_size", 5),
    _alias("messaging.kafka.message.key", "42", "message_key", "42"),
    _alias("messaging.kafka.message_key", "42", "message_key", "42"),
    _alias("messaging.kafka.message.key", "", "message_key", ""),
    row("tombstone", {"messaging.kafka.message.tombstone": True}, {"tombstone": True}),
    row("tombstone, old name", {"messaging.kafka.tombstone": True}, {"tombstone": True}),
    row("no tombstone, said", {"messaging.kafka.message.tombstone": False}, {"tombstone": False}),
    _alias("messaging.batch.message_count", 3, "batch_count", 3),
    _alias("messaging.kafka.cluster.id", "c-1", "cluster_id", "c-1"),
    _alias("kafka.record.queue_time_ms", 12, "queue_time_ms", 12.0),
    row(
        "CloudEvents on the span",
        {
            "cloudevents.event_id": "m-1",
            "cloudevents.event_source": "/shop",
            "cloudevents.event_type": "OrderPlaced",
        },
        {"message_id": "m-1", "event_source": "/shop", "event_type": "OrderPlaced"},
    ),
    _server("server.address and port", {"server.address": "broker", "server.port": 9092}, "broker", 9092),
    _server("net.peer.name and port", {"net.peer.name": "broker", "net.peer.port": 9092}, "broker", 9092),
    _server("messaging.url as text", {"messaging.url": "broker:9092"}, "broker", 9092),
    _server("messaging.url as JSON of text", {"messaging.url": '"broker:9092"'}, "broker", 9092),
    _server("messaging.url as JSON list", {"messaging.url": '["b1:9092", "b2:9093"]'}, "b1", 9092),
    _server("messaging.url as a list in one string", {"messaging.url": "b1:9092,b2:9093"}, "b1", 9092),
    _server("messaging.url with a scheme", {"messaging.url": "amqp://user@broker:5672/vhost"}, "broker", 5672),
    _server(
        "messaging.url without a port", {"messaging.url": "https://sqs.eu.example/1/orders"}, "sqs.eu.example", None
    ),
    _server("server.address as JSON list", {"server.address": '["b1:9092"]'}, "b1", 9092),
    _server("an IPv6 address", {"messaging.url": "[::1]:9092"}, "::1", 9092),
    _server("a bare IPv6 address", {"server.address": "fe80::1", "server.port": 9092}, "fe80::1", 9092),
    _server("an empty JSON list names nobody", {"server.address": "[]", "net.peer.name": "broker"}, "broker", None),
    *(
        vector(
            f"system {old}",
            NODE_AWS,
            "orders send",
            PRODUCER,
            {"messaging.system": old, "messaging.operation": "publish", "messaging.destination.name": "orders"},
            {"system": "aws_sqs", "operation": "send", "destination": "orders"},
        )
        for old in ("aws.sqs", "AmazonSQS", "aws_sqs")
    ),
    vector(
        "SQS process by the Java agent",
        JAVA_SQS,
        "orders process",
        CONSUMER,
        {
            "messaging.system": "AmazonSQS",
            "messaging.operation": "process",
            "messaging.destination.name": "orders",
            "messaging.message.id": "0f4a7d6c-3c1e-4f5e-8c65-1d0b6f1a0d11",
        },
        {
            "system": "aws_sqs",
            "operation": "process",
            "destination": "orders",
            "message_id": "0f4a7d6c-3c1e-4f5e-8c65-1d0b6f1a0d11",
        },
    ),
    vector(
        "RabbitMQ, old: exchange, routing key and delivery tag under old names",
        BY_HAND,
        "orders receive",
        CONSUMER,
        {
            "messaging.system": "rabbitmq",
            "messaging.operation": "receive",
            "messaging.destination": "orders",
            "messaging.rabbitmq.routing_key": "order.placed",
            "messaging.rabbitmq.delivery_tag": 7,
        },
        {
            "system": "rabbitmq",
            "operation": "receive",
            "destination": "orders",
            "routing_key": "order.placed",
            "delivery_tag": 7,
        },
    ),
    vector(
        "RabbitMQ, new, sending: {exchange}:{routing_key}",
        BY_HAND,
        "send orders:order.placed",
        PRODUCER,
        {
            "messaging.system": "rabbitmq",
            "messaging.operation.type": "send",
            "messaging.operation.name": "publish",
            "messaging.destination.name": "orders:order.placed",
            "messaging.rabbitmq.destination.routing_key": "order.placed",
        },
        {
            "system": "rabbitmq",
            "operation": "send",
            "operation_name": "publish",
            "destination": "orders",
            "routing_key": "order.placed",
        },
    ),
    vector(
        "RabbitMQ, new, consuming: {exchange}:{routing_key}:{queue}",
        BY_HAND,
        "consume orders:order.placed:payment-queue",
        CONSUMER,
        {
            "messaging.system": "rabbitmq",
            "messaging.operation.type": "process",
            "messaging.operation.name": "consume",
            "messaging.destination.name": "orders:order.placed:payment-queue",
            "messaging.rabbitmq.destination.routing_key": "order.placed",
            "messaging.rabbitmq.message.delivery_tag": 7,
        },
        {
            "system": "rabbitmq",
            "operation": "process",
            "operation_name": "consume",
            "destination": "orders",
            "routing_key": "order.placed",
            "consumer_group": "payment-queue",
            "delivery_tag": 7,
        },
    ),
    vector(
        "in Kafka a colon is not RabbitMQ's",
        BY_HAND,
        "send orders",
        PRODUCER,
        {
            "messaging.system": "eventhubs",
            "messaging.operation.type": "send",
            "messaging.destination.name": "orders:eu",
        },
        {"system": "eventhubs", "operation": "send", "destination": "orders:eu"},
    ),
    vector(
        "an exception event names the error",
        BY_HAND,
        "process orders",
        CONSUMER,
        {"messaging.system": "kafka", "messaging.operation.type": "process", "messaging.destination.name": "orders"},
        _kafka("process", error_type="builtins.ValueError"),
        exception="builtins.ValueError",
    ),
    vector(
        "error.type wins over the exception event",
        BY_HAND,
        "process orders",
        CONSUMER,
        {
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.destination.name": "orders",
            "error.type": "timeout",
        },
        _kafka("process", error_type="timeout"),
        exception="builtins.ValueError",
    ),
    vector(
        "an ERROR without any type",
        BY_HAND,
        "process orders",
        CONSUMER,
        {"messaging.system": "kafka", "messaging.operation.type": "process", "messaging.destination.name": "orders"},
        _kafka("process", error_type="_OTHER"),
        error=True,
    ),
    vector(
        "a span that has nothing to do with messages",
        "opentelemetry.instrumentation.flask",
        "POST /orders/send",
        SERVER,
        {"http.request.method": "POST", "url.path": "/orders/send"},
        {},
    ),
    vector(
        "an internal span with a telling name is no message",
        BY_HAND,
        "orders process",
        INTERNAL,
        {},
        {},
    ),
]
