"""Publications: from `send()` to the ack, and what is stamped on the message."""

import itertools
from typing import Final

from opentelemetry.baggage import _BAGGAGE_KEY as BAGGAGE
from opentelemetry.context import get_current
from opentelemetry.trace import NonRecordingSpan, set_span_in_context

from flowtrail_tracer import attributes as names
from flowtrail_tracer._core.consuming import Processing
from flowtrail_tracer._core.content import key_text, payload_digest
from flowtrail_tracer._core.context import (
    current_flow,
    current_processing,
    inject,
    local_parent,
    remote_parent,
    span_context,
    uses_default_propagators,
)
from flowtrail_tracer._core.destinations import takes_copies
from flowtrail_tracer._core.facts import Facts
from flowtrail_tracer._core.headers import Known, payload_schema_id
from flowtrail_tracer._core.identify import identify
from flowtrail_tracer._core.incoming import described
from flowtrail_tracer._core.runtime import RUNTIME
from flowtrail_tracer._core.span import PRODUCER, AttributeValue, Fixed, Identity, Span

ACKED: Final = "acked"
FAILED: Final = "failed"
IN_DOUBT: Final = "in-doubt"

CLOSED: Final = "ProducerClosed"
"""The error type of a publication whose producer was closed, or whose process ended, before the broker answered."""

Pairs = list[tuple[str, bytes]]


class Publisher:
    """One producer: its start (epoch), its send numbers per destination, and what awaits its ack."""

    def __init__(self, facts: Facts, timeout_ms: int | None = None, transaction_id: str | None = None) -> None:
        self.facts = facts
        self.timeout_ms = timeout_ms
        self.transaction_id = transaction_id
        self._begin_epoch()
        self.pending: set[Publication] = set()
        self._counters: dict[str, itertools.count[int]] = {}
        self._templates: dict[tuple[object, ...], Fixed] = {}
        RUNTIME.clients.add(self)

    def _begin_epoch(self) -> None:
        self.epoch = RUNTIME.ids.epoch()
        self.epoch_bytes = self.epoch.encode()

    def next_number(self, destination: str) -> int:
        """Return the next send number of a destination, from 1; thread-safe."""
        counter = self._counters.get(destination)
        if counter is None:
            counter = self._counters.setdefault(destination, itertools.count(1))
        return next(counter)

    def template(self, destination: str, outcome: str, partition: int | str | None) -> Fixed:
        """Return what all send spans to a partition with one outcome share."""
        key = (destination, outcome, partition, self.facts.cluster())
        found = self._templates.get(key)
        if found is None:
            more = (
                (names.PARTITION, None if partition is None else str(partition)),
                (names.PUBLISH_OUTCOME, outcome),
                (names.PRODUCER_EPOCH, self.epoch),
                (names.PUBLISH_TIMEOUT, self.timeout_ms),
                (names.TRANSACTION_ID, self.transaction_id),
            )
            found = self._templates[key] = self.facts.template(PRODUCER, "send", "send", destination, more)
        return found

    def give_up(self) -> None:
        """Record every publication without an answer as in doubt."""
        for publication in list(self.pending):
            publication.finish(IN_DOUBT, CLOSED, "closed before the broker answered")

    def seal(self, age: int = 0) -> None:
        """Nothing is held back."""

    def after_fork(self) -> None:
        """Begin a new epoch: the parent's publications are the parent's."""
        self.pending.clear()
        self._counters.clear()
        self._templates.clear()
        self._begin_epoch()


