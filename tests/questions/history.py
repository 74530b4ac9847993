"""A small language for histories: what producers and group members did, told as the spans of the contract.

    history = History()
    orders = history.service("orders")
    first = orders.send("orders", 0, key="42")
    payment = history.member("payment", group="payment")
    payment.assign("orders", 0, at=0)
    payment.receive("orders", 0, 0)
    payment.process(first)

Every call moves the clock on by a millisecond, numbers its span, and returns what can be referred to later. Nothing of
the product's own code makes the spans: they are written from the documented attribute names.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

START_NS = 1_790_000_000_000_000_000
MS = 1_000_000


@dataclass(frozen=True)
class Sent:
    """One send operation and the record it stands at."""

    destination: str
    partition: int
    offset: int | None
    message_id: str | None
    correlation_id: str | None
    key: str | None
    epoch: str
    seq: int
    trace_id: str
    span_id: str


@dataclass
class Span:
    """One span as it goes over the wire."""

    trace_id: str
    span_id: str
    name: str
    kind: int
    start_ns: int
    end_ns: int
    attributes: dict[str, Any]
    resource: dict[str, Any]
    parent: str | None = None
    error: bool = False
    links: list[dict[str, Any]] = field(default_factory=list)
    scope: str = "flowtrail"
    trace_state: str = ""


class History:
    """Collects the spans of several instances on one clock (in milliseconds from the start)."""

    def __init__(self, seed: int = 1) -> None:
        self.spans: list[Span] = []
        self.now = 0
        self._random = random.Random(seed)  # noqa: S311 ids of a test
        self._ids = itertools.count(1)

    def service(self, name: str, *, host: str | None = "host-a", instance: str | None = None) -> Instance:
        """Start an instance of a service."""
        number = next(self._ids)
        return Instance(self, name, instance or f"{name}-{number}", host)

    def member(self, name: str, *, group: str, host: str | None = "host-a", generation: int | None = 1) -> Member:
        """Start an instance of a service that is a member of a group."""
        number = next(self._ids)
        return Member(self, name, f"{name}-{number}", host, group, generation)

    def tick(self, ms: float = 1) -> int:
        """Move the clock on and return it in nanoseconds."""
        self.now += ms
        return START_NS + int(self.now * MS)

    def wait(self, ms: float) -> None:
        """Let time pass."""
        self.now += ms

    def trace_id(self) -> str:
        return f"{self._random.getrandbits(128) | 1:032x}"

    def span_id(self) -> str:
        return f"{self._random.getrandbits(64) | 1:016x}"

    def without(self, *spans: Span) -> list[Span]:
        """Return the spans with some of them lost."""
        return [span for span in self.spans if span not in spans]


class Instance:
    """A process of a service: it numbers its spans and may send."""

    def __init__(self, history: History, name: str, instance: str, host: str | None) -> None:
        self.history = history
        self.name = name
        self.instance = instance
        self.numbers = itertools.count(1)
        self.skew_ns = 0
        self._sequence: dict[str, int] = {}
        self._resource = {"service.name": name, "service.instance.id": instance}
        if host:
            self._resource["host.name"] = host

    def span(
        self,
        operation: str,
        destination: str | None,
        attributes: dict[str, Any],
        *,
        start: int | None = None,
        end: int | None = None,
        name: str | None = None,
        kind: int = 1,
        error: str | None = None,
        trace_id: str | None = None,
        parent: str | None = None,
    ) -> Span:
        """Record a span of this instance."""
        own: dict[str, Any] = {"messaging.system": "kafka", "messaging.operation.type": operation}
        own["messaging.operation.name"] = name or operation
        if destination is not None:
            own["messaging.destination.name"] = destination
        own["flowtrail.number"] = next(self.numbers)
        own |= {key: value for key, value in attributes.items() if value is not None}
        if error:
            own["error.type"] = error
        start = self.history.tick() if start is None else start
        end = self.history.tick() if end is None else end
        span = Span(
            trace_id or self.history.trace_id(),
            self.history.span_id(),
            f"{name or operation} {destination or ''}".strip(),
            kind,
            start + self.skew_ns,
            end + self.skew_ns,
            own,
            self._resource,
            parent,
            error is not None,
        )
        self.history.spans.append(span)
        return span

    def send(
        self,
        destination: str,
        partition: int | None,
        offset: int | None = None,
        *,
        message_id: str | None = "",
        correlation_id: str | None = "flow-1",
        key: str | None = None,
        outcome: str | None = "acked",
        error: str | None = None,
        causation: Sent | str | None = None,
        seq: int | None = None,
        epoch: str | None = None,
        trace: Sent | None = None,
        start: int | None = None,
        end: int | None = None,
        **more: Any,
    ) -> Sent:
        """Send one message; `outcome` says what the client learned of it."""
        if seq is None:
            seq = self._sequence.get(destination, 0) + 1
        self._sequence[destination] = max(seq, self._sequence.get(destination, 0))
        epoch = epoch or f"epoch-{self.instance}"
        known = message_id if message_id != "" else f"{self.instance}-{destination}-{seq}"
        cause = causation.message_id if isinstance(causation, Sent) else causation
        span = self.span(
            "send",
            destination,
            {
                "messaging.destination.partition.id": None if partition is None else str(partition),
                "messaging.kafka.offset": offset if outcome == "acked" else None,
                "messaging.message.id": known,
                "messaging.message.conversation_id": correlation_id,
                "messaging.kafka.message.key": key,
                "flowtrail.producer.epoch": epoch,
                "flowtrail.producer.seq": seq,
                "flowtrail.publish.outcome": outcome,
                "flowtrail.causation.id": cause,
                **more,
            },
            kind=4,
            error=error,
            start=start,
            end=end,
            trace_id=trace.trace_id if trace else None,
        )
        return Sent(
            destination, partition or 0, offset, known, correlation_id, key, epoch, seq, span.trace_id, span.span_id
        )


class Member(Instance):
    """A process that is a member of a group."""

    def __init__(
        self, history: History, name: str, instance: str, host: str | None, group: str, generation: int | None
    ) -> None:
        super().__init__(history, name, instance, host)
        self.group = group
        self.generation = generation
        self.member = f"{group}-{instance}"

    def _own(self) -> dict[str, Any]:
        return {
            "messaging.consumer.group.name": self.group,
            "flowtrail.consumer.member": self.member,
            "flowtrail.consumer.generation": self.generation,
        }

    def position(self, reason: str, destination: str, partition: int, position: int | None, **more: Any) -> Span:
        """Record a position: assign, revoke, commit, seek or reset."""
        operation = reason if reason in {"assign", "revoke"} else "settle"
        return self.span(
            operation,
            destination,
            {
                **self._own(),
                "messaging.destination.partition.id": str(partition),
                "flowtrail.position": position,
                "flowtrail.position.reason": reason,
                **{key: value for key, value in more.items() if key not in {"error", "start", "end"}},
            },
            name=reason,
            kind=3,
            **{key: value for key, value in more.items() if key in {"error", "start", "end"}},
        )

    def assign(self, destination: str, partition: int, at: int, *, generation: int | None = None) -> Span:
        """Own a partition from a position on."""
        if generation is not None:
            self.generation = generation
        return self.position("assign", destination, partition, at)

    def commit(self, destination: str, partition: int, at: int, **more: Any) -> Span:
        return self.position("commit", destination, partition, at, **more)

    def seek(self, destination: str, partition: int, at: int) -> Span:
        return self.position("seek", destination, partition, at)

    def revoke(self, destination: str, partition: int, at: int | None = None) -> Span:
        return self.position("revoke", destination, partition, at)

    def receive(
        self,
        destination: str,
        partition: int,
        first: int,
        last: int | None = None,
        *,
        runs: str | None = None,
        count: int | None = None,
        start: int | None = None,
        end: int | None = None,
    ) -> Span:
        """Be handed a range of records."""
        last = first if last is None else last
        return self.span(
            "receive",
            destination,
            {
                **self._own(),
                "messaging.destination.partition.id": str(partition),
                "messaging.kafka.offset": first,
                "flowtrail.offset.last": last,
                "flowtrail.offset.runs": runs,
                "messaging.batch.message_count": last - first + 1 if count is None else count,
            },
            name="poll",
            kind=3,
            start=start,
            end=end,
        )

    def process(
        self,
        sent: Sent,
        *,
        error: str | None = None,
        offset: int | None = None,
        attempt: int | None = None,
        start: int | None = None,
        end: int | None = None,
        **more: Any,
    ) -> Span:
        """Handle a record, well or with an error."""
        return self.span(
            "process",
            sent.destination,
            {
                **self._own(),
                "messaging.destination.partition.id": str(sent.partition),
                "messaging.kafka.offset": sent.offset if offset is None else offset,
                "messaging.message.id": sent.message_id,
                "messaging.message.conversation_id": sent.correlation_id,
                "messaging.kafka.message.key": sent.key,
                "flowtrail.producer.epoch": sent.epoch,
                "flowtrail.producer.seq": sent.seq,
                "flowtrail.delivery.attempt": attempt,
                **more,
            },
            kind=5,
            error=error,
            start=start,
            end=end,
            trace_id=sent.trace_id,
            parent=sent.span_id,
        )

    def close(self) -> Span:
        """Leave in order."""
        return self.span("settle", None, self._own(), name="close", kind=3)


def otlp(spans: Iterable[Span]) -> dict[str, Any]:
    """Return one ExportTraceServiceRequest in OTLP's JSON."""
    by_resource: dict[tuple[str, str], list[Span]] = {}
    for span in spans:
        by_resource.setdefault((repr(sorted(span.resource.items())), span.scope), []).append(span)
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": attributes_of(group[0].resource)},
                "scopeSpans": [{"scope": {"name": scope}, "spans": [_json(span) for span in group]}],
            }
            for (_, scope), group in by_resource.items()
        ]
    }


def attributes_of(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Return attributes in OTLP's JSON."""
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(item) for item in value]}}
    return {"stringValue": value}


def _json(span: Span) -> dict[str, Any]:
    document: dict[str, Any] = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.start_ns),
        "endTimeUnixNano": str(span.end_ns),
        "attributes": attributes_of(span.attributes),
        "links": span.links,
        "traceState": span.trace_state,
        "status": {"code": 2} if span.error else {},
    }
    if span.parent:
        document["parentSpanId"] = span.parent
    return document


def renumbered(spans: Sequence[Span]) -> list[Span]:
    """Return the spans as foreign ones: without numbers, ownership and outcomes that only flowtrail's tracer tells."""
    return [
        replace(
            span,
            attributes={key: value for key, value in span.attributes.items() if not key.startswith("flowtrail.")},
            scope="foreign",
        )
        for span in spans
    ]
