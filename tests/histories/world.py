"""A world of services told as the OTLP spans of the public contract, and nothing else.

    world = World()
    shop = world.service("shop")
    order = shop.send("orders", 0, 5)
    payment = world.service("payment", group="payment")
    payment.assign("orders", 0, 5)
    payment.receive("orders", 0, 5)
    payment.process(order)
    payment.commit("orders", 0, 6)
    payment.close()

Every call moves the world's clock on by two milliseconds (a span begins on the first and ends on the second), gives the
span its instance's next number, and returns what later calls refer to. `Foreign` writes spans as instrumentations do
that know nothing of flowtrail. No code of the product is used: the names come from the contract's tables.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

START_NS = 1_767_268_800_000_000_000  # 2026-01-01T12:00:00Z
MS = 1_000_000

INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = range(1, 6)


@dataclass
class Span:
    """One span as it goes over the wire."""

    resource: dict[str, Any]
    scope: str
    name: str
    kind: int
    trace_id: str
    span_id: str
    start_ns: int
    end_ns: int
    attributes: dict[str, Any]
    parent: str | None = None
    links: list[dict[str, Any]] = field(default_factory=list)
    error: bool = False
    exception: str | None = None
    dropped_links: int = 0
    trace_state: str = ""

    def link(self, **attributes: Any) -> dict[str, Any]:
        """Return a link to this span."""
        return {"traceId": self.trace_id, "spanId": self.span_id, "attributes": attributes_of(attributes)}

    @property
    def ref(self) -> str:
        """Return how evidence names this span."""
        return f"{self.trace_id}/{self.span_id}"


@dataclass(frozen=True)
class Sent:
    """A message as its consumers meet it: its place, its headers, and the span that sent it."""

    destination: str
    partition: int | None
    offset: int | None
    id: str | None
    flow: str | None
    key: str | None
    epoch: str | None
    seq: int | None
    span: Span


class World:
    """All spans of a history, on one clock that counts milliseconds."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.ms = 0.0
        self._ids = random.Random(7)  # noqa: S311 ids of a test
        self._instances = itertools.count(1)
        self._messages = itertools.count(1)

    def service(
        self, name: str, *, group: str | None = None, host: str | None = "alpha", generation: int | None = 1
    ) -> Service:
        """Start a process of a service that runs flowtrail's tracer; with a group it is a member of it."""
        return Service(self, name, f"{name}/{next(self._instances)}", host, group, generation)

    def foreign(self, name: str, scope: str, **resource: Any) -> Foreign:
        """Start a process of a service with some other instrumentation."""
        return Foreign(self, scope, {"service.name": name, **resource})

    def wait(self, ms: float) -> None:
        """Let time pass."""
        self.ms += ms

    def tick(self) -> int:
        """Let a millisecond pass, and return the moment in nanoseconds."""
        self.ms += 1
        return START_NS + int(self.ms * MS)

    def new_message(self) -> int:
        return next(self._messages)

    def new_trace(self) -> str:
        return f"{self._ids.getrandbits(128) | 1:032x}"

    def new_span(self) -> str:
        return f"{self._ids.getrandbits(64) | 1:016x}"

    def without(self, *lost: Span) -> list[Span]:
        """Return all spans but some that never arrived."""
        gone = {span.span_id for span in lost}
        return [span for span in self.spans if span.span_id not in gone]