class Publication:
    """One send operation."""

    # What is not set stays on the class: one of these is made for every message, most of it never differs.
    stamped: Pairs | None = None
    known: Known | None = None
    key: object = None
    size = -1
    tombstone = False
    partition: int | str | None = None
    offset: int | None = None
    digest: str | None = None
    schema: str | None = None
    message_id: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    number = 0
    origin: list[tuple[str, AttributeValue]] | None = None
    error_type: str | None = None
    error: str | None = None
    outcome = IN_DOUBT
    end = 0
    _identity: Identity | None = None

    def __init__(self, publisher: Publisher, destination: str) -> None:
        self.publisher = publisher
        self.destination = destination
        self.start = RUNTIME.now()
        self.context = get_current()
        publisher.pending.add(self)

    @property
    def identity(self) -> Identity:
        """The span of this publication."""
        if self._identity is None:
            self._identity = self._identify(())
        return self._identity

    def contents(self, key: object, value: object) -> None:
        """Note key and payload as they go to the broker; the payload itself is not kept."""
        self.key = key
        if type(value) is bytes:
            self.size = len(value)
            if self.size > 5 and value[0] == 0:
                self.schema = payload_schema_id(value)
        elif value is None:
            self.tombstone = True
        elif isinstance(value, bytearray | memoryview):
            self.size = len(value)
        if RUNTIME.settings.payload_digest:
            self.digest = payload_digest(value)

    def refused_with(self, headers: Pairs) -> None:
        """Note the caller's headers of a message that is not sent: its names are the application's."""
        if headers:
            self.known = Known(headers, RUNTIME.index)

    def stamp(self, headers: Pairs) -> Pairs:
        """Return a new header list: the caller's, with ours in place of any of the same name.

        The caller's list is not touched. Called again, it returns the same list.
        """
        found = self.stamped
        if found is None:
            if headers:
                self.known = Known(headers, RUNTIME.index)
            self._identity = self._identify(headers)
            self._decide_ids()
            self.number = self.publisher.next_number(self.destination)
            found = self._trace_headers()
            found += _cloudevents(self) if RUNTIME.settings.cloudevents else _plain(self)
            if headers:
                replaced = {name.lower() for name, _ in found}
                found = [pair for pair in headers if pair[0].lower() not in replaced] + found
            self.stamped = found
        return found

    def _identify(self, headers: "Pairs | tuple[()]") -> Identity:
        context = self.context
        if not context and not headers and RUNTIME.tracer is None:
            return Identity(RUNTIME.ids.trace_id(), RUNTIME.ids.span_id())
        processing = current_processing(context)
        parent = local_parent(context)
        if parent is None and processing is None and self.known is not None and "traceparent" in self.known.found:
            parent = remote_parent(self.known, headers)
        trace_id = 0
        if parent is None:
            flow = current_flow(context)
            trace_id = flow.trace_id if flow is not None else 0
        return identify(f"send {self.destination}", PRODUCER, self.start, parent, trace_id)

    def _decide_ids(self) -> None:
        context = self.context
        if not context and self.known is None:
            self.message_id = self.correlation_id = RUNTIME.ids.message_id(self.start)
            return
        processing = current_processing(context)
        incoming = processing.incoming if processing is not None else None
        known = self.known
        message_id = correlation_id = causation_id = None
        if known is not None and known.found:
            message_id = known.text("message_id")
            correlation_id = known.text("correlation_id")
            causation_id = known.text("causation_id")
        if processing is None or incoming is None:
            self.message_id = message_id or RUNTIME.ids.message_id(self.start)
            flow = current_flow(context)
            self.correlation_id = correlation_id or (flow.correlation_id if flow is not None else self.message_id)
            self.causation_id = causation_id
            return
        copied = message_id is not None and message_id == incoming.message_id
        if copied and not self._is_attempt(processing.message.destination):
            message_id, copied = None, False
        self.message_id = message_id or RUNTIME.ids.message_id(self.start)
        if copied:
            self.origin = _origin(processing)
        if correlation_id is None or correlation_id == incoming.correlation_id:
            flow = current_flow(context)
            inherited = incoming.correlation_id or incoming.message_id or self.message_id
            correlation_id = flow.correlation_id if flow is not None else inherited
        self.correlation_id = correlation_id
        if causation_id is None or causation_id == incoming.causation_id:
            causation_id = incoming.causation_id if copied else incoming.message_id
        self.causation_id = causation_id

    def _is_attempt(self, incoming_destination: str) -> bool:
        """Whether a copy of the incoming message with its id is the same event again, not a new one."""
        known = self.known
        return (
            takes_copies(self.destination)
            or takes_copies(incoming_destination)
            or self.destination == incoming_destination
            or (known is not None and "origin_destination" in known.found)
        )

    def _trace_headers(self) -> Pairs:
        identity, context = self.identity, self.context
        if uses_default_propagators() and not (context and BAGGAGE in context):
            found = [("traceparent", _traceparent(identity))]
            if identity.trace_state:
                found.append(("tracestate", identity.trace_state.encode()))
            return found
        carrier = inject(set_span_in_context(NonRecordingSpan(span_context(identity)), context))
        return [(name, value.encode()) for name, value in carrier.items()]

    def finish(self, outcome: str, error_type: str | None = None, error: str | None = None) -> None:
        """Record the outcome; only the first call counts."""
        try:
            self.publisher.pending.remove(self)
        except KeyError:
            return
        now = RUNTIME.now()
        self.end = max(self.start, now)
        self.outcome = outcome
        if error is not None or error_type is not None:
            self.error_type = error_type
            self.error = error
        self.stamped = None
        sink = RUNTIME.sink
        if sink is not None:
            sink.put(self)

    def span(self) -> Span:
        """Describe the publication."""
        if self.number == 0:
            self.number = self.publisher.next_number(self.destination)
        if self.message_id is None:
            self._decide_ids()
        extra: list[tuple[str, AttributeValue]] = [(names.PRODUCER_SEQ, self.number)]
        add = extra.append
        if self.message_id is not None:
            add((names.MESSAGE_ID, self.message_id))
        if self.correlation_id is not None:
            add((names.CORRELATION_ID, self.correlation_id))
        if self.causation_id is not None:
            add((names.CAUSATION_ID, self.causation_id))
        if self.offset is not None:
            add((names.OFFSET, self.offset))
        key = key_text(self.key, RUNTIME.settings.key_hmac)
        if key is not None:
            add((names.KEY, key))
        if self.tombstone:
            add((names.TOMBSTONE, True))
        elif self.size >= 0:
            add((names.BODY_SIZE, self.size))
        if self.schema is not None and (self.known is None or "schema_id" not in self.known.found):
            add((names.SCHEMA_ID, self.schema))
        if self.digest is not None:
            add((names.PAYLOAD_DIGEST, self.digest))
        if self.known is not None:
            extra += described(self.known)
        if self.origin is not None and not any(key == names.ORIGIN_DESTINATION for key, _ in extra):
            extra += self.origin
        if self.error_type is not None:
            add((names.ERROR_TYPE, self.error_type))
        error = None if self.outcome == ACKED else self.error
        fixed = self.publisher.template(self.destination, self.outcome, self.partition)
        return Span(self.identity, fixed, self.start, self.end, extra, error)


