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
        self.schema = payload_schema_id(value)


class Membership:
    """Who a consumer is in its group at one moment."""

    __slots__ = ("generation", "member")

    def __init__(self, member: str | None, generation: int | None) -> None:
        self.member = member
        self.generation = generation

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

    __slots__ = (
        "_identity", "_incoming", "claimed", "context", "end", "ended", "error", "error_type", "facts", "membership",
        "message", "outer", "source", "start",
    )  # fmt: skip

    def __init__(self, facts: Facts, membership: Membership, message: Message, source: object) -> None:
        self.facts = facts
        self.membership = membership
        self.message = message
        self.source = source
        self.start = RUNTIME.now()
        self.end = 0
        self.ended = False
        self.claimed = False
        self.error: str | None = None
        self.error_type: str | None = None
        self._incoming: Incoming | None = None
        self._identity: Identity | None = None
        self.outer = get_current()
        self.context: Context | None = None
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
        headers = self.message.headers
        if not uses_default_propagators() or any(name.lower() == "baggage" for name, _ in headers):
            outer = extract(headers, outer)
        self.context = Context({**outer, _SPAN_KEY: LazySpan(self), PROCESSING: self, FLOW: None})
        attach(self.context)

    def leave(self) -> None:
        """Make what was current before current again, unless the application has set something else since."""
        if self.context is not None and get_current() is self.context:
            attach(self.outer)

    def finish(self, error: BaseException | None = None) -> None:
        """Record the end; only the first call counts."""
        if self.ended:
            return
        self.ended = True
        self.end = max(self.start, RUNTIME.now())
        if error is not None:
            self.error_type = type(error).__qualname__
            self.error = f"{self.error_type}: {error}"[:1000]
        self.source = None
        RUNTIME.put(self)

    def _template(self) -> Fixed:
        return self.facts.template(CONSUMER, "process", "process", self.message.destination)

    def span(self) -> Span:
        """Describe the processing."""
        message, incoming = self.message, self.incoming
        extra: list[tuple[str, AttributeValue]] = []
        add = extra.append
        if message.partition is not None:
            add((names.PARTITION, str(message.partition)))
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
        extra += described(incoming.known)
        if message.schema is not None and "schema_id" not in incoming.known.found:
            add((names.SCHEMA_ID, message.schema))
        if message.digest is not None:
            add((names.PAYLOAD_DIGEST, message.digest))
        extra += self.membership.attributes()
        if self.error_type is not None:
            add((names.ERROR_TYPE, self.error_type))
        return Span(self.identity, self._template(), self.start, self.end, extra, self.error)
