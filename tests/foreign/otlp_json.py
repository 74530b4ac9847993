"""OTLP as JSON, the way the OpenTelemetry Collector's file exporter writes it: ids in hex, enums as numbers."""

from base64 import b64decode, b64encode
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

IDS = {"traceId", "spanId", "parentSpanId"}


def to_json(request: ExportTraceServiceRequest) -> dict[str, Any]:
    """Return a request as the object that stands on one line of such a file."""
    written = _with_hex_ids(MessageToDict(request, use_integers_for_enums=True))
    assert isinstance(written, dict)
    return written


def _with_hex_ids(value: object, key: str = "") -> object:
    if isinstance(value, dict):
        return {name: _with_hex_ids(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_hex_ids(inner) for inner in value]
    if key in IDS and isinstance(value, str):
        return b64decode(value).hex()
    return value


def from_json(line: dict[str, Any]) -> ExportTraceServiceRequest:
    """Return the request that such an object stands for."""
    request = ExportTraceServiceRequest()
    ParseDict(_with_base64_ids(line), request)
    return request


def _with_base64_ids(value: object, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _with_base64_ids(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_base64_ids(inner) for inner in value]
    if key in IDS and isinstance(value, str):
        return b64encode(bytes.fromhex(value)).decode()
    return value
