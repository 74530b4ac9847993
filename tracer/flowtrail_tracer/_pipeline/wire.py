"""Protocol Buffers by hand: the few forms that OTLP needs, with what repeats kept as bytes.

A field is a tag (number and wire type) followed by a varint, eight bytes, or a length and bytes. Attribute values of
one key differ only in their bytes, so everything in front of them is kept per key and length.
"""

from struct import Struct

from flowtrail_tracer._core.span import AttributeValue

fixed64 = Struct("<Q").pack
fixed32 = Struct("<I").pack
_double = Struct("<d").pack

_LOW = [bytes((n & 0x7F | 0x80, n >> 7 & 0x7F | 0x80)) for n in range(1 << 14)]
"""The lower 14 bits of a longer varint: two bytes, both with the continuation bit."""
_SMALL = [bytes((n,)) if n < 128 else bytes((n & 0x7F | 0x80, n >> 7)) for n in range(1 << 14)]
"""Whole varints below 2^14."""


def varint(number: int) -> bytes:
    """Encode an integer as a varint; negative ones as their 64-bit two's complement."""
    if 0 <= number < 16384:
        return _SMALL[number]
    if number < 0:
        number &= 0xFFFFFFFFFFFFFFFF
    parts = []
    while number >= 16384:
        parts.append(_LOW[number & 0x3FFF])
        number >>= 14
    parts.append(_SMALL[number])
    return b"".join(parts)


def field(tag: int, content: bytes) -> bytes:
    """Encode a length-delimited field; `tag` is the finished tag byte."""
    return bytes((tag,)) + varint(len(content)) + content


def string(tag: int, text: str) -> bytes:
    """Encode a string field; what UTF-8 cannot express (lone surrogates) becomes a question mark."""
    return field(tag, text.encode("utf-8", "replace"))


class Key:
    """One attribute key as the field of a span or resource: encodes KeyValue with what repeats kept."""

    __slots__ = ("_key", "_strings", "_tag", "_varints")

    def __init__(self, name: str, tag: int) -> None:
        self._tag = bytes((tag,))
        self._key = string(0x0A, name)
        self._strings: list[bytes] = [self._prefix(_value_header(0x0A, n), n) for n in range(64)]
        self._varints: list[bytes] = [self._prefix(b"\x12" + varint(1 + n) + b"\x18", n) for n in range(11)]

    def _prefix(self, header: bytes, content: int) -> bytes:
        return self._tag + varint(len(self._key) + len(header) + content) + self._key + header

    def encode(self, value: AttributeValue) -> bytes:
        """Return the field for one value."""
        kind = type(value)
        if kind is str:
            raw = value.encode("utf-8", "replace")  # type: ignore[union-attr]
            size = len(raw)
            return (self._strings[size] if size < 64 else self._prefix(_value_header(0x0A, size), size)) + raw
        if kind is int:
            number = varint(value)  # type: ignore[arg-type]
            return self._varints[len(number)] + number
        if kind is bool:
            return self._prefix(b"\x12\x02\x10", 1) + (b"\x01" if value else b"\x00")
        if kind is float:
            return self._prefix(b"\x12\x09\x21", 8) + _double(value)
        return self.encode(str(value))


def _value_header(tag: int, size: int) -> bytes:
    length = varint(size)
    return b"\x12" + varint(1 + len(length) + size) + bytes((tag,)) + length


_keys: dict[tuple[int, str], Key] = {}


def attribute(tag: int, name: str, value: AttributeValue) -> bytes:
    """Encode one attribute as the repeated field `tag` of a span or a resource."""
    key = _keys.get((tag, name))
    if key is None:
        key = _keys[tag, name] = Key(name, tag)
    return key.encode(value)
