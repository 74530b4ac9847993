"""Message headers as the Java agent captures them onto spans, for every name that is read."""

from tests.foreign.vectors.build import Vector
from tests.foreign.vectors.table import row


def _header(column: str, name: str, values: str | list[str], canonical: object) -> Vector:
    """Put a header on a span of one message as the Java agent captures it: a list, and `-` becomes `_`."""
    listed = [values] if isinstance(values, str) else values
    captured = f"messaging.header.{name.replace('-', '_')}"
    expected = {} if canonical is None else {column: canonical}
    return row(f"header {name} = {listed!r}", {captured: listed}, expected)


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
    row(
        "a stated message id wins over a captured header",
        {"messaging.message.id": "m-1", "messaging.header.message_id": ["m-2"]},
        {"message_id": "m-1"},
    ),
    row(
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
    *(
        _header(column, f"kafka_{kind}-{name}", value, canonical)
        for kind in ("dlt-original", "original")
        for column, name, value, canonical in [
            ("origin_destination", "topic", "bills", "bills"),
            ("origin_partition", "partition", "\x00\x00\x00\x07", 7),
            ("origin_offset", "offset", "\x00\x00\x00\x00\x00\x00\x00\x09", 9),
            ("origin_group", "consumer-group", "ledger", "ledger"),
        ]
    ),
    _header("origin_group", "__connect.errors.connector.name", "sink", "connect-sink"),
    *(
        _header(f"origin_{name}", f"flowtrail-origin-{name}", str(value), value)
        for name, value in [("destination", "invoices"), ("partition", 2), ("offset", 1042), ("group", "payment")]
    ),
    *(
        row(f"RabbitMQ: {name}", {"messaging.header.x_death": [death]}, expected)
        for name, death, expected in [
            (
                "dead-lettered once, as Java writes the table",
                "[{reason=rejected, count=1, exchange=shop, time=Fri Nov 20 12:00:00 UTC 2026, "
                "routing-keys=[order.placed], queue=orders}]",
                {"origin_destination": "shop", "origin_group": "orders", "attempt": 2},
            ),
            (
                "through a delay queue and back, three times; the first death is the last entry",
                "[{count=3, exchange=, queue=orders.delay, reason=expired, routing-keys=[orders]}, "
                "{count=3, exchange=shop, queue=orders, reason=rejected, routing-keys=[order.placed]}]",
                {"origin_destination": "shop", "origin_group": "orders", "attempt": 4},
            ),
            (
                "from the default exchange, as JSON",
                '[{"count": 2, "exchange": "", "queue": "orders", "reason": "delivery_limit", "routing-keys": ["o"]}]',
                {"origin_destination": "orders", "origin_group": "orders", "attempt": 3},
            ),
            (
                "only a delay that expired is no attempt",
                "[{count=1, exchange=, queue=delay, reason=expired, routing-keys=[delay]}]",
                {"origin_destination": "delay", "origin_group": "delay"},
            ),
            ("a text that is no list of deaths", "yes", {}),
            ("an empty list", "[]", {}),
        ]
    ),
    _header("origin_destination", "x-first-death-exchange", "shop", "shop"),
    row(
        "RabbitMQ: a first death in a queue of the default exchange",
        {"messaging.header.x_first_death_exchange": [""], "messaging.header.x_first_death_queue": ["jobs"]},
        {"origin_destination": "jobs", "origin_group": "jobs"},
    ),
    _header("attempt", "x-delivery-count", "2", 3),
    _header("attempt", "MT-Redelivery-Count", "1", 2),
    _header("attempt", "MT-Fault-RetryCount", "3", 4),
    _header("origin_destination", "MT-Fault-InputAddress", "rabbitmq://host:5672/shop/orders?durable=true", "orders"),
    _header("origin_destination", "MT-Fault-InputAddress", "loopback://localhost/orders/", "orders"),
    _header("origin_destination", "NServiceBus.FailedQ", "orders@machine", "orders"),
    _header("attempt", "NServiceBus.Retries", "1", 2),
    _header("origin_destination", "rbs2-source-queue", "orders", "orders"),
    _header("schema_id", "__value_schema_id", "\x00\x00\x00\x00\x07", "7"),
    _header("schema_id", "__value_schema_id", "9f2c", "9f2c"),
    _header("schema_id", "__value_schema_id", "\x01\ufffd\ufffd", None),
    _header("schema_id", "ce_dataschema", "/schemas/order/2", "/schemas/order/2"),
    *(
        _header("content_type", name, "application/json", "application/json")
        for name in (
            *("content-type", "Content-Type", "contentType", "ce_datacontenttype", "NServiceBus.ContentType"),
            *("rbs2-content-type",),
        )
    ),
    *(
        _header("content_type", "content-type", sent, canonical)
        for sent, canonical in [
            ("Application/JSON; charset=UTF-8", "application/json"),
            ('"application/vnd.order.v2+json"', "application/vnd.order.v2+json"),
            ("avro/binary; schema=7 ;Charset=utf-8;a=b", "avro/binary;a=b;schema=7"),
            ("multipart/mixed; boundary=12345", "multipart/mixed"),
            (" ; charset=utf-8", None),
        ]
    ),
    row(
        "a content type that is stated, written as it is compared",
        {"messaging.message.content_type": "Text/Plain;charset=utf-8"},
        {"content_type": "text/plain"},
    ),
    *(
        _header("event_version", name, "2", "2")
        for name in (
            *("event-version", "eventVersion", "x-event-version", "message-version", "ce_eventtypeversion"),
            *("ce_dataversion", "axon-message-revision"),
        )
    ),
]
