"""Deliveries and processing: what was handed to the application, and what it did with each message."""

from collections.abc import Sequence

from opentelemetry.context import Context, attach, get_current
from opentelemetry.trace.propagation import _SPAN_KEY

from flowtrail_tracer import attributes as names
from flowtrail_tracer._core.content import key_text, payload_digest
from flowtrail_tracer._core.context import (
    FLOW,
    PROCESSING,
    LazySpan,
    current_flow,
    extract,
    local_parent,
    uses_default_propagators,
)
from flowtrail_tracer._core.facts import Facts
from flowtrail_tracer._core.headers import payload_schema_id
from flowtrail_tracer._core.identify import identify
from flowtrail_tracer._core.incoming import Incoming, described
from flowtrail_tracer._core.runtime import RUNTIME
from flowtrail_tracer._core.span import CONSUMER, AttributeValue, Fixed, Identity, Span


class Message:
    """One delivered message, as an adapter hands it over: its place, headers, key and payload facts."""

    __slots__ = ("attempt", "destination", "digest", "headers", "key", "offset", "partition", "schema", "size")

    def __init__(
        self,
        destination: str,
        partition: int | str | None,
        offset: int | None,
        headers: Sequence[tuple[str, bytes]],
        key: object,
        value: object,
        size: int | None,
        attempt: int | None = None,
    ) -> None:
        self.destination = destination
        self.partition = partition
        self.offset = offset
        self.headers = headers
        self.key = key
        self.size = size if value is not None else None
        self.attempt = attempt
        self.digest = payload_digest(value) if RUNTIME.settings.payload_digest else None
        self.schema = payload_schema_id(value) if type(value) is bytes and value[:1] == b"\0" else None


class Membership:
    """Who a consumer is in its group at one moment."""

    __slots__ = ("generation", "member", "templates")

    def __init__(self, member: str | None, generation: int | None) -> None:
        self.member = member
        self.generation = generation
        self.templates: dict[tuple[object, ...], Fixed] = {}
        """Templates of process spans under this membership."""

    def attributes(self) -> list[tuple[str, AttributeValue]]:
        """Return member and generation, as far as known."""
        found: list[tuple[str, AttributeValue]] = []
        if self.member:
            found.append((names.MEMBER, self.member))
        if self.generation is not None and self.generation >= 0:
            found.append((names.GENERATION, self.generation))
        return found


class Processing:
    """One message in the application's hands, from being handed out to its end; current while it lasts."""

    # What is not set stays on the class: one of these is made for every message, most of it never differs.
    end = 0
    ended = False
    claimed = False
    """Whether a `with process(message)` states the outcome."""
    iterated = False
    """Whether it began by iteration, which ends it at the latest."""
    error: str | None = None
    error_type: str | None = None
    inferred: bool = False
    context: Context | None = None
    _incoming: Incoming | None = None
    _identity: Identity | None = None

    def __init__(self, facts: Facts, membership: Membership, message: Message, source: object) -> None:
        self.facts = facts
        self.membership = membership
        self.message = message
        self.source = source
        self.start = RUNTIME.now()
        self.outer = _without_ended(get_current())
        if RUNTIME.tracer is not None:
            self._identity = self._identify()

    @property
    def incoming(self) -> Incoming:
        """The message's headers, read at the first use."""
        if self._incoming is None:
            self._incoming = Incoming(self.message.headers)
        return self._incoming

    @property
    def identity(self) -> Identity:
        """The span of this processing: a child of the message's sender, where its headers name one."""
        if self._identity is None:
            self._identity = self._identify()
        return self._identity

    def _identify(self) -> Identity:
        parent = self.incoming.parent or local_parent(self.outer)
        flow = current_flow(self.outer)
        title = self._template().name
        return identify(title, CONSUMER, self.start, parent, flow.trace_id if flow and not parent else 0)

    def enter(self) -> None:
        """Make the message current: what is sent from now on is caused by it."""
        outer = self.outer
        if not uses_default_propagators() or _has_baggage(self.message.headers):
            outer = extract(self.message.headers, outer)
        inner = Context(outer)
        dict.update(inner, {_SPAN_KEY: LazySpan(self), PROCESSING: self, FLOW: None})
        self.context = inner
        attach(inner)

    def leave(self) -> None:
        """Make what was current before current again, unless the application has set something else since."""
        if self.context is not None and get_current() is self.context:
            attach(_without_ended(self.outer))

    def finish(self, error: BaseException | None = None, *, inferred: bool = False) -> None:
        """Record the end; only the first call counts. `inferred`: nobody stated it, the loop came back for more."""
        if self.ended:
            return
        self.ended = True
        self.inferred = inferred
        now = RUNTIME.now()
        self.end = max(self.start, now)
        if error is not None:
            self.error_type = type(error).__qualname__
            self.error = f"{self.error_type}: {error}"[:1000]
        self.context = None
        if not self.iterated:
            self.source = None
        sink = RUNTIME.sink
        if sink is not None:
            sink.put(self)

    def _template(self) -> Fixed:
        message, membership, facts = self.message, self.membership, self.facts
        key = (message.destination, message.partition, facts.cluster(), facts)
        found = membership.templates.get(key)
        if found is None:
            partition = None if message.partition is None else str(message.partition)
            more = ((names.PARTITION, partition), *membership.attributes())
            found = facts.template(CONSUMER, "process", "process", message.destination, more)
            membership.templates[key] = found
        return found

    def span(self) -> Span:
        """Describe the processing."""
        message, incoming = self.message, self.incoming
        extra: list[tuple[str, AttributeValue]] = []
        add = extra.append
        if message.offset is not None:
            add((names.OFFSET, message.offset))
        if incoming.message_id is not None:
            add((names.MESSAGE_ID, incoming.message_id))
        if incoming.correlation_id is not None:
            add((names.CORRELATION_ID, incoming.correlation_id))
        if incoming.causation_id is not None:
            add((names.CAUSATION_ID, incoming.causation_id))
        key = key_text(message.key, RUNTIME.settings.key_hmac)
        if key is not None:
            add((names.KEY, key))
        if message.size is None:
            add((names.TOMBSTONE, True))
        elif message.size >= 0:
            add((names.BODY_SIZE, message.size))
        sequence = incoming.known.sequence()
        if sequence is not None:
            add((names.PRODUCER_EPOCH, sequence[0]))
            add((names.PRODUCER_SEQ, sequence[1]))
        attempt = message.attempt or incoming.known.attempt()
        if attempt is not None:
            add((names.DELIVERY_ATTEMPT, attempt))
        if incoming.known.more:
            extra += described(incoming.known)
        if message.schema is not None and "schema_id" not in incoming.known.found:
            add((names.SCHEMA_ID, message.schema))
        if message.digest is not None:
            add((names.PAYLOAD_DIGEST, message.digest))
        if self.inferred:
            add((names.OUTCOME_INFERRED, True))
        if self.error_type is not None:
            add((names.ERROR_TYPE, self.error_type))
        return Span(self.identity, self._template(), self.start, self.end, extra, self.error)


def _without_ended(context: Context) -> Context:
    """Return the context below those of processings that are over: two consumers in turn may leave them behind."""
    while context:
        span = context.get(_SPAN_KEY)
        if type(span) is not LazySpan or not span.processing.ended:
            break
        context = span.processing.outer
    return context


def _has_baggage(headers: Sequence[tuple[str, bytes]]) -> bool:
    for name, _ in headers:  # noqa: SIM110 - a generator costs more than the loop
        if len(name) == 7 and name.lower() == "baggage":
            return True
    return False
