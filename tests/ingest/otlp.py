"""Small OTLP requests for tests, and the ways to send them."""

from __future__ import annotations

import http.client
import itertools
import os
from typing import TYPE_CHECKING, Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flowtrail_collector.store import Store

NOW = 1_760_000_000_000_000_000
PROTOBUF = "application/x-protobuf"
_numbers = itertools.count(1)


def span(name: str = "send orders", attributes: Mapping[str, Any] | None = None, **fields: Any) -> Span:
    """Make a span with ids of its own; `fields` are the message's."""
    number = next(_numbers)
    made = Span(
        **{
            "trace_id": number.to_bytes(16, "big"),
            "span_id": os.urandom(8),
            "name": name,
            "kind": 4,
            "start_time_unix_nano": NOW + number,
            "end_time_unix_nano": NOW + number + 1_000_000,
            **fields,
        }
    )
    put(made, attributes or {"messaging.system": "kafka", "messaging.operation.type": "send"})
    return made


def put(into: Any, attributes: Mapping[str, Any]) -> None:
    """Add attributes to a span, link or resource."""
    for key, value in attributes.items():
        entry = into.attributes.add(key=key)
        case = {bool: "bool_value", int: "int_value", float: "double_value", bytes: "bytes_value"}
        if isinstance(value, list):
            entry.value.array_value.SetInParent()
            for inner in value:
                entry.value.array_value.values.add(string_value=inner)
        else:
            setattr(entry.value, case.get(type(value), "string_value"), value)


def request(spans: Iterable[Span], service: str = "orders") -> ExportTraceServiceRequest:
    """Put spans of one service into a request."""
    made = ExportTraceServiceRequest()
    resource = made.resource_spans.add()
    put(resource.resource, {"service.name": service})
    resource.scope_spans.add(spans=list(spans))
    return made


def body(*spans: Span) -> bytes:
    """Encode spans as a request in protobuf."""
    return request(spans).SerializeToString()


def post(
    address: str,
    data: bytes,
    content_type: str = PROTOBUF,
    path: str = "/v1/traces",
    method: str = "POST",
    **headers: str,
) -> tuple[int, bytes, dict[str, str]]:
    """Send one HTTP request; return status, body and headers (lower case)."""
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, data, {"Content-Type": content_type, **named})
        response = connection.getresponse()
        return response.status, response.read(), {name.lower(): value for name, value in response.getheaders()}
    finally:
        connection.close()


def rows(store: Store, sql: str = "SELECT * FROM span_rows") -> list[dict[str, Any]]:
    """Return what a query finds, as dicts."""

    def ask(connection: Any) -> list[dict[str, Any]]:
        result = connection.execute(sql)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    return store.read(ask)


def count(store: Store, table: str = "span_rows") -> int:
    """Return how many rows a table has."""
    return int(rows(store, f"SELECT count(*) AS n FROM {table}")[0]["n"])
