"""Deliveries and processing: what was handed to the application, and what it did with each message."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opentelemetry.context import Context, attach, get_current
from opentelemetry.trace import NonRecordingSpan, SpanContext
from opentelemetry.trace.propagation import _SPAN_KEY

from flowtrail_tracer import attributes as names
from flowtrail_tracer._core.content import key_utf8, payload_digest
from flowtrail_tracer._core.context import (
    FLOW,
    PROCESSING,
    current_flow,
    extract,
    local_parent,
    remote_parent,
    span_context,
    uses_default_propagators,
)
from flowtrail_tracer._core.facts import Facts
from flowtrail_tracer._core.headers import Known, payload_schema_id
from flowtrail_tracer._core.identify import identify
from flowtrail_tracer._core.incoming import described
from flowtrail_tracer._core.runtime import RUNTIME
from flowtrail_tracer._core.span import CONSUMER, AttributeValue, Fixed, Identity
from flowtrail_tracer._pipeline.encode import encode_attributes, encode_span
from flowtrail_tracer._pipeline.wire import Key

if TYPE_CHECKING:
    from opentelemetry.trace import Span as SdkSpan

_offset = Key(names.OFFSET).integer
_message_id = Key(names.MESSAGE_ID).utf8
_correlation_id = Key(names.CORRELATION_ID).utf8
_causation_id = Key(names.CAUSATION_ID).utf8
_key = Key(names.KEY).utf8
_body_size = Key(names.BODY_SIZE).integer
_epoch = Key(names.PRODUCER_EPOCH).utf8
_sequence = Key(names.PRODUCER_SEQ).integer
_INFERRED = Key(names.OUTCOME_INFERRED).boolean(True)


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


class Processing(NonRecordingSpan):
    """One message in the application's hands, from being handed out to its end; current while it lasts.

    It stands in OpenTelemetry's context itself, as the span of what the body does.
    """

    # What is not set stays on the class: one of these is made for every message, most of it never differs.
    number = 0
    finished = 0
    ended = False
    claimed = False
    """Whether a `with process(message)` states the outcome."""
    iterated = False
    """Whether it began by iteration, which ends it at the latest."""
    error: str | None = None
    error_type: str | None = None
    inferred: bool = False
    inside: Context | None = None
    digest: str | None = None
    schema: str | None = None
    _identity: Identity | None = None

    def __init__(
        self,
        facts: Facts,
        membership: Membership,
        source: object,
        destination: str,
        partition: int | str | None,
        offset: int | None,
        headers: Sequence[tuple[str, bytes]],
        key: object,
        value: object,
        size: int,
    ) -> None:
        self.facts = facts
        self.membership = membership
        self.source = source
        self.destination = destination
        self.partition = partition
        self.offset = offset
        # read at once, so that the headers themselves need not be kept until the worker comes: mostly nobody else does
        self.known = known = Known(headers, RUNTIME.index)
        self.carried = headers if known.others or not uses_default_propagators() else ()
        """Headers that propagators may have to read."""
        self.key = key
        self.size = size
        self.tombstone = value is None
        if type(value) is bytes and value[:1] == b"\0":
            self.schema = payload_schema_id(value)
        if RUNTIME.settings.payload_digest:
            self.digest = payload_digest(value)
        self.start = RUNTIME.now()
        self.outer = _without_ended(get_current())
        if RUNTIME.tracer is not None:
            self._identity = self._identify()

    @property
    def identity(self) -> Identity:
        """The span of this processing: a child of the message's sender, where its headers name one."""
        found = self._identity
        if found is None:
            found = self._identity = self._identify()
        return found

    @property
    def sdk(self) -> "SdkSpan | None":
        """The span in the application's provider."""
        return self.identity.sdk

    @property
    def _context(self) -> SpanContext:  # type: ignore[override]
        """What OpenTelemetry knows of a span that it does not record."""
        identity = self.identity
        return span_context(identity.trace_id, identity.span_id, identity.flags, identity.trace_state)

    def _identify(self) -> Identity:
        parent = remote_parent(self.known, self.carried) or local_parent(self.outer)
        flow = current_flow(self.outer) if parent is None else None
        title = f"process {self.destination}"
        return identify(title, CONSUMER, self.start, parent, "" if flow is None else flow.trace_id)

    def enter(self) -> None:
        """Make the message current: what is sent from now on is caused by it."""
        outer, carried = self.outer, self.carried
        if carried and (not uses_default_propagators() or _has_baggage(carried)):
            outer = extract(carried, outer)
        mine: dict[str, object] = {_SPAN_KEY: self, PROCESSING: self}
        inner = Context({**outer, **mine, FLOW: None} if outer else mine)
        self.inside = inner
        attach(inner)

    def leave(self) -> None:
        """Make what was current before current again, unless the application has set something else since."""
        if self.inside is not None and get_current() is self.inside:
            attach(_without_ended(self.outer))

    def finish(self, error: BaseException | None = None, *, inferred: bool = False) -> None:
        """Record the end; only the first call counts. `inferred`: nobody stated it, the loop came back for more."""
        if self.ended:
            return
        self.ended = True
        self.inferred = inferred
        now = RUNTIME.now()
        self.finished = max(self.start, now)
        if error is not None:
            self.error_type = type(error).__qualname__
            self.error = f"{self.error_type}: {error}"[:1000]
        self.inside = None
        if not self.iterated:
            self.source = None
        sink = RUNTIME.sink
        if sink is not None:
            sink.put(self)

    def _template(self) -> Fixed:
        membership, facts = self.membership, self.facts
        key = (self.destination, self.partition, facts.cluster(), facts)
        found = membership.templates.get(key)
        if found is None:
            partition = None if self.partition is None else str(self.partition)
            more = ((names.PARTITION, partition), *membership.attributes())
            found = facts.template(CONSUMER, "process", "process", self.destination, more)
            membership.templates[key] = found
        return found

    def encode(self, dropped: int) -> bytes:
        """Return the span as OTLP."""
        known = self.known
        extra = b"" if self.offset is None else _offset(self.offset)
        message_id = known.utf8("message_id")
        if message_id is not None:
            extra += _message_id(message_id)
        correlation_id = known.utf8("correlation_id")
        if correlation_id is not None:
            extra += _correlation_id(correlation_id)
        causation_id = known.utf8("causation_id")
        if causation_id is not None:
            extra += _causation_id(causation_id)
        key = key_utf8(self.key, RUNTIME.settings.key_hmac)
        if key is not None:
            extra += _key(key)
        if self.size >= 0 and not self.tombstone:
            extra += _body_size(self.size)
        sequence = known.sequence()
        if sequence is not None:
            extra += _epoch(sequence[0]) + _sequence(sequence[1])
        if self.inferred:
            extra += _INFERRED
        if known.more or self.tombstone or self.error_type or self.schema or self.digest:
            extra += encode_attributes(self._rare(known))
        identity, fixed = self.identity, self._template()
        return encode_span(identity, fixed, self.start, self.finished, self.number, dropped, extra, self.error)

    def _rare(self, known: Known) -> list[tuple[str, AttributeValue]]:
        """Return what most messages do not have."""
        found: list[tuple[str, AttributeValue]] = []
        if self.tombstone:
            found.append((names.TOMBSTONE, True))
        if known.more:
            attempt = known.attempt()
            if attempt is not None:
                found.append((names.DELIVERY_ATTEMPT, attempt))
            found += described(known)
        if self.schema is not None and "schema_id" not in known.found:
            found.append((names.SCHEMA_ID, self.schema))
        if self.digest is not None:
            found.append((names.PAYLOAD_DIGEST, self.digest))
        if self.error_type is not None:
            found.append((names.ERROR_TYPE, self.error_type))
        return found


def _without_ended(context: Context) -> Context:
    """Return the context below those of processings that are over: two consumers in turn may leave them behind."""
    while context:
        span = context.get(_SPAN_KEY)
        if type(span) is not Processing or not span.ended:
            break
        context = span.outer
    return context


def _has_baggage(headers: Sequence[tuple[str, bytes]]) -> bool:
    for name, _ in headers:  # noqa: SIM110 - a generator costs more than the loop
        if len(name) == 7 and name.lower() == "baggage":
            return True
    return False
