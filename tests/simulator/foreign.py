"""Processes that other instrumentations report: what each of them tells, and how it writes that.

The shapes are those of the captures (tests/foreign) and of the table "Seen on the wire": no numbers, no positions, no
generations; offsets on the send or not; one delivery told by one, two or three spans; failures told, hidden, or told
without a single attribute.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.histories.world import CONSUMER, PRODUCER, START_NS, Sent, Service, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.histories.world import World

OPERATIONS = {"send": "publish", "receive": "receive", "process": "process", "create": "create"}


@dataclass(frozen=True)
class Dialect:
    """What an instrumentation tells."""

    name: str
    scope: str
    offsets: str = "messaging.kafka.message.offset"
    """How it names an offset: an attribute, `place` or `digits` in the message id, or nothing."""
    acks: bool = True
    """The send bears the offset that was acked."""
    failures: str = "plain"
    """A failed send: `place -1`, `plain`, `bare` (nothing but its name and an error), or `silent` (like a success)."""
    create: bool = False
    """A span for the message's creation, which its readers name, around the send."""
    keys: bool = False
    reads: tuple[str, ...] = ("process",)
    """The spans of one delivery: `poll` (one for all of a poll), `receive` (one per record), `layers` (receives in one
    another, which link to each other), `process`; `early` is a processing that ends when it is handed out."""
    groups: bool = True
    faults: bool = False
    """A handler that failed is told."""
    instances: bool = True
    join: str = "link"
    new: bool = False
    """The new vocabulary instead of the old one."""
    fetches: bool = False
    """Its receives tell what was fetched, be it handed out or not."""

    @property
    def places(self) -> bool:
        """Whether what is read is told with its record."""
        return bool(self.offsets)

    @property
    def works(self) -> bool:
        """Whether processings are told."""
        return bool({"process", "early"} & set(self.reads))


DIALECTS = (
    Dialect("java", "io.opentelemetry.kafka-clients-0.11", failures="place -1", keys=True, reads=("poll", "process")),
    Dialect("java-plain", "io.opentelemetry.kafka-clients-0.11", failures="place -1", keys=True, join="parent"),
    Dialect(
        "java-new", "io.opentelemetry.kafka-clients-2.6", offsets="messaging.kafka.offset", failures="place -1",
        keys=True, new=True,
    ),
    Dialect(
        "kafka-python", "opentelemetry.instrumentation.kafka", offsets="", acks=False, failures="bare",
        reads=("receive",), groups=False, join="parent",
    ),
    Dialect(
        "confluent", "opentelemetry.instrumentation.confluent_kafka", offsets="place", acks=False, reads=("early",),
        groups=False,
    ),
    Dialect(
        "aiokafka", "opentelemetry.instrumentation.aiokafka", acks=False, failures="silent", keys=True,
        reads=("receive", "layers"), join="parent", new=True,
    ),
    Dialect(
        "kafkajs", "@opentelemetry/instrumentation-kafkajs", offsets="messaging.kafka.offset", acks=False, keys=True,
        groups=False, faults=True, instances=False, join="parent", new=True,
    ),
    Dialect(
        "kotel", "github.com/twmb/franz-go/plugin/kotel", failures="place -1", reads=("receive", "process"),
        instances=False, join="parent", fetches=True,
    ),
    Dialect(
        "sarama", "github.com/dnwe/otelsarama", offsets="digits", failures="place -1", reads=("receive",), groups=False,
        instances=False, join="parent",
    ),
    Dialect("micrometer", "org.springframework.boot", acks=False, keys=True, faults=True, instances=False),
    Dialect(
        "create", "some.instrumentation", offsets="messaging.kafka.offset", create=True, reads=("receive", "process"),
        faults=True, new=True,
    ),
)  # fmt: skip


def dialect_of(seed: int, service: str) -> Dialect:
    """Return what a service of a world speaks: all of its processes the same."""
    return DIALECTS[zlib.crc32(f"{seed} {service}".encode()) % len(DIALECTS)]


@dataclass(frozen=True)
class Context:
    """The span of a processing under way: what is sent meanwhile stands below it."""

    trace: str
    span: str


@dataclass
class Manner:
    """What the services of a world put into headers, and what is read from those."""

    own_ids: bool = False
    """The application gives its messages ids."""
    captured: bool = False
    """Headers are captured: message, correlation and causation id."""
    sampled: bool = False
    """Every span says that all are kept."""