def _traceparent(identity: Identity) -> bytes:
    return b"00-%032x-%016x-%02x" % (identity.trace_id, identity.span_id, identity.flags & 0xFF)


def _plain(publication: Publication) -> Pairs:
    header = RUNTIME.settings.headers
    message_id = (publication.message_id or "").encode()
    correlation_id = publication.correlation_id
    found = [
        (
            header.correlation_id,
            message_id if correlation_id is publication.message_id else (correlation_id or "").encode(),
        ),
        (header.message_id, message_id),
        (header.message_seq, b"%s:%d" % (publication.publisher.epoch_bytes, publication.number)),
    ]
    if publication.causation_id is not None:
        found.append((header.causation_id, publication.causation_id.encode()))
    return found


def _cloudevents(publication: Publication) -> Pairs:
    """Stamp CloudEvents attributes with the correlation extension; type, source and version of the caller stand."""
    known = publication.known
    event_type = known.text("event_type") if known is not None else None
    source = known.text("event_source") if known is not None else None
    found = [
        ("ce_specversion", b"1.0"),
        ("ce_id", (publication.message_id or "").encode()),
        ("ce_source", (source or RUNTIME.settings.service or "unknown_service").encode()),
        ("ce_type", (event_type or publication.destination).encode()),
        ("ce_correlationid", (publication.correlation_id or "").encode()),
        ("ce_sequence", f"{publication.publisher.epoch}:{publication.number}".encode()),
        ("ce_traceparent", _traceparent(publication.identity)),
    ]
    if publication.causation_id is not None:
        found.append(("ce_causationid", publication.causation_id.encode()))
    return found


def _origin(processing: Processing) -> list[tuple[str, AttributeValue]]:
    message = processing.message
    found: list[tuple[str, AttributeValue]] = [(names.ORIGIN_DESTINATION, message.destination)]
    if message.partition is not None:
        found.append((names.ORIGIN_PARTITION, message.partition))
    if message.offset is not None:
        found.append((names.ORIGIN_OFFSET, message.offset))
    if processing.facts.group is not None:
        found.append((names.ORIGIN_GROUP, processing.facts.group))
    return found
