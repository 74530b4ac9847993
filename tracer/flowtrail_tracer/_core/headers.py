"""Message headers: which are read as what, and how.

Names are compared without case, the last value of a name wins, and a name that stands earlier in its row wins over a
later one. A value that is not UTF-8 is no error: it reads as absent, or as binary where the name is known to be.
"""

from collections.abc import Iterable, Mapping
from typing import Final

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

Index = dict[str, tuple[str, int]]


def build_index(names: HeaderNames) -> Index:
    """Return header name -> (meaning, rank); the configured names rank before those of the table."""
    index = {name: (meaning, rank) for meaning, row in TABLE.items() for rank, name in enumerate(row)}
    own = {
        names.correlation_id: "correlation_id",
        names.causation_id: "causation_id",
        names.message_id: "message_id",
        names.message_seq: "sequence",
    }
    index.update({name.lower(): (meaning, -1) for name, meaning in own.items()})
    return index


class Known:
    """The headers of one message that mean something here: meaning -> value as it came, with the header's name."""

    __slots__ = ("found", "more")

    def __init__(self, headers: Headers, index: Index) -> None:
        found: dict[str, tuple[int, str, bytes]] = {}
        more = False
        for name, value in headers:
            entry = index.get(name) or index.get(name.lower())
            if entry is None or value is None:
                continue
            meaning, rank = entry
            before = found.get(meaning)
            if before is None or rank <= before[0]:
                found[meaning] = (rank, name, value)
                more = more or meaning not in _USUAL
        self.found = found
        self.more = more
        """Whether there is anything beyond trace, correlation, ids and sequence."""

    def text(self, meaning: str) -> str | None:
        """Return the value as text; None where absent, empty or not UTF-8."""
        entry = self.found.get(meaning)
        if entry is None:
            return None
        try:
            return entry[2].decode() or None
        except (UnicodeDecodeError, AttributeError):
            return None

    def number(self, meaning: str) -> int | None:
        """Return the value as an integer: decimal text, or big-endian binary of 1, 2, 4 or 8 bytes."""
        entry = self.found.get(meaning)
        return None if entry is None else decode_number(entry[2])

    def sequence(self) -> tuple[str, int] | None:
        """Return (producer epoch, number) of `<epoch>:<n>`; None where absent or of another form."""
        text = self.text("sequence")
        epoch, colon, number = (text or "").rpartition(":")
        return (epoch, int(number)) if colon and epoch and _is_decimal(number) else None

    def attempt(self) -> int | None:
        """Return the delivery attempt, counted from 1; None where no header tells."""
        entry = self.found.get("attempts")
        number = None if entry is None else decode_number(entry[2])
        if entry is None or number is None or not 0 <= number < 1 << 31:
            return None
        return max(1, number + (entry[1].lower() in _COUNTED_FROM_ZERO))

    def schema_id(self) -> str | None:
        """Return the schema id of a header: a GUID after a 0x01, an id after a 0x00, else the text."""
        entry = self.found.get("schema_id")
        if entry is None:
            return None
        value = entry[2]
        if len(value) == 17 and value[0] == 1:
            digits = value[1:].hex()
            return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
        if len(value) == 5 and value[0] == 0:
            return str(int.from_bytes(value[1:], "big"))
        return self.text("schema_id")


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


def parse_traceparent(value: str | None) -> tuple[int, int, int] | None:
    """Return (trace id, parent span id, flags) of a W3C traceparent; None where it is not one."""
    if value is None:
        return None
    parts = value.strip().split("-")
    if len(parts) < 4 or (len(parts) > 4 and parts[0] == "00") or parts[0].lower() == "ff":
        return None
    version, trace, parent, flags = parts[:4]
    if (len(version), len(trace), len(parent), len(flags)) != (2, 32, 16, 2) or not (trace + parent + flags).isalnum():
        return None
    try:
        trace_id, parent_id, bits = int(trace, 16), int(parent, 16), int(flags, 16)
    except ValueError:
        return None
    return (trace_id, parent_id, bits) if trace_id > 0 and parent_id > 0 else None


def _is_decimal(text: str) -> bool:
    return 0 < len(text) <= 18 and text.isascii() and text.isdigit()