class Service:
    """One process of a service under flowtrail's tracer: it may send, and may be a member of a group."""

    def __init__(
        self, world: World, name: str, instance: str, host: str | None, group: str | None, generation: int | None
    ) -> None:
        self.world = world
        self.name = name
        self.instance = instance
        self.group = group
        self.generation = generation
        self.member = f"{group}-{instance}"
        self.clock_off_ms = 0.0
        self.epoch = f"start-of-{instance}"
        self.cluster: str | None = None
        self._numbers = itertools.count(1)
        self._sequence: dict[str, int] = {}
        self.resource: dict[str, Any] = {"service.name": name, "service.instance.id": instance}
        if host is not None:
            self.resource["host.name"] = host

    def span(
        self,
        type_: str | None,
        name: str,
        destination: str | None,
        attributes: dict[str, Any],
        *,
        kind: int = CLIENT,
        start: int | None = None,
        end: int | None = None,
        error: str | None = None,
        trace: str | None = None,
        parent: str | None = None,
        links: Iterable[dict[str, Any]] = (),
        dropped_links: int = 0,
    ) -> Span:
        """Record a span: it takes the instance's next number."""
        start = self.world.tick() if start is None else start
        end = self.world.tick() if end is None else end
        off = int(self.clock_off_ms * MS)
        own = {
            "messaging.system": "kafka",
            "messaging.operation.type": type_,
            "messaging.operation.name": name,
            "messaging.destination.name": destination,
            "flowtrail.number": next(self._numbers),
            "flowtrail.cluster.id": self.cluster,
            "error.type": error,
        } | attributes
        span = Span(
            self.resource,
            "flowtrail",
            f"{name} {destination}" if destination else name,
            kind,
            trace or self.world.new_trace(),
            self.world.new_span(),
            start + off,
            end + off,
            {key: value for key, value in own.items() if value is not None},
            parent,
            list(links),
            error is not None,
            None,
            dropped_links,
        )
        self.world.spans.append(span)
        return span

    def skip_number(self, count: int = 1) -> None:
        """Lose spans: their numbers are taken and they never arrive."""
        for _ in range(count):
            next(self._numbers)

    def send(
        self,
        destination: str,
        partition: int | None = 0,
        offset: int | None = None,
        *,
        id: str | None = "",  # noqa: A002 the word of the domain
        key: str | None = None,
        flow: str | None = "flow-1",
        outcome: str | None = "acked",
        error: str | None = None,
        cause: Sent | None = None,
        seq: int | None = None,
        epoch: str | None = "",
        origin: Sent | None = None,
        origin_group: str | None = None,
        attributes: dict[str, Any] | None = None,
        start: int | None = None,
        end: int | None = None,
        trace: str | None = None,
    ) -> Sent:
        """Publish one message: `outcome` is what the client learned of it."""
        seq = self._sequence.get(destination, 0) + 1 if seq is None else seq
        self._sequence[destination] = max(seq, self._sequence.get(destination, 0))
        id = f"m-{self.world.new_message()}" if id == "" else id  # noqa: A001
        epoch = self.epoch if epoch == "" else epoch
        span = self.span(
            "send",
            "send",
            destination,
            {
                "messaging.destination.partition.id": None if partition is None else str(partition),
                "messaging.kafka.offset": offset,
                "messaging.message.id": id,
                "messaging.message.conversation_id": flow,
                "messaging.kafka.message.key": key,
                "flowtrail.producer.epoch": epoch,
                "flowtrail.producer.seq": seq,
                "flowtrail.publish.outcome": outcome,
                "flowtrail.causation.id": cause.id if cause else None,
                "flowtrail.origin.destination": origin.destination if origin else None,
                "flowtrail.origin.partition": origin.partition if origin else None,
                "flowtrail.origin.offset": origin.offset if origin else None,
                "flowtrail.origin.group": origin_group,
            }
            | (attributes or {}),
            kind=PRODUCER,
            start=start,
            end=end,
            error=error,
            trace=trace,
        )
        return Sent(destination, partition, offset, id, flow, key, epoch, seq, span)

    def _membership(self) -> dict[str, Any]:
        return {
            "messaging.consumer.group.name": self.group,
            "flowtrail.consumer.member": self.member,
            "flowtrail.consumer.generation": self.generation,
        }

    def moved(
        self,
        reason: str,
        destination: str,
        partition: int,
        position: int | None,
        *,
        error: str | None = None,
        start: int | None = None,
        attributes: dict[str, Any] | None = None,
    ) -> Span:
        """Tell of a position: `commit`, `seek`, `reset`, `assign` or `revoke`."""
        return self.span(
            reason if reason in ("assign", "revoke") else "settle",
            reason,
            destination,
            self._membership()
            | {
                "messaging.destination.partition.id": str(partition),
                "flowtrail.position": position,
                "flowtrail.position.reason": None if position is None else reason,
            }
            | (attributes or {}),
            error=error,
            start=start,
        )

    def assign(self, destination: str, partition: int, position: int | None, *, generation: int | None = None) -> Span:
        self.generation = self.generation if generation is None else generation
        return self.moved("assign", destination, partition, position)

    def revoke(self, destination: str, partition: int, position: int | None = None) -> Span:
        return self.moved("revoke", destination, partition, position)

    def commit(self, destination: str, partition: int, position: int | None, **more: Any) -> Span:
        return self.moved("commit", destination, partition, position, **more)

    def seek(self, destination: str, partition: int, position: int) -> Span:
        return self.moved("seek", destination, partition, position)

    def reset(self, destination: str, partition: int, position: int) -> Span:
        return self.moved("reset", destination, partition, position)

    def close(self) -> Span:
        """Close in order: the last span of the client."""
        return self.span("close", "close", None, self._membership() if self.group else {})

    def receive(
        self,
        destination: str,
        partition: int,
        first: int,
        last: int | None = None,
        *,
        count: int | None = None,
        runs: str | None = None,
        start: int | None = None,
        end: int | None = None,
        **attributes: Any,
    ) -> Span:
        """Be handed a range of records by one poll."""
        last = first if last is None else last
        return self.span(
            "receive",
            "poll",
            destination,
            self._membership()
            | {
                "messaging.destination.partition.id": str(partition),
                "messaging.kafka.offset": first,
                "flowtrail.offset.last": last,
                "messaging.batch.message_count": last - first + 1 if count is None else count,
                "flowtrail.offset.runs": runs,
            }
            | attributes,
            start=start,
            end=end,
        )

    def process(
        self,
        sent: Sent,
        *,
        error: str | None = None,
        partition: int | None = None,
        offset: int | None = None,
        attempt: int | None = None,
        join: str = "parent",
        start: int | None = None,
        end: int | None = None,
        attributes: dict[str, Any] | None = None,
    ) -> Span:
        """Handle one message; `join` says how the span names its send: as `parent`, by a `link`, or not at all."""
        return self.span(
            "process",
            "process",
            sent.destination,
            self._membership()
            | {
                "messaging.destination.partition.id": str(sent.partition if partition is None else partition),
                "messaging.kafka.offset": sent.offset if offset is None else offset,
                "messaging.message.id": sent.id,
                "messaging.message.conversation_id": sent.flow,
                "messaging.kafka.message.key": sent.key,
                "flowtrail.producer.epoch": sent.epoch,
                "flowtrail.producer.seq": sent.seq,
                "flowtrail.delivery.attempt": attempt,
            }
            | (attributes or {}),
            kind=CONSUMER,
            error=error,
            start=start,
            end=end,
            trace=sent.span.trace_id if join == "parent" else None,
            parent=sent.span.span_id if join == "parent" else None,
            links=[sent.span.link()] if join == "link" else [],
        )

    def end_transaction(self, id: str, outcome: str, *, error: str | None = None) -> Span:  # noqa: A002
        """End a transaction: `committed` or `aborted`."""
        name = {"committed": "commit-transaction", "aborted": "abort-transaction"}[outcome]
        return self.span(
            "settle",
            name,
            None,
            {
                "flowtrail.transaction.id": id,
                "flowtrail.transaction.outcome": None if error else outcome,
                "flowtrail.producer.epoch": self.epoch,
            },
            error=error,
        )


