"""What each instrumentation puts on a span, beside what it means in canonical columns: data for any normaliser's tests.

A vector's `expected` names every canonical column (COLUMNS) that is not null; the others must be null. `links` does the
same for each link of the span (LINK_COLUMNS), and is None where nothing is expected of them. Nothing here depends on
the collector; `Vector.request()` is an OTLP request as JSON, `otlp_json.from_json` makes protobuf of it.

Rules that the data follows where the conventions leave a choice:

- `operation_name` is what stands in `messaging.operation.name`, never made up.
- A place is only what was stated: -1 is none, neither in a partition nor in an offset.
- A link has its span's destination and partition where it states none of its own; never its offset.
- RabbitMQ's queue is who consumes as one, so it is the `consumer_group`; the exchange is the destination.
- Headers captured on a span of several messages belong to its links, one each; on a span of one message the last wins.
- An ERROR without any type is `_OTHER`, the conventions' fallback.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Value = str | int | bool | list[str]

PRODUCER, CONSUMER, CLIENT, SERVER, INTERNAL = 4, 5, 3, 2, 1
ERROR, OK = 2, 1

COLUMNS = (
    *("system", "cluster_id", "operation", "operation_name", "destination", "partition", "offset", "offset_last"),
    *("offset_runs", "batch_count", "message_id", "event_source", "correlation_id", "causation_id", "event_type"),
    *("message_key", "tombstone", "body_size", "consumer_group", "client_id", "server_address", "server_port"),
    *("producer_epoch", "producer_seq", "publish_outcome", "publish_timeout_ms", "attempt", "member", "generation"),
    *("position", "position_reason", "origin_destination", "origin_partition", "origin_offset", "origin_group"),
    *("payload_digest", "schema_id", "transaction_id", "transaction_outcome", "routing_key", "delivery_tag"),
    *("queue_time_ms", "error_type", "number", "dropped"),
)
LINK_COLUMNS = ("destination", "partition", "offset", "message_id", "correlation_id", "message_key")


class Vector(NamedTuple):
    """One span as it is sent, and what it says."""

    name: str
    resource: dict[str, Any]
    scope: dict[str, Any]
    span: dict[str, Any]
    expected: dict[str, object]
    links: list[dict[str, object]] | None

    def request(self) -> dict[str, Any]:
        """Return the span as a whole OTLP request, as JSON."""
        return {
            "resourceSpans": [
                {"resource": self.resource, "scopeSpans": [{"scope": self.scope, "spans": [self.span]}]},
            ]
        }


TRACE = "5b8efff798038103d269b633813fc60c"
SPAN = "eee19b7ec3c1b174"
LINKED = "aaa19b7ec3c1b17"
START, END = 1_760_000_000_000_000_000, 1_760_000_000_004_000_000


def attributes(values: Mapping[str, Value]) -> list[dict[str, Any]]:
    """Write attributes as OTLP JSON does."""
    return [{"key": key, "value": _any_value(value)} for key, value in values.items()]


def _any_value(value: Value) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_any_value(inner) for inner in value]}}
    return {"stringValue": value}


def vector(
    name: str,
    scope: str,
    span_name: str,
    kind: int,
    sent: Mapping[str, Value],
    expected: dict[str, object],
    *,
    error: bool = False,
    exception: str | None = None,
    status: int | None = None,
    sent_links: Sequence[Mapping[str, Value]] = (),
    links: list[dict[str, object]] | None = None,
) -> Vector:
    """Build a vector; `exception` is the type of an exception event, which comes with status ERROR as in every SDK."""
    span: dict[str, Any] = {
        "traceId": TRACE,
        "spanId": SPAN,
        "name": span_name,
        "kind": kind,
        "startTimeUnixNano": str(START),
        "endTimeUnixNano": str(END),
        "attributes": attributes(sent),
        "status": {},
    }
    if error or exception:
        span["status"] = {"code": ERROR, "message": "it failed"}
    if status is not None:
        span["status"] = {"code": status}
    if exception:
        told = attributes({"exception.type": exception, "exception.message": "it failed"})
        span["events"] = [{"timeUnixNano": str(END), "name": "exception", "attributes": told}]
    if sent_links:
        span["links"] = [
            {"traceId": TRACE, "spanId": f"{LINKED}{place}", "attributes": attributes(sent_link)}
            for place, sent_link in enumerate(sent_links)
        ]
    resource = {"attributes": attributes({"service.name": "orders"})}
    return Vector(name, resource, {"name": scope}, span, expected, links)


KAFKA_PYTHON = "opentelemetry.instrumentation.kafka"
CONFLUENT = "opentelemetry.instrumentation.confluent_kafka"
AIOKAFKA = "opentelemetry.instrumentation.aiokafka"
JAVA = "io.opentelemetry.kafka-clients-0.11"
JAVA_RABBIT = "io.opentelemetry.rabbitmq-2.7"
JAVA_SQS = "io.opentelemetry.aws-sdk-2.2"
JAVA_ROCKETMQ = "io.opentelemetry.rocketmq-client-5.0"
KAFKAJS = "@opentelemetry/instrumentation-kafkajs"
AMQPLIB = "@opentelemetry/instrumentation-amqplib"
NODE_AWS = "@opentelemetry/instrumentation-aws-sdk"
SARAMA = "github.com/dnwe/otelsarama"
KOTEL = "github.com/twmb/franz-go/plugin/kotel"
MICROMETER = "org.springframework.boot"
RUBY = "OpenTelemetry::Instrumentation::RubyKafka"
PIKA = "opentelemetry.instrumentation.pika"
CELERY = "opentelemetry.instrumentation.celery"
DOTNET = "OpenTelemetry.AutoInstrumentation.Kafka"
OURS = "flowtrail"
BY_HAND = "my-service"

SEEN_ON_THE_WIRE = [
    vector(
        "kafka-python send: no operation, no offset, servers as JSON of one string",
        KAFKA_PYTHON,
        "orders send",
        PRODUCER,
        {
            "messaging.system": "kafka",
            "messaging.destination": "orders",
            "messaging.kafka.partition": 3,
            "messaging.url": '"broker:9092"',
        },
        {
            "system": "kafka",
            "operation": "send",
            "destination": "orders",
            "partition": 3,
            "server_address": "broker",
            "server_port": 9092,
        },
    ),
    vector(
        "kafka-python failed send: no attributes at all",
        KAFKA_PYTHON,
        "orders send",
        PRODUCER,
        {},
        {
            "system": "kafka",
            "operation": "send",
            "destination": "orders",
            "error_type": "kafka.errors.KafkaTimeoutError",
        },
        exception="kafka.errors.KafkaTimeoutError",
    ),
    vector(
        "kafka-python receive: no operation, no group, no offset",
        KAFKA_PYTHON,
        "orders receive",
        CONSUMER,
        {
            "messaging.system": "kafka",
            "messaging.destination": "orders",
            "messaging.kafka.partition": 0,
            "messaging.url": '["b1:9092", "b2:9093"]',
        },
        {
            "system": "kafka",
            "operation": "receive",
            "destination": "orders",
            "partition": 0,
            "server_address": "b1",
            "server_port": 9092,
        },
    ),
    vector(
        "confluent-kafka send: neither partition nor offset",
        CONFLUENT,
        "orders send",
        PRODUCER,
        {
            "messaging.system": "kafka",
            "messaging.destination": "orders",
            "messaging.destination_kind": "queue",
            "messaging.operation": "publish",
            "server.address": "broker",
            "server.port": 9092,
        },
        {
            "system": "kafka",
            "operation": "send",
            "destination": "orders",
            "server_address": "broker",
            "server_port": 9092,
        },
    ),
    vector(
        "confluent-kafka failed send keeps its attributes",
        CONFLUENT,
        "orders send",
        PRODUCER,
        {"messaging.system": "kafka", "messaging.destination": "orders", "messaging.operation": "publish"},
        {"system": "kafka", "operation": "send", "destination": "orders", "error_type": "cimpl.KafkaException"},
        exception="cimpl.KafkaException",
    ),
    vector(
        "confluent-kafka process: the message id is topic.partition.offset",
        CONFLUENT,
        "orders process",
        CONSUMER,
        {
            "messaging.system": "kafka",
            "messaging.destination": "orders",
            "messaging.kafka.partition": 3,
            "messaging.destination_kind": "queue",
            "messaging.operation": "process",
            "server.address": "broker",
            "server.port": 9092,
            "messaging.message.id": "orders.3.1042",
        },
        {
            "system": "kafka",
            "operation": "process",
            "destination": "orders",
            "partition": 3,
            "offset": 1042,
            "server_address": "broker",
            "server_port": 9092,
        },
        sent_links=[{}],
        links=[{"destination": "orders", "partition": 3}],
    ),
    vector(
        "confluent-kafka process of a topic with dots and digits in its name",
        CONFLUENT,
        "eu.orders.v1.2 process",
        CONSUMER,
        {
            "messaging.system": "kafka",
            "messaging.destination": "eu.orders.v1.2",
            "messaging.kafka.partition": 0,
            "messaging.operation": "process",
            "messaging.message.id": "eu.orders.v1.2.0.7",
        },
        {"system": "kafka", "operation": "process", "destination": "eu.orders.v1.2", "partition": 0, "offset": 7},
    ),
    vector(
        "confluent-kafka recv: nothing to read, and no error",
        CONFLUENT,
        "recv",
        CONSUMER,
        {},
        {},
    ),
    vector(
        "confluent-kafka consume of a batch: one process span, no place, links to the sends",
        CONFLUENT,
        "orders process",
        CONSUMER,
        {"messaging.system": "kafka", "messaging.destination": "orders", "messaging.operation": "process"},
        {"system": "kafka", "operation": "process", "destination": "orders"},
        sent_links=[{}, {}, {}],
        links=[{"destination": "orders"}, {"destination": "orders"}, {"destination": "orders"}],
    ),
    vector(
        "aiokafka send: partition as text, no offset, the type is publish",
        AIOKAFKA,
        "orders send",
        PRODUCER,
        {
            "messaging.system": "kafka",
            "server.address": '"broker:9092"',
            "messaging.client.id": "aiokafka-producer-1",
            "messaging.destination.name": "orders",
            "messaging.destination.partition.id": "3",
            "messaging.kafka.message.key": "42",
            "messaging.operation.name": "send",
            "messaging.operation.type": "publish",
        },
        {
            "system": "kafka",
            "operation": "send",
            "operation_name": "send",
            "destination": "orders",
            "partition": 3,
            "message_key": "42",
            "client_id": "aiokafka-producer-1",
            "server_address": "broker",
            "server_port": 9092,
        },
    ),
    vector(
        "aiokafka getone: offset beside a message id that is topic.partition.offset",
        AIOKAFKA,
        "orders receive",
        CONSUMER,
        {
            "messaging.system": "kafka",
            "server.address": '["b1:9092", "b2:9092"]',
            "messaging.client.id": "aiokafka-0.14.0",
            "messaging.destination.name": "orders",
            "messaging.destination.partition.id": "3",
            "messaging.kafka.message.key": "42",
            "messaging.consumer.group.name": "payment",
            "messaging.operation.name": "receive",
            "messaging.operation.type": "receive",
            "messaging.kafka.message.offset": 1042,
            "messaging.message.id": "orders.3.1042",
        },
        {
            "system": "kafka",
            "operation": "receive",
            "operation_name": "receive",
            "destination": "orders",
            "partition": 3,
            "offset": 1042,
            "message_key": "42",
            "consumer_group": "payment",
            "client_id": "aiokafka-0.14.0",
            "server_address": "b1",
            "server_port": 9092,
        },
    ),
    vector(
        "aiokafka getmany, outermost of three: a poll without destination",
        AIOKAFKA,
        "invoices, orders receive",
        CONSUMER,
        {
            "messaging.system": "kafka",
            "server.address": '"broker:9092"',
            "messaging.client.id": "aiokafka-0.14.0",
            "messaging.consumer.group.name": "payment",
            "messaging.batch.message_count": 3,
            "messaging.operation.name": "receive",
            "messaging.operation.type": "receive",
        },
        {
            "system": "kafka",
            "operation": "receive",
            "operation_name": "receive",
            "batch_count": 3,
            "consumer_group": "payment",
            "client_id": "aiokafka-0.14.0",
            "server_address": "broker",
            "server_port": 9092,
        },
    ),
    vector(
        "aiokafka getmany, middle: one partition, linked to the receive spans of its messages",
        AIOKAFKA,
        "orders receive",
        CONSUMER,
        {
            "messaging.system": "kafka",
            "messaging.client.id": "aiokafka-0.14.0",
            "messaging.destination.name": "orders",
            "messaging.destination.partition.id": "3",
            "messaging.consumer.group.name": "payment",
            "messaging.batch.message_count": 2,
            "messaging.operation.name": "receive",
            "messaging.operation.type": "receive",
        },
        {
            "system": "kafka",
            "operation": "receive",
            "operation_name": "receive",
            "destination": "orders",
            "partition": 3,
            "batch_count": 2,
            "consumer_group": "payment",
            "client_id": "aiokafka-0.14.0",
        },
        sent_links=[{}, {}],
        links=[{"destination": "orders", "partition": 3}, {"destination": "orders", "partition": 3}],
    ),
    vector(
        "Java agent send, as it comes without settings: old names, with its ack",
        JAVA,
        "orders publish",
        PRODUCER,
        {
            "messaging.client_id": "producer-1",
            "messaging.destination.name": "orders",
            "messaging.operation": "publish",
            "messaging.system": "kafka",
            "messaging.kafka.message.key": "42",
            "thread.id": 1,
            "thread.name": "main",
            "messaging.kafka.cluster.id": "JBHxNTQuRKil5t5f4-zG_A",
            "messaging.kafka.message.offset": 1042,
            "messaging.destination.partition.id": "3",
        },
        {
            "system": "kafka",
            "cluster_id": "JBHxNTQuRKil5t5f4-zG_A",
            "operation": "send",
            "destination": "orders",
            "partition": 3,
            "offset": 1042,
            "message_key": "42",
            "client_id": "producer-1",
        },
    ),
    vector(
        "Java agent failed send: place -1 is no place",
        JAVA,
        "orders publish",
        PRODUCER,
        {
            "messaging.client_id": "producer-1",
            "messaging.destination.name": "orders",
            "messaging.operation": "publish",
            "messaging.system": "kafka",
            "messaging.kafka.cluster.id": "JBHxNTQuRKil5t5f4-zG_A",
            "messaging.kafka.message.offset": -1,
            "messaging.destination.partition.id": "-1",
        },
        {
            "system": "kafka",
            "cluster_id": "JBHxNTQuRKil5t5f4-zG_A",
            "operation": "send",
            "destination": "orders",
            "client_id": "producer-1",
            "error_type": "org.apache.kafka.common.errors.RecordTooLargeException",
        },
        exception="org.apache.kafka.common.errors.RecordTooLargeException",
    ),
    vector(
        "Java agent failed send, new names: place -1 is no place there either",
        JAVA,
        "send orders",
        PRODUCER,
        {
            "messaging.client.id": "producer-1",
            "messaging.destination.name": "orders",
            "messaging.operation.name": "send",
            "messaging.operation.type": "send",
            "messaging.system": "kafka",
            "messaging.kafka.offset": -1,
            "messaging.destination.partition.id": "-1",
            "error.type": "org.apache.kafka.common.errors.RecordTooLargeException",
        },
        {
            "system": "kafka",
            "operation": "send",
            "operation_name": "send",
            "destination": "orders",
            "client_id": "producer-1",
            "error_type": "org.apache.kafka.common.errors.RecordTooLargeException",
        },
        exception="org.apache.kafka.common.errors.RecordTooLargeException",
    ),
    vector(
        "Java agent process of a tombstone",
        JAVA,
        "orders process",
        CONSUMER,
        {
            "messaging.client_id": "consumer-payment-1",
            "messaging.kafka.cluster.id": "JBHxNTQuRKil5t5f4-zG_A",
            "messaging.destination.name": "orders",
            "messaging.operation": "process",
            "messaging.kafka.message.offset": 1042,
            "kafka.record.queue_time_ms": 13657,
            "messaging.kafka.consumer.group": "payment",
            "messaging.system": "kafka",
            "messaging.destination.partition.id": "3",
            "messaging.kafka.message.tombstone": True,
            "messaging.kafka.message.key": "42",
        },
        {
            "system": "kafka",
            "cluster_id": "JBHxNTQuRKil5t5f4-zG_A",
            "operation": "process",
            "destination": "orders",
            "partition": 3,
            "offset": 1042,
            "message_key": "42",
            "tombstone": True,
            "consumer_group": "payment",
            "client_id": "consumer-payment-1",
            "queue_time_ms": 13657.0,
        },
    ),
    vector(
        "Java agent receive, old names: no place, no links, captured headers of all messages at once",
        JAVA,
        "orders receive",
        CONSUMER,
        {
            "messaging.client_id": "consumer-payment-1",
            "messaging.destination.name": "orders",
            "messaging.operation": "receive",
            "messaging.kafka.consumer.group": "payment",
            "messaging.system": "kafka",
            "messaging.header.correlation_id": ["flow-1", "flow-2"],
            "messaging.batch.message_count": 2,
            "messaging.header.message_id": ["m-1", "m-2"],
        },
        {
            "system": "kafka",
            "operation": "receive",
            "destination": "orders",
            "batch_count": 2,
            "consumer_group": "payment",
            "client_id": "consumer-payment-1",
        },
    ),
    vector(
        "Java agent poll, new names: partition on the span, the rest on links, headers parallel to them",
        JAVA,
        "poll orders",
        CLIENT,
        {
            "messaging.client.id": "consumer-payment-1",
            "messaging.kafka.cluster.id": "JBHxNTQuRKil5t5f4-zG_A",
            "messaging.destination.name": "orders",
            "messaging.operation.name": "poll",
            "messaging.operation.type": "receive",
            "messaging.consumer.group.name": "payment",
            "messaging.system": "kafka",
            "messaging.destination.partition.id": "3",
            "messaging.batch.message_count": 2,
            "messaging.header.correlation_id": ["flow-1", "flow-2"],
            "messaging.header.message_id": ["m-1", "m-2"],
        },
        {
            "system": "kafka",
            "cluster_id": "JBHxNTQuRKil5t5f4-zG_A",
            "operation": "receive",
            "operation_name": "poll",
            "destination": "orders",
            "partition": 3,
            "batch_count": 2,
            "consumer_group": "payment",
            "client_id": "consumer-payment-1",
        },
        sent_links=[
            {"messaging.kafka.message.key": "41", "messaging.kafka.offset": 1041},
            {"messaging.kafka.message.key": "42", "messaging.kafka.offset": 1042},
        ],
        links=[
            {
                "destination": "orders",
                "partition": 3,
                "offset": 1041,
                "message_key": "41",
                "message_id": "m-1",
                "correlation_id": "flow-1",
            },
            {
                "destination": "orders",
                "partition": 3,
                "offset": 1042,
                "message_key": "42",
                "message_id": "m-2",
                "correlation_id": "flow-2",
            },
        ],
    ),
    vector(
        "Java agent poll whose headers are fewer than its links: which message lacks one cannot be told",
        JAVA,
        "poll orders",
        CLIENT,
        {
            "messaging.destination.name": "orders",
            "messaging.operation.name": "poll",
            "messaging.operation.type": "receive",
            "messaging.system": "kafka",
            "messaging.destination.partition.id": "3",
            "messaging.batch.message_count": 2,
            "messaging.header.message_id": ["m-2"],
        },
        {
            "system": "kafka",
            "operation": "receive",
            "operation_name": "poll",
            "destination": "orders",
            "partition": 3,
            "batch_count": 2,
        },
        sent_links=[{"messaging.kafka.offset": 1041}, {"messaging.kafka.offset": 1042}],
        links=[
            {"destination": "orders", "partition": 3, "offset": 1041},
            {"destination": "orders", "partition": 3, "offset": 1042},
        ],
    ),
    vector(
        "Java agent in messaging/dup mode: old and new names on one span are one event",
        JAVA,
        "send orders",
        PRODUCER,
        {
            "messaging.client_id": "producer-1",
            "messaging.client.id": "producer-1",
            "messaging.destination.name": "orders",
            "messaging.operation": "publish",
            "messaging.operation.name": "send",
            "messaging.operation.type": "send",
            "messaging.kafka.bootstrap.servers": "broker:9092",
            "messaging.system": "kafka",
            "messaging.kafka.message.offset": 1042,
            "messaging.kafka.offset": 1042,
            "messaging.destination.partition.id": "3",
        },
        {
            "system": "kafka",
            "operation": "send",
            "operation_name": "send",
            "destination": "orders",
            "partition": 3,
            "offset": 1042,
            "client_id": "producer-1",
            "server_address": "broker",
            "server_port": 9092,
        },
    ),
    vector(
        "kafkajs process: the offset is text, under the new name",
        KAFKAJS,
        "process orders",
        CONSUMER,
        {
            "messaging.destination.partition.id": "3",
            "messaging.system": "kafka",
            "messaging.destination.name": "orders",
            "messaging.operation.type": "process",
            "messaging.operation.name": "process",
            "messaging.kafka.message.key": "42",
            "messaging.kafka.offset": "0",
        },
        {
            "system": "kafka",
            "operation": "process",
            "operation_name": "process",
            "destination": "orders",
            "partition": 3,
            "offset": 0,
            "message_key": "42",
        },
    ),
    vector(
        "kafkajs batch: a poll of kind CLIENT",
        KAFKAJS,
        "poll orders",
        CLIENT,
        {
            "messaging.batch.message_count": 5,
            "messaging.destination.partition.id": "3",
            "messaging.system": "kafka",
            "messaging.destination.name": "orders",
            "messaging.operation.type": "receive",
            "messaging.operation.name": "poll",
        },
        {
            "system": "kafka",
            "operation": "receive",
            "operation_name": "poll",
            "destination": "orders",
            "partition": 3,
            "batch_count": 5,
        },
    ),
    vector(
        "kafkajs failed send",
        KAFKAJS,
        "send orders",
        PRODUCER,
        {
            "messaging.system": "kafka",
            "messaging.destination.name": "orders",
            "messaging.kafka.message.key": "42",
            "messaging.kafka.message.tombstone": True,
            "messaging.operation.name": "send",
            "messaging.operation.type": "send",
            "error.type": "KafkaJSNumberOfRetriesExceeded",
        },
        {
            "system": "kafka",
            "operation": "send",
            "operation_name": "send",
            "destination": "orders",
            "message_key": "42",
            "tombstone": True,
            "error_type": "KafkaJSNumberOfRetriesExceeded",
        },
        error=True,
    ),
    vector(
        "older contrib kafkajs: named by the topic alone, no operation; only the kind tells",
        KAFKAJS,
        "orders",
        PRODUCER,
        {"messaging.system": "kafka", "messaging.destination": "orders", "messaging.destination_kind": "topic"},
        {"system": "kafka", "operation": "send", "destination": "orders"},
    ),
    vector(
        "older contrib kafkajs consumer: its offset is text as well",
        KAFKAJS,
        "orders",
        CONSUMER,
        {
            "messaging.system": "kafka",
            "messaging.destination": "orders",
            "messaging.destination_kind": "topic",
            "messaging.operation": "process",
            "messaging.kafka.message.offset": "1042",
        },
        {"system": "kafka", "operation": "process", "destination": "orders", "offset": 1042},
    ),
    vector(
        "otelsarama send: the message id is the offset",
        SARAMA,
        "orders publish",
        PRODUCER,
        {
            "messaging.system": "kafka",
            "messaging.destination.kind": "topic",
            "messaging.destination.name": "orders",
            "messaging.message.payload_size_bytes": 5,
            "messaging.operation": "publish",
            "messaging.message.id": "1042",
            "messaging.kafka.destination.partition": 3,
        },
        {
            "system": "kafka",
            "operation": "send",
            "destination": "orders",
            "partition": 3,
            "offset": 1042,
            "body_size": 5,
        },
    ),
    vector(
        "otelsarama failed send: message id -1 is neither id nor offset",
        SARAMA,
        "orders publish",
        PRODUCER,
        {
            "messaging.system": "kafka",
            "messaging.destination.name": "orders",
            "messaging.operation": "publish",
            "messaging.message.id": "-1",
            "messaging.kafka.destination.partition": -1,
        },
        {"system": "kafka", "operation": "send", "destination": "orders", "error_type": "_OTHER"},
        error=True,
    ),
    vector(
        "otelsarama receive: no group",
        SARAMA,
        "orders receive",
        CONSUMER,
        {
            "messaging.system": "kafka",
            "messaging.destination.kind": "topic",
            "messaging.destination.name": "orders",
            "messaging.operation": "receive",
            "messaging.message.id": "1042",
            "messaging.kafka.source.partition": 3,
        },
        {"system": "kafka", "operation": "receive", "destination": "orders", "partition": 3, "offset": 1042},
    ),
    vector(
        "franz-go kotel failed send: offset -1 beside a real partition",
        KOTEL,
        "orders publish",
        PRODUCER,
        {
            "messaging.system": "kafka",
            "messaging.destination.kind": "topic",
            "messaging.destination.name": "orders",
            "messaging.operation": "publish",
            "messaging.kafka.message.key": "42",
            "messaging.kafka.client_id": "client-1",
            "messaging.kafka.destination.partition": 3,
            "messaging.kafka.message.offset": -1,
        },
        {
            "system": "kafka",
            "operation": "send",
            "destination": "orders",
            "partition": 3,
            "message_key": "42",
            "client_id": "client-1",
            "error_type": "*errors.errorString",
        },
        exception="*errors.errorString",
    ),
    vector(
        "franz-go kotel process",
        KOTEL,
        "orders process",
        CONSUMER,
        {
            "messaging.system": "kafka",
            "messaging.source.kind": "topic",
            "messaging.source.name": "orders",
            "messaging.operation": "process",
            "messaging.kafka.source.partition": 3,
            "messaging.kafka.message.offset": 1042,
            "messaging.kafka.client_id": "client-1",
            "messaging.kafka.consumer.group": "payment",
        },
        {
            "system": "kafka",
            "operation": "process",
            "destination": "orders",
            "partition": 3,
            "offset": 1042,
            "consumer_group": "payment",
            "client_id": "client-1",
        },
    ),
    vector(
        "Micrometer listener: `receive` is the processing, numbers are text, status OK is no error",
        MICROMETER,
        "orders receive",
        CONSUMER,
        {
            "spring.kafka.listener.id": "payment-listener-0",
            "messaging.consumer.id": "payment - consumer-payment-1",
            "messaging.system": "kafka",
            "messaging.operation": "receive",
            "messaging.source.name": "orders",
            "messaging.source.kind": "topic",
            "messaging.kafka.consumer.group": "payment",
            "messaging.kafka.client_id": "consumer-payment-1",
            "messaging.kafka.source.partition": "3",
            "messaging.kafka.message.offset": "1042",
        },
        {
            "system": "kafka",
            "operation": "process",
            "destination": "orders",
            "partition": 3,
            "offset": 1042,
            "consumer_group": "payment",
            "client_id": "consumer-payment-1",
        },
        status=OK,
    ),
    vector(
        "Micrometer listener whose handler failed; the consumer id is `group - client id`",
        MICROMETER,
        "orders receive",
        CONSUMER,
        {
            "spring.kafka.listener.id": "payment-listener-0",
            "messaging.consumer.id": "payment - consumer-payment-1",
            "messaging.system": "kafka",
            "messaging.operation": "receive",
            "messaging.source.name": "orders",
            "messaging.kafka.consumer.group": "payment",
            "messaging.kafka.source.partition": "3",
            "messaging.kafka.message.offset": "1042",
        },
        {
            "system": "kafka",
            "operation": "process",
            "destination": "orders",
            "partition": 3,
            "offset": 1042,
            "consumer_group": "payment",
            "client_id": "consumer-payment-1",
            "error_type": "java.lang.IllegalStateException",
        },
        exception="java.lang.IllegalStateException",
    ),
    vector(
        "Micrometer template",
        MICROMETER,
        "orders send",
        PRODUCER,
        {
            "spring.kafka.template.name": "kafkaTemplate",
            "messaging.system": "kafka",
            "messaging.operation": "publish",
            "messaging.destination.name": "orders",
            "messaging.destination.kind": "topic",
        },
        {"system": "kafka", "operation": "send", "destination": "orders"},
        status=OK,
    ),
    vector(
        "Ruby send: no operation",
        RUBY,
        "orders send",
        PRODUCER,
        {"messaging.system": "kafka", "messaging.destination": "orders", "messaging.destination_kind": "topic"},
        {"system": "kafka", "operation": "send", "destination": "orders"},
    ),
    vector(
        "Ruby process: no operation, old name of the key",
        RUBY,
        "orders process",
        CONSUMER,
        {
            "messaging.system": "kafka",
            "messaging.destination": "orders",
            "messaging.destination_kind": "topic",
            "messaging.kafka.partition": 3,
            "messaging.kafka.message_key": "42",
        },
        {"system": "kafka", "operation": "process", "destination": "orders", "partition": 3, "message_key": "42"},
    ),
    vector(
        "pika publish: no operation, AMQP properties under old names",
        PIKA,
        "orders send",
        PRODUCER,
        {
            "messaging.system": "rabbitmq",
            "messaging.temp_destination": True,
            "messaging.destination": "orders",
            "messaging.message.id": "m-1",
            "messaging.conversation_id": "flow-1",
            "net.peer.name": "broker",
            "net.peer.port": 5672,
        },
        {
            "system": "rabbitmq",
            "operation": "send",
            "destination": "orders",
            "message_id": "m-1",
            "correlation_id": "flow-1",
            "server_address": "broker",
            "server_port": 5672,
        },
    ),
    vector(
        "pika of years ago: a publish of kind SERVER is a send all the same",
        PIKA,
        "orders send",
        SERVER,
        {"messaging.system": "rabbitmq", "messaging.temp_destination": True, "messaging.destination": "orders"},
        {"system": "rabbitmq", "operation": "send", "destination": "orders"},
    ),
    vector(
        "amqplib publish: exchange and routing key",
        AMQPLIB,
        "publish orders",
        PRODUCER,
        {
            "messaging.protocol": "AMQP",
            "messaging.protocol_version": "0.9.1",
            "messaging.url": "amqp://broker:5672",
            "net.peer.name": "broker",
            "net.peer.port": 5672,
            "messaging.system": "rabbitmq",
            "messaging.destination": "orders",
            "messaging.destination_kind": "topic",
            "messaging.rabbitmq.routing_key": "order.placed",
            "messaging.message_id": "m-1",
            "messaging.conversation_id": "flow-1",
        },
        {
            "system": "rabbitmq",
            "operation": "send",
            "destination": "orders",
            "routing_key": "order.placed",
            "message_id": "m-1",
            "correlation_id": "flow-1",
            "server_address": "broker",
            "server_port": 5672,
        },
    ),
    vector(
        "amqplib process: the queue stands in the span name only",
        AMQPLIB,
        "payment-queue process",
        CONSUMER,
        {
            "messaging.system": "rabbitmq",
            "messaging.destination": "orders",
            "messaging.destination_kind": "topic",
            "messaging.rabbitmq.routing_key": "order.placed",
            "messaging.operation": "process",
            "messaging.message_id": "m-1",
        },
        {
            "system": "rabbitmq",
            "operation": "process",
            "destination": "orders",
            "routing_key": "order.placed",
            "consumer_group": "payment-queue",
            "message_id": "m-1",
        },
    ),
    *(
        vector(
            f"RabbitMQ {command}: nothing to read, and no error",
            JAVA_RABBIT,
            command,
            CLIENT,
            {"messaging.system": "rabbitmq", "rabbitmq.command": command},
            {"system": "rabbitmq"},
        )
        for command in ("basic.qos", "basic.consume", "confirm.select", "Channel.waitForConfirmsOrDie")
    ),
    vector(
        "RabbitMQ settle: a delivery tag only",
        BY_HAND,
        "ack orders",
        CLIENT,
        {
            "messaging.system": "rabbitmq",
            "messaging.operation.name": "ack",
            "messaging.operation.type": "settle",
            "messaging.rabbitmq.message.delivery_tag": 7,
        },
        {"system": "rabbitmq", "operation": "settle", "operation_name": "ack", "delivery_tag": 7},
    ),
    vector(
        "Celery publish: no system; the conversation id is the task id, which is no business correlation",
        CELERY,
        "apply_async/shop.place_order",
        PRODUCER,
        {
            "celery.action": "apply_async",
            "messaging.message.id": "7d6c3c1e-0f4a-4f5e-8c65-1d0b6f1a0d11",
            "celery.task_name": "shop.place_order",
            "messaging.destination_kind": "queue",
            "messaging.destination": "orders",
            "messaging.conversation_id": "7d6c3c1e-0f4a-4f5e-8c65-1d0b6f1a0d11",
        },
        {"operation": "send", "destination": "orders", "message_id": "7d6c3c1e-0f4a-4f5e-8c65-1d0b6f1a0d11"},
    ),
    vector(
        "Celery run that asks for a retry: no error",
        CELERY,
        "run/shop.place_order",
        CONSUMER,
        {
            "celery.action": "run",
            "celery.state": "RETRY",
            "messaging.conversation_id": "7d6c3c1e-0f4a-4f5e-8c65-1d0b6f1a0d11",
            "messaging.destination": "orders",
            "messaging.message.id": "7d6c3c1e-0f4a-4f5e-8c65-1d0b6f1a0d11",
            "celery.task_name": "shop.place_order",
        },
        {"operation": "process", "destination": "orders", "message_id": "7d6c3c1e-0f4a-4f5e-8c65-1d0b6f1a0d11"},
    ),
]


def _kafka(operation: str, **more: object) -> dict[str, object]:
    return {"system": "kafka", "operation": operation, "destination": "orders", **more}


def _row(name: str, sent: Mapping[str, Value], expected: dict[str, object], kind: int = CONSUMER) -> Vector:
    """Build a span of no instrumentation in particular: a Kafka process span unless `sent` says otherwise."""
    base: dict[str, Value] = {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": "orders",
    }
    return vector(name, BY_HAND, "process orders", kind, {**base, **sent}, {**_kafka("process"), **expected})


def _server(name: str, sent: Mapping[str, Value], address: str, port: int | None) -> Vector:
    """Build a span whose server is told in some way; a port of None is one that was not told."""
    return _row(name, sent, {"server_address": address, **({} if port is None else {"server_port": port})})


def _alias(old: str, value: Value, column: str, canonical: object) -> Vector:
    return _row(f"{old} = {value!r}", {old: value}, {column: canonical})


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
    _row("a partition that is no number is no partition", {"messaging.destination.partition.id": "shard-a"}, {}),
    _row("an offset that is no number is no offset", {"messaging.kafka.offset": "latest"}, {}),
    _row("a number beyond 64 bits is no offset", {"messaging.kafka.offset": "99999999999999999999"}, {}),
    _row(
        "the new name wins over an old one that disagrees",
        {"messaging.kafka.offset": 1042, "messaging.kafka.message.offset": 7, "messaging.operation": "receive"},
        {"offset": 1042},
    ),
    _row(
        "a message id of digits beside an offset is an id",
        {"messaging.message.id": "42", "messaging.kafka.offset": 1042},
        {"message_id": "42", "offset": 1042},
    ),
    _row(
        "an id that looks like a place of another topic is an id",
        {"messaging.message.id": "invoices.3.1042", "messaging.kafka.offset": 7},
        {"message_id": "invoices.3.1042", "offset": 7},
    ),
    _row(
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
    _row("no group is null: the question assumes the service, the store does not", {}, {}),
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
    _row("tombstone", {"messaging.kafka.message.tombstone": True}, {"tombstone": True}),
    _row("tombstone, old name", {"messaging.kafka.tombstone": True}, {"tombstone": True}),
    _row("no tombstone, said", {"messaging.kafka.message.tombstone": False}, {"tombstone": False}),
    _alias("messaging.batch.message_count", 3, "batch_count", 3),
    _alias("messaging.kafka.cluster.id", "c-1", "cluster_id", "c-1"),
    _alias("kafka.record.queue_time_ms", 12, "queue_time_ms", 12.0),
    _row(
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


def _header(column: str, name: str, values: str | list[str], canonical: object) -> Vector:
    """Put a header on a span of one message as the Java agent captures it: a list, and `-` becomes `_`."""
    listed = [values] if isinstance(values, str) else values
    captured = f"messaging.header.{name.replace('-', '_')}"
    expected = {} if canonical is None else {column: canonical}
    return _row(f"header {name} = {listed!r}", {captured: listed}, expected)


CAPTURED_HEADERS = [
    *(
        _header("correlation_id", name, "flow-1", "flow-1")
        for name in (
            *("correlation-id", "x-correlation-id", "correlation_id", "correlationId", "ce_correlationid"),
            *("x-request-id", "NServiceBus.ConversationId", "NServiceBus.CorrelationId", "ConversationId"),
            *("CorrelationId", "rbs2-corr-id", "conversation-id", "axon-metadata-correlationId"),
            *("Correlation-Id", "X-CORRELATION-ID"),
        )
    ),
    *(
        _header("message_id", name, "m-1", "m-1")
        for name in (
            *("message-id", "x-message-id", "event-id", "ce_id", "NServiceBus.MessageId", "MessageId"),
            *("rbs2-msg-id", "axon-message-id", "id", "Message-ID"),
        )
    ),
    *(
        _header("causation_id", name, "m-0", "m-0")
        for name in (
            *("causation-id", "x-causation-id", "ce_causationid", "NServiceBus.RelatedTo", "MT-InitiatorId"),
            *("rbs2-in-reply-to", "parent-id"),
        )
    ),
    *(
        _header("event_type", name, "OrderPlaced", "OrderPlaced")
        for name in (
            *("ce_type", "event-type", "eventType", "NServiceBus.EnclosedMessageTypes", "MT-MessageType"),
            *("axon-message-type", "__TypeId__"),
        )
    ),
    _header("event_source", "ce_source", "/shop", "/shop"),
    _header("correlation_id", "kafka_correlationId", "\x00\x00\x00\x03", None),
    _header("message_id", "message-id", ["m-1", "m-2"], "m-2"),
    _header("correlation_id", "correlation-id", ["flow-1", "flow-1"], "flow-1"),
    _header("message_id", "message-id", "42", "42"),
    _row(
        "a stated message id wins over a captured header",
        {"messaging.message.id": "m-1", "messaging.header.message_id": ["m-2"]},
        {"message_id": "m-1"},
    ),
    _row(
        "NServiceBus: the conversation before the correlation",
        {
            "messaging.header.NServiceBus.CorrelationId": ["m-1"],
            "messaging.header.NServiceBus.ConversationId": ["flow-1"],
        },
        {"correlation_id": "flow-1"},
    ),
    _header("attempt", "retry_topic-attempts", "\x00\x00\x00\x02", 2),
    _header("attempt", "kafka_deliveryAttempt", "\x00\x00\x00\x03", 3),
    _header("attempt", "attempts", "3", 3),
    _header("attempt", "attempts", "many", None),
    _header("origin_destination", "kafka_dlt-original-topic", "invoices", "invoices"),
    _header("origin_partition", "kafka_dlt-original-partition", "\x00\x00\x00\x02", 2),
    _header("origin_offset", "kafka_dlt-original-offset", "\x00\x00\x00\x00\x00\x00\x00\x03", 3),
    _header("origin_offset", "kafka_dlt-original-offset", "\x00\x00\x00\x00\x00\x00\x04\x12", 1042),
    _header("origin_offset", "kafka_dlt-original-offset", "\x00\x00\x00\x00\x00\x00\x04\ufffd", None),
    _header("origin_group", "kafka_dlt-original-consumer-group", "payment", "payment"),
    _header("origin_destination", "__connect.errors.topic", "invoices", "invoices"),
    _header("origin_partition", "__connect.errors.partition", "2", 2),
    _header("origin_offset", "__connect.errors.offset", "1042", 1042),
    _header("origin_offset", "__connect.errors.offset", "10000042", 10_000_042),
]


def _ours(
    name: str, kind: int, sent: Mapping[str, Value], expected: dict[str, object], *, failed: bool = False
) -> Vector:
    return vector(name, OURS, "a span", kind, sent, expected, error=failed)


FLOWTRAIL = [
    _ours(
        "our send, acked",
        PRODUCER,
        {
            "messaging.system": "kafka",
            "messaging.operation.type": "send",
            "messaging.operation.name": "send",
            "messaging.destination.name": "orders",
            "messaging.destination.partition.id": "3",
            "messaging.kafka.offset": 1042,
            "messaging.kafka.message.key": "42",
            "messaging.message.id": "m-1",
            "messaging.message.conversation_id": "flow-1",
            "messaging.message.body.size": 5,
            "flowtrail.number": 17,
            "flowtrail.causation.id": "m-0",
            "flowtrail.producer.epoch": "e1",
            "flowtrail.producer.seq": 9,
            "flowtrail.publish.outcome": "acked",
            "flowtrail.publish.timeout": 120000,
            "flowtrail.cluster.id": "c-1",
            "flowtrail.schema.id": "12",
            "flowtrail.payload.digest": "abc",
            "flowtrail.transaction.id": "tx",
            "flowtrail.transaction.outcome": "committed",
            "flowtrail.origin.destination": "invoices",
            "flowtrail.origin.partition": 1,
            "flowtrail.origin.offset": 7,
            "flowtrail.origin.group": "payment",
        },
        {
            "system": "kafka",
            "operation": "send",
            "operation_name": "send",
            "destination": "orders",
            "partition": 3,
            "offset": 1042,
            "message_key": "42",
            "message_id": "m-1",
            "correlation_id": "flow-1",
            "body_size": 5,
            "number": 17,
            "causation_id": "m-0",
            "producer_epoch": "e1",
            "producer_seq": 9,
            "publish_outcome": "acked",
            "publish_timeout_ms": 120000,
            "cluster_id": "c-1",
            "schema_id": "12",
            "payload_digest": "abc",
            "transaction_id": "tx",
            "transaction_outcome": "committed",
            "origin_destination": "invoices",
            "origin_partition": 1,
            "origin_offset": 7,
            "origin_group": "payment",
        },
    ),
    _ours(
        "our send in doubt: the application's message id of digits stays an id",
        PRODUCER,
        {
            "messaging.system": "kafka",
            "messaging.operation.type": "send",
            "messaging.destination.name": "orders",
            "messaging.message.id": "42",
            "flowtrail.number": 18,
            "flowtrail.publish.outcome": "in-doubt",
        },
        {
            "system": "kafka",
            "operation": "send",
            "destination": "orders",
            "message_id": "42",
            "number": 18,
            "publish_outcome": "in-doubt",
        },
    ),
    _ours(
        "our send that failed: an id that looks like a place stays an id",
        PRODUCER,
        {
            "messaging.system": "kafka",
            "messaging.operation.type": "send",
            "messaging.destination.name": "orders",
            "messaging.message.id": "orders.3.1042",
            "error.type": "MessageSizeTooLargeError",
            "flowtrail.number": 19,
            "flowtrail.publish.outcome": "failed",
        },
        {
            "system": "kafka",
            "operation": "send",
            "destination": "orders",
            "message_id": "orders.3.1042",
            "number": 19,
            "publish_outcome": "failed",
            "error_type": "MessageSizeTooLargeError",
        },
        failed=True,
    ),
    _ours(
        "our receive: a range with holes",
        CLIENT,
        {
            "messaging.system": "kafka",
            "messaging.operation.type": "receive",
            "messaging.operation.name": "poll",
            "messaging.destination.name": "orders",
            "messaging.destination.partition.id": "3",
            "messaging.kafka.offset": 1041,
            "messaging.batch.message_count": 5,
            "messaging.consumer.group.name": "payment",
            "flowtrail.number": 20,
            "flowtrail.offset.last": 1046,
            "flowtrail.offset.runs": "1041-1044,1046",
            "flowtrail.consumer.member": "member-1",
            "flowtrail.consumer.generation": 4,
        },
        {
            "system": "kafka",
            "operation": "receive",
            "operation_name": "poll",
            "destination": "orders",
            "partition": 3,
            "offset": 1041,
            "offset_last": 1046,
            "offset_runs": "1041-1044,1046",
            "batch_count": 5,
            "consumer_group": "payment",
            "member": "member-1",
            "generation": 4,
            "number": 20,
        },
    ),
    _ours(
        "our process, second attempt",
        CONSUMER,
        {
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.destination.name": "orders",
            "messaging.destination.partition.id": "3",
            "messaging.kafka.offset": 1042,
            "messaging.consumer.group.name": "payment",
            "cloudevents.event_type": "OrderPlaced",
            "flowtrail.number": 21,
            "flowtrail.delivery.attempt": 2,
        },
        {
            "system": "kafka",
            "operation": "process",
            "destination": "orders",
            "partition": 3,
            "offset": 1042,
            "consumer_group": "payment",
            "event_type": "OrderPlaced",
            "attempt": 2,
            "number": 21,
        },
    ),
    *(
        _ours(
            f"our {operation}: a position, reason {reason}",
            CLIENT,
            {
                "messaging.system": "kafka",
                "messaging.operation.type": operation,
                "messaging.operation.name": reason,
                "messaging.destination.name": "orders",
                "messaging.destination.partition.id": "3",
                "messaging.consumer.group.name": "payment",
                "flowtrail.number": 22,
                "flowtrail.position": 1043,
                "flowtrail.position.reason": reason,
            },
            {
                "system": "kafka",
                "operation": operation,
                "operation_name": reason,
                "destination": "orders",
                "partition": 3,
                "consumer_group": "payment",
                "number": 22,
                "position": 1043,
                "position_reason": reason,
            },
        )
        for operation, reason in [
            ("settle", "commit"),
            ("settle", "seek"),
            ("settle", "reset"),
            ("assign", "assign"),
            ("revoke", "revoke"),
        ]
    ),
    _ours(
        "our count of spans dropped",
        INTERNAL,
        {"flowtrail.number": 23, "flowtrail.dropped": 5},
        {"number": 23, "dropped": 5},
    ),
]

VECTORS = [*SEEN_ON_THE_WIRE, *TABLE, *CAPTURED_HEADERS, *FLOWTRAIL]
