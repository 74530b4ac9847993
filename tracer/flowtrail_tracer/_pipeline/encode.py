"""Spans to the bytes of an OTLP ExportTraceServiceRequest (opentelemetry/proto/trace/v1/trace.proto)."""

from collections.abc import Mapping, Sequence
from struct import Struct
from typing import Final

from flowtrail_tracer import attributes as names
from flowtrail_tracer._core.span import Attributes, Fixed, Identity
from flowtrail_tracer._pipeline.wire import Key, attribute, field, fixed32, string, varint

_STATUS_ERROR: Final = b"\x18\x02"
_HAS_REMOTE: Final = 0x100
_IS_REMOTE: Final = 0x200

NUMBER: Final = Key(names.NUMBER)
_number = NUMBER.integer
encode_dropped = Key(names.DROPPED).integer
encode_times = Struct("<BQBQ").pack
FLAGS: Final = [
    [b"\x85\x01" + fixed32(flags | _HAS_REMOTE | remote) for flags in range(256)] for remote in (0, _IS_REMOTE)
]
"""The field of a span's flags: by whether its parent is another process's, and the trace's flags."""


class Envelope:
    """The request around the spans: resource and instrumentation scope, encoded once."""

    def __init__(self, resource: Mapping[str, object], scope: str, version: str) -> None:
        attributes = b"".join(
            attribute(name, value if isinstance(value, str | int | float) else str(value), 0x0A)
            for name, value in resource.items()
        )
        self._resource = field(0x0A, attributes)
        self._scope = field(0x0A, string(0x0A, scope) + string(0x12, version))

    def wrap(self, spans: Sequence[bytes]) -> bytes:
        """Return the whole request for spans encoded by `encode_span`."""
        body = b"".join(spans)
        scope_spans = b"\x12" + varint(len(self._scope) + len(body)) + self._scope
        resource_spans = b"\x0a" + varint(len(self._resource) + len(scope_spans) + len(body)) + self._resource
        return b"".join((resource_spans, scope_spans, body))


def encode_span(
    identity: Identity,
    fixed: Fixed,
    start: int,
    end: int,
    number: int,
    dropped: int,
    extra: bytes,
    error: str | None = None,
) -> bytes:
    """Return one span as a field of ScopeSpans.

    `start` and `end` are nanoseconds since the epoch, `number` is its number within the instance; `dropped`, unless
    0, how many spans the instance has dropped so far; `extra` are the encoded attributes of this span alone; `error`
    is the status description of a failed one.
    """
    body = b"".join(
        (
            encode_identity(identity),
            encode_dropped(dropped) if dropped else b"",
            b"" if error is None else field(0x7A, string(0x12, error) + _STATUS_ERROR),
            fixed.encoded or encode_fixed(fixed),
            encode_times(0x39, start, 0x41, end),
            _number(number),
            extra,
        )
    )
    return b"\x12" + varint(len(body)) + body


def encode_identity(identity: Identity) -> bytes:
    """Return the fields that say which span this is and what it hangs on."""
    parent_id = identity.parent_id
    ids = f"0a10{identity.trace_id}1208{identity.span_id}"
    found = bytes.fromhex(f"{ids}2208{parent_id}" if parent_id else ids) + FLAGS[identity.remote][identity.flags & 0xFF]
    return found + string(0x1A, identity.trace_state) if identity.trace_state else found


def encode_attributes(attributes: Attributes) -> bytes:
    """Return attributes as fields of a span."""
    return b"".join([attribute(name, value) for name, value in attributes])


def encode_fixed(fixed: Fixed) -> bytes:
    """Return what spans share, as fields of each, and keep it."""
    fixed.encoded = string(0x2A, fixed.name) + b"\x30" + varint(fixed.kind) + encode_attributes(fixed.attributes)
    return fixed.encoded
