"""How a vector is written: a span as OTLP JSON beside its canonical columns."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Value = str | int | bool | list[str]

PRODUCER, CONSUMER, CLIENT, SERVER, INTERNAL = 4, 5, 3, 2, 1
ERROR, OK = 2, 1

BY_HAND = "my-service"
"""The scope of a span that no instrumentation in particular made."""

COLUMNS = (
    *("system", "cluster_id", "operation", "operation_name", "destination", "partition", "offset", "offset_last"),
    *("offset_runs", "batch_count", "message_id", "event_source", "correlation_id", "causation_id", "event_type"),
    *("message_key", "tombstone", "body_size", "consumer_group", "client_id", "server_address", "server_port"),
    *("producer_epoch", "producer_seq", "publish_outcome", "publish_timeout_ms", "attempt", "member", "generation"),
    *("position", "position_reason", "origin_destination", "origin_partition", "origin_offset", "origin_group"),
    *("payload_digest", "schema_id", "content_type", "event_version", "transaction_id", "transaction_outcome"),
    *("routing_key", "delivery_tag", "queue_time_ms", "error_type", "number", "dropped", "sampling"),
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
    trace_state: str = "",
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
    if trace_state:
        span["traceState"] = trace_state
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
