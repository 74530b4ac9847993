"""Spans as plain values, read back from what `encode` wrote: for the application's provider, and for tests."""

from struct import Struct

from flowtrail_tracer._core.span import AttributeValue, Identity, Span
from flowtrail_tracer._pipeline.wire import fields

_double = Struct("<d").unpack_from

Field = int | bytes


def decode_span(content: bytes) -> Span:
    """Return the span in a field of ScopeSpans that `encode_span` wrote."""
    ((_, body),) = fields(content)
    found: dict[int, Field] = {}
    attributes: dict[str, AttributeValue] = {}
    for number, value in fields(_bytes(body)):
        if number == 9:
            pair = dict(fields(_bytes(value)))
            attributes[_text(pair[1])] = _attribute(_bytes(pair[2]))
        else:
            found[number] = value
    flags = _integer(found[16])
    identity = Identity(
        _bytes(found[1]).hex(),
        _bytes(found[2]).hex(),
        _bytes(found.get(4, b"")).hex(),
        flags & 0xFF,
        _text(found.get(3, b"")),
        bool(flags & 0x200),
    )
    status = dict(fields(_bytes(found[15]))) if 15 in found else None
    return Span(
        identity,
        _text(found[5]),
        _integer(found[6]),
        _integer(found[7]),
        _integer(found[8]),
        attributes,
        None if status is None else _text(status[2]),
    )


def _attribute(content: bytes) -> AttributeValue:
    ((number, value),) = fields(content)
    if number == 1:
        return _text(value)
    if number == 2:
        return bool(value)
    if number == 3:
        whole = _integer(value)
        return whole - (1 << 64) if whole >> 63 else whole
    (double,) = _double(_integer(value).to_bytes(8, "little"))
    return float(double)


def _bytes(value: Field) -> bytes:
    return value if isinstance(value, bytes) else b""


def _integer(value: Field) -> int:
    return value if isinstance(value, int) else 0


def _text(value: Field) -> str:
    return _bytes(value).decode()
