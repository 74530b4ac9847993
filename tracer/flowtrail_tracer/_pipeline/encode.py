"""Spans to the bytes of an OTLP ExportTraceServiceRequest (opentelemetry/proto/trace/v1/trace.proto)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from flowtrail_tracer import attributes as names
from flowtrail_tracer._core.span import Fixed, Span
from flowtrail_tracer._pipeline.wire import Key, attribute, field, fixed32, fixed64, string, varint

_ATTRIBUTE: Final = 0x4A
_STATUS_ERROR: Final = b"\x18\x02"
_HAS_REMOTE: Final = 0x100
_IS_REMOTE: Final = 0x200

_keys: dict[str, Key] = {}
_number = Key(names.NUMBER, _ATTRIBUTE)
_dropped = Key(names.DROPPED, _ATTRIBUTE)


class Envelope:
    """The request around the spans: resource and instrumentation scope, encoded once."""

    def __init__(self, resource: Mapping[str, object], scope: str, version: str) -> None:
        attributes = b"".join(
            attribute(0x0A, name, value if isinstance(value, str | int | float) else str(value))
            for name, value in resource.items()
        )
        self._resource = field(0x0A, attributes)
        self._scope = field(0x0A, string(0x0A, scope) + string(0x12, version))

    def wrap(self, spans: Sequence[bytes]) -> bytes:
        """Return the whole request for spans encoded by `encode_span`."""
        body = b"".join(spans)
        scope_spans = b"\x12" + varint(len(self._scope) + len(body)) + self._scope
        resource_spans = b"\x0a" + varint(len(self._resource) + len(scope_spans) + len(body)) + self._resource
        return resource_spans + scope_spans + body


def encode_span(number: int, span: Span, dropped: int = 0) -> bytes:
    """Return one span as a field of ScopeSpans.

    `number` is its number within the instance; `dropped`, unless 0, how many spans the instance has dropped so far.
    """
    identity = span.identity
    parts = [b"\x0a\x10", identity.trace_id.to_bytes(16, "big"), b"\x12\x08", identity.span_id.to_bytes(8, "big")]
    add = parts.append
    if identity.trace_state:
        add(string(0x1A, identity.trace_state))
    if identity.parent_id:
        add(b"\x22\x08" + identity.parent_id.to_bytes(8, "big"))
    fixed = span.fixed
    add(fixed.encoded or _encode_fixed(fixed))
    add(b"\x39" + fixed64(span.start) + b"\x41" + fixed64(span.end))
    add(_number.encode(number))
    if dropped:
        add(_dropped.encode(dropped))
    for name, value in span.extra:
        key = _keys.get(name)
        if key is None:
            key = _keys[name] = Key(name, _ATTRIBUTE)
        add(key.encode(value))
    for trace_id, span_id in span.links:
        add(field(0x6A, b"\x0a\x10" + trace_id.to_bytes(16, "big") + b"\x12\x08" + span_id.to_bytes(8, "big")))
    if span.error is not None:
        add(field(0x7A, string(0x12, span.error) + _STATUS_ERROR))
    flags = identity.flags & 0xFF | _HAS_REMOTE | (_IS_REMOTE if identity.remote else 0)
    add(b"\x85\x01" + fixed32(flags))
    body = b"".join(parts)
    return b"\x12" + varint(len(body)) + body


def _encode_fixed(fixed: Fixed) -> bytes:
    pairs: Iterable[bytes] = (attribute(_ATTRIBUTE, name, value) for name, value in fixed.attributes)
    fixed.encoded = string(0x2A, fixed.name) + b"\x30" + varint(fixed.kind) + b"".join(pairs)
    return fixed.encoded
