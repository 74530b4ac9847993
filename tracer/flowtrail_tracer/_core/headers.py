"""Message headers: which are read as what, and how.

Names are compared without case, the last value of a name wins, and a name that stands earlier in its row wins over a
later one. A value that is not UTF-8 is no error: it reads as absent, or as binary where the name is known to be.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from flowtrail_tracer._core.ids import NO_SPAN, NO_TRACE
from flowtrail_tracer._core.settings import HeaderNames

Headers = Sequence[tuple[str, bytes]]

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
    "origin_destination": (
        "flowtrail-origin-destination", "kafka_dlt-original-topic", "kafka_original-topic", "__connect.errors.topic",
    ),
    "origin_partition": (
        "flowtrail-origin-partition", "kafka_dlt-original-partition", "kafka_original-partition",
        "__connect.errors.partition",
    ),
    "origin_offset": (
        "flowtrail-origin-offset", "kafka_dlt-original-offset", "kafka_original-offset", "__connect.errors.offset",
    ),
    "origin_group": (
        "flowtrail-origin-group", "kafka_dlt-original-consumer-group", "kafka_original-consumer-group",
        "__connect.errors.connector.name",
    ),
    "schema_id": ("__value_schema_id",),
}  # fmt: skip
"""What is read, as which header names, strongest first; in lower case."""

_COUNTED_FROM_ZERO: Final = frozenset({"mt-redelivery-count", "nservicebus.retries", "x-delivery-count"})
"""Headers that count redeliveries: the attempt is one more."""

_USUAL: Final = frozenset({"traceparent", "tracestate", "correlation_id", "message_id", "causation_id", "sequence"})


class Plan:
    """What the headers of messages mean whose headers have the same names in the same order."""

    __slots__ = ("at", "attempts", "has_baggage", "kept", "more")

    def __init__(self, names: tuple[str, ...], index: "Index") -> None:
        found: dict[str, int] = {}
        ranks: dict[str, int] = {}
        self.attempts = ""
        """The name of the header that counts attempts, in lower case."""
        self.has_baggage = False
        for place, name in enumerate(names):
            lower = name.lower()
            if lower == "baggage":
                self.has_baggage = True
            entry = index.get(lower)
            if entry is None:
                continue
            meaning, rank = entry
            if rank <= ranks.get(meaning, rank):
                ranks[meaning] = rank
                found[meaning] = place
                if meaning == "attempts":
                    self.attempts = lower
        self.more = not found.keys() <= _USUAL
        """Whether there is anything beyond trace, correlation, ids and sequence."""
        kept = sorted(found.values())
        self.kept = None if len(kept) == len(names) else kept
        """Which values mean something; None for all."""
        self.at = {meaning: kept.index(place) for meaning, place in found.items()}
        """Where among these a meaning's value stands."""


class Index(dict[str, tuple[str, int]]):
    """Header name in lower case -> (meaning, rank)."""

    _MOST: Final = 256
    """Plans kept at most: whose names never repeat get none."""

    def __init__(self, entries: Mapping[str, tuple[str, int]]) -> None:
        super().__init__(entries)
        self.plans: dict[tuple[str, ...], Plan] = {}
        """The plans made so far, by the names of headers."""

    def plan(self, names: tuple[str, ...]) -> Plan:
        """Return the plan for headers of these names."""
        found = self.plans.get(names)
        if found is None:
            found = Plan(names, self)
            if len(self.plans) >= self._MOST:
                self.plans.clear()
            self.plans[names] = found
        return found


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
    return index


Values = tuple[bytes, ...]


def read(headers: Headers, index: Index) -> tuple[Plan, Values]:
    """Return what the headers mean, and the values that mean something, in the plan's order."""
    if len(headers) == 4:  # as most messages of ours have
        (one, a), (two, b), (three, c), (four, d) = headers
        names: tuple[str, ...] = (one, two, three, four)
        values: Values = (a, b, c, d)
    else:
        names = tuple([name for name, _ in headers])
        values = tuple([value for _, value in headers])
    if None in values:
        return read([pair for pair in headers if pair[1] is not None], index)
    plan = index.plans.get(names) or index.plan(names)
    kept = plan.kept
    return plan, values if kept is None else tuple([values[place] for place in kept])


class Known:
    """The headers of one message that mean something here: meaning -> value as it came."""

    __slots__ = ("_values", "plan")

    def __init__(self, plan: Plan, values: Values) -> None:
        self.plan = plan
        self._values = values

    @property
    def more(self) -> bool:
        """Whether there is anything beyond trace, correlation, ids and sequence."""
        return self.plan.more

    def __contains__(self, meaning: str) -> bool:
        return meaning in self.plan.at

    def raw(self, meaning: str) -> bytes | None:
        """Return the value as it came; None where absent."""
        place = self.plan.at.get(meaning)
        return None if place is None else self._values[place]

    def text(self, meaning: str) -> str | None:
        """Return the value as text; None where absent, empty or not UTF-8."""
        value = self.raw(meaning)
        return None if value is None else _text(value)

    def utf8(self, meaning: str) -> bytes | None:
        """Return the value where it is text, not decoded; None where `text` gives None."""
        value = self.raw(meaning)
        return None if value is None else utf8(value)

    def number(self, meaning: str) -> int | None:
        """Return the value as an integer: decimal text, or big-endian binary of 1, 2, 4 or 8 bytes."""
        value = self.raw(meaning)
        return None if value is None else decode_number(value)

    def sequence(self) -> tuple[bytes, int] | None:
        """Return (producer epoch in UTF-8, number) of `<epoch>:<n>`; None where absent or of another form."""
        return read_sequence(self.utf8("sequence"))

    def attempt(self) -> int | None:
        """Return the delivery attempt, counted from 1; None where no header tells."""
        number = self.number("attempts")
        if number is None or not 0 <= number < 1 << 31:
            return None
        return max(1, number + (self.plan.attempts in _COUNTED_FROM_ZERO))

    def schema_id(self) -> str | None:
        """Return the schema id of a header: a GUID after a 0x01, an id after a 0x00, else the text."""
        value = self.raw("schema_id")
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