class Stranger(Service):
    """One process of a service under another instrumentation; what that does not tell, it does not tell."""

    def __init__(
        self, world: World, name: str, host: str, group: str | None, dialect: Dialect, manner: Manner, instance: str
    ) -> None:
        super().__init__(world, name, instance, host, group, None)
        self.dialect = dialect
        self.manner = manner
        if not dialect.instances:
            del self.resource["service.instance.id"]

    # --- what it does not tell ---

    def span(self, *_: Any, **__: Any) -> Span:
        """Tell nothing: closing, transactions."""
        return Span(self.resource, self.dialect.scope, "", CONSUMER, "", "", START_NS, START_NS, {})

    def moved(self, *_: Any, **__: Any) -> Span:
        """Tell nothing of positions."""
        return self.span()

    # --- what it tells ---

    def context(self, sent: Sent) -> Context:
        """Return the span of a processing that begins."""
        below = self.dialect.join == "parent"
        return Context(sent.span.trace_id if below else self.world.new_trace(), self.world.new_span())

    def send(  # type: ignore[override]
        self,
        destination: str,
        partition: int | None = 0,
        offset: int | None = None,
        *,
        id: str | None = None,  # noqa: A002 the word of the domain
        key: str | None = None,
        flow: str | None = None,
        outcome: str | None = "acked",
        error: str | None = None,
        cause: str | None = None,
        within: Context | None = None,
        start: int,
        end: int,
        **_: Any,
    ) -> Sent:
        """Publish one message; `id`, `flow` and `cause` stand in its headers, and are told where those are captured."""
        dialect = self.dialect
        told = self._headers(id, flow, cause) | ({"messaging.kafka.message.key": key} if dialect.keys and key else {})
        failed = outcome != "acked" and dialect.failures != "silent"
        attributes = self._base("send", destination)
        if outcome == "acked":
            attributes |= self._partition(partition)
            if dialect.acks:
                attributes |= self._place(destination, partition, offset)
        elif dialect.failures == "place -1":
            attributes |= self._partition(-1) | self._place(destination, -1, -1)
        if failed and dialect.failures == "bare":
            attributes, told = {}, {}
        outer = None
        if dialect.create:
            outer = self._write("create", destination, self._base("create", destination) | told, start, end, within)
            within = Context(outer.trace_id, outer.span_id)
        exception = f"org.apache.kafka.common.errors.{error}" if failed and error else None
        span = self._write("send", destination, attributes | told, start, end, within, exception=exception)
        return Sent(destination, partition, offset, id, flow, key, None, None, outer or span)

    def read(self, messages: list[tuple[Sent, int, int]], start: int, end: int) -> None:
        """Tell of one poll: messages with their partition and offset."""
        sends = [sent.span.link() for sent, _, _ in messages]
        reads = self.dialect.reads
        destination = messages[0][0].destination
        if "poll" in reads:
            count = {"messaging.batch.message_count": len(messages)}
            self._write("receive", destination, self._base("receive", destination) | count, start, end, links=sends)
        for sent, partition, offset in messages:
            if "receive" in reads:
                inner = self._one("receive", sent, partition, offset, start, end)
                if "layers" in reads:
                    base = self._base("receive", destination) | self._partition(partition)
                    for links in ([inner.link()], [inner.link()]):
                        count = {"messaging.batch.message_count": 1}
                        self._write("receive", destination, base | count, start, end, links=links)
            if "early" in reads:
                self._one("process", sent, partition, offset, start, end)

    def process(  # type: ignore[override]
        self,
        sent: Sent,
        *,
        error: str | None = None,
        partition: int,
        offset: int,
        context: Context,
        start: int,
        end: int,
        **_: Any,
    ) -> None:
        """Tell that a processing ended, where that is told."""
        if "process" in self.dialect.reads:
            told = error if self.dialect.faults else None
            self._one("process", sent, partition, offset, start, end, context=context, error=told)

    def _one(
        self,
        operation: str,
        sent: Sent,
        partition: int,
        offset: int,
        start: int,
        end: int,
        *,
        context: Context | None = None,
        error: str | None = None,
    ) -> Span:
        attributes = self._base(operation, sent.destination)
        attributes |= self._partition(partition) | self._place(sent.destination, partition, offset)
        attributes |= self._headers(sent.id, sent.flow, None)
        if self.dialect.keys and sent.key:
            attributes["messaging.kafka.message.key"] = sent.key
        below = self.dialect.join == "parent"
        return self._write(
            operation, sent.destination, attributes, start, end,
            Context(sent.span.trace_id, sent.span.span_id) if below else None,
            links=[] if below else [sent.span.link()], own=context, exception=error,
        )  # fmt: skip

    def _base(self, operation: str, destination: str) -> dict[str, Any]:
        """Return what every span of an operation bears."""
        dialect = self.dialect
        named = {"messaging.system": "kafka", "messaging.destination.name": destination}
        if dialect.new:
            named["messaging.operation.type"] = operation
        else:
            named["messaging.operation"] = OPERATIONS[operation]
        if operation in ("receive", "process") and dialect.groups and self.group:
            name = "messaging.consumer.group.name" if dialect.new else "messaging.kafka.consumer.group"
            named[name] = self.group
        return named

    def _partition(self, partition: int | None) -> dict[str, Any]:
        return {} if partition is None else {"messaging.destination.partition.id": str(partition)}

    def _place(self, destination: str, partition: int | None, offset: int | None) -> dict[str, Any]:
        """Return how an offset is told."""
        match self.dialect.offsets:
            case "":
                return {}
            case "place":
                return {"messaging.message.id": f"{destination}.{partition}.{offset}"}
            case "digits":
                return {"messaging.message.id": str(offset)}
            case name:
                return {name: str(offset) if self.dialect.name in ("kafkajs", "micrometer") else offset}

    def _headers(self, id: str | None, flow: str | None, cause: str | None) -> dict[str, Any]:  # noqa: A002
        if not self.manner.captured:
            return {}
        found = {"message_id": id, "correlation_id": flow, "causation_id": cause}
        return {f"messaging.header.{name}": [value] for name, value in found.items() if value is not None}

    def _write(
        self,
        operation: str,
        destination: str,
        attributes: dict[str, Any],
        start: int,
        end: int,
        within: Context | None = None,
        *,
        links: Iterable[dict[str, Any]] = (),
        own: Context | None = None,
        exception: str | None = None,
    ) -> Span:
        off = int(self.clock_off_ms * 1_000_000)
        verb = operation if self.dialect.new or not attributes else OPERATIONS[operation]
        if not attributes:
            verb = "send"
        trace = own.trace if own else within.trace if within else self.world.new_trace()
        span = Span(
            self.resource, self.dialect.scope, f"{destination} {verb}",
            PRODUCER if operation in ("send", "create") else CONSUMER, trace,
            own.span if own else self.world.new_span(), start + off, end + off, attributes,
            within.span if within else None, list(links), exception is not None, exception,
        )  # fmt: skip
        if self.manner.sampled:
            span.trace_state = "ot=th:0"
        self.world.spans.append(span)
        return span
