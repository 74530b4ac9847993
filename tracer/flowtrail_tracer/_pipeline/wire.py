"""Protocol Buffers by hand: the few forms that OTLP needs, with what repeats kept as bytes.

A field is a tag (number and wire type) followed by a varint, eight bytes, or a length and bytes. Attribute values of
one key differ only in their bytes, so everything in front of them is kept per key and length.
"""

from struct import Struct

from flowtrail_tracer._core.span import AttributeValue

fixed32 = Struct("<I").pack
_double = Struct("<d").pack

_LOW = [bytes((n & 0x7F | 0x80, n >> 7 & 0x7F | 0x80)) for n in range(1 << 14)]
"""The lower 14 bits of a longer varint: two bytes, both with the continuation bit."""
_SMALL = [bytes((n,)) if n < 128 else bytes((n & 0x7F | 0x80, n >> 7)) for n in range(1 << 14)]
"""Whole varints below 2^14."""


_SIZES = {1: 8, 5: 4}
"""Bytes of a value, by the wire types of fixed size."""


def varint(number: int) -> bytes:
    """Encode an integer as a varint; negative ones as their 64-bit two's complement."""
    if 0 <= number < 16384:
        return _SMALL[number]
    if 0 <= number < 268435456:
        return _LOW[number & 0x3FFF] + _SMALL[number >> 14]
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


class _Prefixes(dict[int, bytes]):
    """What stands in front of a text, by its length in UTF-8; the usual lengths are kept."""

    def __init__(self, key: "Key") -> None:
        super().__init__({size: key.before_text(size) for size in range(64)})
        self._key = key

    def __missing__(self, size: int) -> bytes:
        return self._key.before_text(size)


class Key:
    """One attribute key as the field of a span or resource: encodes KeyValue with what repeats kept.

    Who encodes very many spans joins the parts itself: `texts[len(raw)], raw` and `varints[len(number)], number`.
    """

    __slots__ = ("_key", "_tag", "texts", "varints")

    def __init__(self, name: str, tag: int = 0x4A) -> None:
        self._tag = bytes((tag,))
        self._key = string(0x0A, name)
        self.texts = _Prefixes(self)
        self.varints: list[bytes] = [self._prefix(b"\x12" + varint(1 + n) + b"\x18", n) for n in range(11)]

    def _prefix(self, header: bytes, content: int) -> bytes:
        return self._tag + varint(len(self._key) + len(header) + content) + self._key + header

    def before_text(self, size: int) -> bytes:
        """Return what stands in front of a text of that many bytes."""
        return self._prefix(_value_header(0x0A, size), size)

    def utf8(self, raw: bytes) -> bytes:
        """Return the field for a text that is UTF-8 already."""
        return self.texts[len(raw)] + raw

    def text(self, value: str) -> bytes:
        """Return the field for a text."""
        return self.utf8(value.encode("utf-8", "replace"))

    def integer(self, value: int) -> bytes:
        """Return the field for an integer."""
        number = varint(value)
        return self.varints[len(number)] + number

    def boolean(self, value: bool) -> bytes:
        """Return the field for a truth value."""
        return self._prefix(b"\x12\x02\x10", 1) + (b"\x01" if value else b"\x00")

    def encode(self, value: AttributeValue) -> bytes:
        """Return the field for a value of any type."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bool):
            return self.boolean(value)
        if isinstance(value, int):
            return self.integer(value)
        return self._prefix(b"\x12\x09\x21", 8) + _double(value)


def _value_header(tag: int, size: int) -> bytes:
    length = varint(size)
    return b"\x12" + varint(1 + len(length) + size) + bytes((tag,)) + length


_keys: dict[tuple[int, str], Key] = {}


def attribute(name: str, value: AttributeValue, tag: int = 0x4A) -> bytes:
    """Encode one attribute as a field of a span or, with another tag, of a resource."""
    key = _keys.get((tag, name))
    if key is None:
        key = _keys[tag, name] = Key(name, tag)
    return key.encode(value)


def fields(content: bytes) -> list[tuple[int, int | bytes]]:
    """Split a message into (field number, value), numbers as unsigned; whatever is no message ends the reading."""
    found: list[tuple[int, int | bytes]] = []
    place = 0
    while place < len(content):
        tag, place = _read_varint(content, place)
        kind = tag & 7
        value: int | bytes
        if kind == 0:
            value, place = _read_varint(content, place)
        elif kind == 2 or kind in _SIZES:
            size, place = _read_varint(content, place) if kind == 2 else (_SIZES[kind], place)
            raw = content[place : place + size]
            value = raw if kind == 2 else int.from_bytes(raw, "little")
            place += size
        else:
            break
        found.append((tag >> 3, value))
    return found


def _read_varint(content: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while place < len(content) and shift < 64:
        byte = content[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 128:
            break
        shift += 7
    return number, place
