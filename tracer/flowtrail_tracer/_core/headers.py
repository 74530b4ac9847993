"""Message headers: which are read as what, and how.

Names are compared without case, the last value of a name wins, and a name that stands earlier in its row wins over a
later one. A value that is not UTF-8 is no error: it reads as absent, or as binary where the name is known to be.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from flowtrail_tracer._core.ids import NO_SPAN, NO_TRACE
from flowtrail_tracer._core.settings import HeaderNames

Headers = Iterable[tuple[str, bytes]]

TABLE: Final[Mapping[str, tuple[str, ...]]] = {
    "traceparent": ("traceparent", "ce_traceparent"),
    "tracestate": ("tracestate", "ce_tracestate"),
    "correlation_id": (
        "correlation-id", "x-correlation-id", "correlation_id", "correlationid", "ce_correlationid", "x-request-id",
        "nservicebus.conversationid", "nservicebus.correlationid", "conversationid",
        "rbs2-corr-id", "conversation-id", "axon-metadata-correlationid",
    ),
    "message_id": (
        "message-id", "x-message-id", "event-id", "ce_id", "nservicebus.messageid", "messageid", "rbs2-msg-id",
        "axon-message-id", "id",
    ),
    "causation_id": (
        "causation-id", "x-causation-id", "ce_causationid", "nservicebus.relatedto", "mt-initiatorid",
        "rbs2-in-reply-to", "parent-id",
    ),
    "sequence": ("message-seq", "ce_sequence"),
    "event_type": (
        "ce_type", "event-type", "eventtype", "nservicebus.enclosedmessagetypes", "mt-messagetype",
        "axon-message-type", "__typeid__",
    ),
    "event_source": ("ce_source",),
    "attempts": (
        "retry_topic-attempts", "kafka_deliveryattempt", "mt-redelivery-count", "nservicebus.retries", "attempts",
        "rbs2-delivery-count", "x-delivery-count",
    ),
    "origin_destination": ("flowtrail-origin-destination", "kafka_dlt-original-topic", "__connect.errors.topic"),
    "origin_partition": (
        "flowtrail-origin-partition", "kafka_dlt-original-partition", "__connect.errors.partition",
    ),
    "origin_offset": ("flowtrail-origin-offset", "kafka_dlt-original-offset", "__connect.errors.offset"),
    "origin_group": (
        "flowtrail-origin-group", "kafka_dlt-original-consumer-group", "__connect.errors.connector.name",
    ),
    "schema_id": ("__value_schema_id",),
}  # fmt: skip
"""What is read, as which header names, strongest first; in lower case."""

_COUNTED_FROM_ZERO: Final = frozenset({"mt-redelivery-count", "nservicebus.retries", "x-delivery-count"})
"""Headers that count redeliveries: the attempt is one more."""

_USUAL: Final = frozenset({"traceparent", "tracestate", "correlation_id", "message_id", "causation_id", "sequence"})


class Index(dict[str, tuple[str, int]]):
    """Header name in lower case -> (meaning, rank)."""

    usual: Mapping[str, str]
    """Names as they are usually spelled -> meaning; none is stronger than these."""


def build_index(names: HeaderNames) -> Index:
    """Return the index of the table; the configured names rank before those of the table."""
    index = Index({name: (meaning, rank) for meaning, row in TABLE.items() for rank, name in enumerate(row)})
    own = {
        "traceparent": "traceparent",
        "tracestate": "tracestate",
        names.correlation_id: "correlation_id",
        names.causation_id: "causation_id",
        names.message_id: "message_id",
        names.message_seq: "sequence",
    }
    index.update({name.lower(): (meaning, -1) for name, meaning in own.items()})
    index.usual = own
    return index


class Known:
    """The headers of one message that mean something here: meaning -> value as it came."""

    __slots__ = ("_attempts", "found", "more", "others")

    def __init__(self, headers: Headers, index: Index) -> None:
        found: dict[str, bytes] = {}
        usual, others = index.usual, False
        for name, value in headers:
            meaning = usual.get(name)
            if meaning is None:
                others = True
            elif value is not None:
                found[meaning] = value
        self.found = found
        self.others = others
        """Whether there are headers beside those, whatever they mean."""
        self.more = False
        """Whether there is anything beyond trace, correlation, ids and sequence."""
        self._attempts = ""
        if others:
            self._read_all(headers, index)

    def _read_all(self, headers: Headers, index: Index) -> None:
        found: dict[str, bytes] = {}
        ranks: dict[str, int] = {}
        for name, value in headers:
            lower = name.lower()
            entry = index.get(lower)
            if entry is None or value is None:
                continue
            meaning, rank = entry
            if rank <= ranks.get(meaning, rank):
                ranks[meaning] = rank
                found[meaning] = value
                if meaning == "attempts":
                    self._attempts = lower
        self.found = found
        self.more = not found.keys() <= _USUAL

    def text(self, meaning: str) -> str | None:
        """Return the value as text; None where absent, empty or not UTF-8."""
        value = self.found.get(meaning)
        return None if value is None else _text(value)

    def utf8(self, meaning: str) -> bytes | None:
        """Return the value where it is text, not decoded; None where `text` gives None."""
        value = self.found.get(meaning)
        return None if value is None else utf8(value)

    def number(self, meaning: str) -> int | None:
        """Return the value as an integer: decimal text, or big-endian binary of 1, 2, 4 or 8 bytes."""
        value = self.found.get(meaning)
        return None if value is None else decode_number(value)

    def sequence(self) -> tuple[bytes, int] | None:
        """Return (producer epoch in UTF-8, number) of `<epoch>:<n>`; None where absent or of another form."""
        return read_sequence(self.utf8("sequence"))

    def attempt(self) -> int | None:
        """Return the delivery attempt, counted from 1; None where no header tells."""
        number = self.number("attempts")
        if number is None or not 0 <= number < 1 << 31:
            return None
        return max(1, number + (self._attempts in _COUNTED_FROM_ZERO))

    def schema_id(self) -> str | None:
        """Return the schema id of a header: a GUID after a 0x01, an id after a 0x00, else the text."""
        value = self.found.get("schema_id")
        if value is None:
            return None
        if len(value) == 17 and value[0] == 1:
            digits = value[1:].hex()
            return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
        if len(value) == 5 and value[0] == 0:
            return str(int.from_bytes(value[1:], "big"))
        return self.text("schema_id")


def _text(value: bytes) -> str | None:
    try:
        return value.decode() or None
    except (UnicodeDecodeError, AttributeError):
        return None


def utf8(value: bytes) -> bytes | None:
    """Return a header's value where it is text; None where it is empty or not UTF-8."""
    if type(value) is bytes and value.isascii():
        return value or None
    text = _text(value)
    return None if text is None else text.encode()