class Foreign:
    """A process with some other instrumentation: spans as they come, nothing added."""

    def __init__(self, world: World, scope: str, resource: dict[str, Any]) -> None:
        self.world = world
        self.scope = scope
        self.resource = resource

    def span(
        self,
        name: str,
        kind: int,
        attributes: dict[str, Any],
        *,
        parent: Span | None = None,
        links: Iterable[dict[str, Any]] = (),
        start: int | None = None,
        end: int | None = None,
        error: bool = False,
        exception: str | None = None,
        trace: str | None = None,
        dropped_links: int = 0,
    ) -> Span:
        """Record a span; below `parent` it is of the same trace."""
        start = self.world.tick() if start is None else start
        end = self.world.tick() if end is None else end
        span = Span(
            self.resource,
            self.scope,
            name,
            kind,
            parent.trace_id if parent else trace or self.world.new_trace(),
            self.world.new_span(),
            start,
            end,
            dict(attributes),
            parent.span_id if parent else None,
            list(links),
            error or exception is not None,
            exception,
            dropped_links,
        )
        self.world.spans.append(span)
        return span


def request(spans: Iterable[Span]) -> dict[str, Any]:
    """Return one ExportTraceServiceRequest in OTLP's JSON."""
    groups: dict[tuple[str, str], list[Span]] = {}
    for span in spans:
        groups.setdefault((repr(sorted(span.resource.items())), span.scope), []).append(span)
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": attributes_of(members[0].resource)},
                "scopeSpans": [{"scope": {"name": scope}, "spans": [_span(span) for span in members]}],
            }
            for (_, scope), members in groups.items()
        ]
    }


def attributes_of(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Return attributes in OTLP's JSON."""
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [_value(item) for item in value]}}
        case _:
            return {"stringValue": value}


def _span(span: Span) -> dict[str, Any]:
    document: dict[str, Any] = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.start_ns),
        "endTimeUnixNano": str(span.end_ns),
        "attributes": attributes_of(span.attributes),
    }
    if span.parent:
        document["parentSpanId"] = span.parent
    if span.trace_state:
        document["traceState"] = span.trace_state
    if span.links:
        document["links"] = span.links
    if span.dropped_links:
        document["droppedLinksCount"] = span.dropped_links
    if span.error:
        document["status"] = {"code": 2}
    if span.exception:
        attributes = attributes_of({"exception.type": span.exception})
        document["events"] = [{"name": "exception", "timeUnixNano": str(span.end_ns), "attributes": attributes}]
    return document
