"""The vocabulary: which raw attributes a canonical column is read from, in order of preference.

The first name of a rule is today's convention (or ours). What one rule can not say, because it depends on several
attributes, the span's name or its kind, stands in `oddities`; captured message headers in `headers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Kind(Enum):
    """What a column holds, and so how a raw value is converted."""

    TEXT = "text"
    INTEGER = "integer"  # 64 bits; text of digits is read as well
    SMALL = "small"  # 32 bits
    PLACE = "place"  # 64 bits, not negative: -1 means "no place"
    SMALL_PLACE = "small place"
    BOOLEAN = "boolean"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Rule:
    """One canonical column and the attributes it is read from; none where only headers tell of it."""

    column: str
    kind: Kind
    names: tuple[str, ...]


def _rule(column: str, kind: Kind, *names: str) -> Rule:
    return Rule(column, kind, names)


_TEXT, _INTEGER, _SMALL, _PLACE = Kind.TEXT, Kind.INTEGER, Kind.SMALL, Kind.PLACE

SPAN_RULES: Final = (
    _rule("system", _TEXT, "messaging.system"),
    _rule("cluster_id", _TEXT, "flowtrail.cluster.id", "messaging.kafka.cluster.id"),
    _rule("operation", _TEXT, "messaging.operation.type", "messaging.operation"),
    _rule("operation_name", _TEXT, "messaging.operation.name"),
    _rule("destination", _TEXT, "messaging.destination.name", "messaging.destination", "messaging.source.name"),
    _rule(
        "partition",
        Kind.SMALL_PLACE,
        "messaging.destination.partition.id",
        "messaging.kafka.partition",
        "messaging.kafka.destination.partition",
        "messaging.kafka.source.partition",
    ),
    _rule("offset", _PLACE, "messaging.kafka.offset", "messaging.kafka.message.offset"),
    _rule("offset_last", _PLACE, "flowtrail.offset.last"),
    _rule("offset_runs", _TEXT, "flowtrail.offset.runs"),
    _rule("batch_count", _INTEGER, "messaging.batch.message_count"),
    _rule("message_id", _TEXT, "messaging.message.id", "messaging.message_id", "cloudevents.event_id"),
    _rule("event_source", _TEXT, "cloudevents.event_source"),
    _rule("correlation_id", _TEXT, "messaging.message.conversation_id", "messaging.conversation_id"),
    _rule("causation_id", _TEXT, "flowtrail.causation.id"),
    _rule("event_type", _TEXT, "cloudevents.event_type"),
    _rule("message_key", _TEXT, "messaging.kafka.message.key", "messaging.kafka.message_key"),
    _rule("tombstone", Kind.BOOLEAN, "messaging.kafka.message.tombstone", "messaging.kafka.tombstone"),
    _rule(
        "body_size",
        _INTEGER,
        "messaging.message.body.size",
        "messaging.message.payload_size_bytes",
        "messaging.message_payload_size_bytes",
    ),
    _rule(
        "consumer_group",
        _TEXT,
        "messaging.consumer.group.name",
        "messaging.kafka.consumer.group",
        "messaging.kafka.consumer_group",
        "messaging.rocketmq.client_group",
        "messaging.eventhubs.consumer.group",
    ),
    _rule(
        "client_id",
        _TEXT,
        "messaging.client.id",
        "messaging.client_id",
        "messaging.kafka.client_id",
        "messaging.consumer.id",
        "messaging.consumer_id",
    ),
    _rule(
        "server_address",
        _TEXT,
        "server.address",
        "net.peer.name",
        "messaging.url",
        "messaging.kafka.bootstrap.servers",
    ),
    _rule("server_port", _SMALL, "server.port", "net.peer.port"),
    _rule("error_type", _TEXT, "error.type"),
    _rule("number", _INTEGER, "flowtrail.number"),
    _rule("dropped", _INTEGER, "flowtrail.dropped"),
    _rule("producer_epoch", _TEXT, "flowtrail.producer.epoch"),
    _rule("producer_seq", _INTEGER, "flowtrail.producer.seq"),
    _rule("publish_outcome", _TEXT, "flowtrail.publish.outcome"),
    _rule("publish_timeout_ms", _INTEGER, "flowtrail.publish.timeout"),
    _rule("attempt", _SMALL, "flowtrail.delivery.attempt"),
    _rule("outcome_inferred", Kind.BOOLEAN, "flowtrail.outcome.inferred"),
    _rule("member", _TEXT, "flowtrail.consumer.member"),
    _rule("generation", _INTEGER, "flowtrail.consumer.generation"),
    _rule("position", _PLACE, "flowtrail.position"),
    _rule("position_reason", _TEXT, "flowtrail.position.reason"),
    _rule("origin_destination", _TEXT, "flowtrail.origin.destination"),
    _rule("origin_partition", Kind.SMALL_PLACE, "flowtrail.origin.partition"),
    _rule("origin_offset", _PLACE, "flowtrail.origin.offset"),
    _rule("origin_group", _TEXT, "flowtrail.origin.group"),
    _rule("payload_digest", _TEXT, "flowtrail.payload.digest"),
    _rule("schema_id", _TEXT, "flowtrail.schema.id"),
    _rule("content_type", _TEXT, "messaging.message.content_type"),
    _rule("event_version", _TEXT),  # of headers only
    _rule("transaction_id", _TEXT, "flowtrail.transaction.id"),
    _rule("transaction_outcome", _TEXT, "flowtrail.transaction.outcome"),
    _rule("routing_key", _TEXT, "messaging.rabbitmq.destination.routing_key", "messaging.rabbitmq.routing_key"),
    _rule("delivery_tag", _INTEGER, "messaging.rabbitmq.message.delivery_tag", "messaging.rabbitmq.delivery_tag"),
    _rule("queue_time_ms", Kind.NUMBER, "kafka.record.queue_time_ms"),
)

LINK_COLUMNS: Final = ("destination", "partition", "offset", "message_id", "correlation_id", "message_key")
LINK_RULES: Final = tuple(rule for rule in SPAN_RULES if rule.column in LINK_COLUMNS)

HINTS: Final = ("spring.kafka.listener.id", "celery.action")
"""Attributes that no column holds, but by which `oddities` knows who speaks."""

NAMES: Final = (*dict.fromkeys(name for rule in SPAN_RULES for name in rule.names), *HINTS)
"""Every raw name that is looked for; its place is its code."""
CODES: Final = {name: code for code, name in enumerate(NAMES)}

CANONICAL: Final = {rule.column: rule.names[0] for rule in SPAN_RULES if rule.names}
"""The attribute a column stands for. Where the sender used it with this very value, the store keeps the column only."""

OPERATIONS: Final = {
    **{name: name for name in ("create", "send", "receive", "process", "settle", "assign", "revoke")},
    "publish": "send",
    "deliver": "process",
}
"""Operation types as sent, to canonical ones; what is not in here is no operation type."""

VERBS: Final = {
    **OPERATIONS,
    "poll": "receive",
    "consume": "process",
    "ack": "settle",
    "nack": "settle",
    "reject": "settle",
    "commit": "settle",
}
"""Verbs in span names, to operations."""

SYSTEMS: Final = {"aws.sqs": "aws_sqs", "AmazonSQS": "aws_sqs"}

SCOPE_SYSTEMS: Final = {"opentelemetry.instrumentation.kafka": "kafka"}
"""Instrumentations whose failed sends bear no attribute at all: the scope tells the system."""