def read_sequence(value: bytes | None) -> tuple[bytes, int] | None:
    """Return (producer epoch, number) of `<epoch>:<n>`; None where it has another form."""
    epoch, _, number = (value or b"").rpartition(b":")
    return (epoch, int(number)) if epoch and 0 < len(number) <= 18 and number.isdigit() else None


def decode_number(value: bytes) -> int | None:
    """Read a number that is decimal text or, failing that, a big-endian integer of 1, 2, 4 or 8 bytes.

    Spring writes binary, Kafka Connect writes text; text is tried first, and digits of a binary number cannot be
    mistaken for text unless every one of its bytes is an ASCII digit.
    """
    if not isinstance(value, bytes | bytearray | memoryview):
        return None
    raw = bytes(value)
    stripped = raw.strip()
    if stripped and len(stripped) <= 19 and all(48 <= byte <= 57 for byte in stripped):
        return int(stripped)
    if len(raw) in (1, 2, 4, 8):
        return int.from_bytes(raw, "big", signed=True)
    return None


def payload_schema_id(value: object) -> str | None:
    """Return the schema id in a payload's prefix: 0x00 and four bytes, as schema registries frame it."""
    if isinstance(value, bytes) and len(value) > 5 and value[0] == 0:
        return str(int.from_bytes(value[1:5], "big"))
    return None


_traceparent = re.compile(r"\s*(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?\s*").fullmatch
_BITS: Final = {f"{bits:02x}": bits for bits in range(256)}


def parse_traceparent(value: str | None) -> tuple[str, str, int] | None:
    """Return (trace id, parent span id, flags) of a W3C traceparent, ids in lower case; None where it is not one."""
    found = None if value is None else _traceparent(value) or _traceparent(value.lower())
    if found is None:
        return None
    version, trace_id, parent_id, flags, more = found.groups()
    if trace_id == NO_TRACE or parent_id == NO_SPAN or (more and version == "00"):
        return None
    return trace_id, parent_id, _BITS[flags]
